/**
 * The import that a person has begun and not seen to its end. It is kept as drafts are, so that whoever leaves it, or
 * closes the browser, finds it again, and nobody else does.
 */

import type { Sid } from "../api/types.ts";
import { draftOf, saveDraft } from "../outbox/my-outbox.ts";

const PLACE = "contact-import";

/** Its SID; null for none. */
export function importUnderWay(): Sid | null {
  return draftOf(PLACE).value?.body ?? null;
}

/** Keep an import, or with null none. */
export function keepImport(sid: Sid | null): void {
  saveDraft(PLACE, sid === null ? null : { body: sid, author: null, files: [] });
}
