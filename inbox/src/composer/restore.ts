/** Text that comes back into the field: of a message that was not sent, or of a conversation that was there already. */

import type { Sid } from "../api/types.ts";
import type { Draft } from "../outbox/drafts.ts";
import { draftOf, saveDraft } from "../outbox/my-outbox.ts";

/** Put a text back into the field of a conversation, before what has been begun there meanwhile, and the cursor to it. */
export function restoreText(conversation: Sid, text: Draft): void {
  saveDraft(conversation, joinDrafts(text, draftOf(conversation).peek()));
  focusComposer();
}

/** Put the cursor into the field of the conversation that is open. */
export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>("[data-composer]")?.focus();
}

/** Join two drafts: the text of the first one stands before that of the second one. */
export function joinDrafts(first: Draft, second: Draft | null): Draft {
  if (!second) return first;
  return {
    body: [first.body, second.body].filter(Boolean).join("\n"),
    author: first.author ?? second.author,
    files: [...first.files, ...second.files],
  };
}
