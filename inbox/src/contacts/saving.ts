/** The request that saves a contact. */

import { rest } from "../api/client.ts";
import type { Contact } from "../api/types.ts";
import type { ContactDraft } from "./contact-draft.ts";

/**
 * Create or change the contact. A change names the version that the person has seen, and is refused with 20409 when
 * somebody has changed it since. Who may not manage contacts changes neither numbers nor owner.
 */
export async function saveContact(
  draft: ContactDraft,
  before: Contact | undefined,
  { mayManage, key }: { mayManage: boolean; key: string },
): Promise<Contact> {
  const numbers = draft.numbers
    .filter(({ number }) => number.trim() !== "")
    .map(({ number, label, primary }) => ({ number: number.trim(), label: label.trim(), primary }));
  const form = {
    FriendlyName: draft.name.trim(),
    DoNotDisturb: draft.isUndisturbed,
    ...(draft.isUndisturbed ? { DoNotDisturbReason: draft.reason.trim() } : {}),
    ...(mayManage ? { Numbers: JSON.stringify(numbers), Owner: draft.owner } : {}),
  };
  const saved = before
    ? await rest.contacts.update(before.sid, { ...form, Version: before.version })
    : await rest.contacts.create(form, { key });
  return saved as Contact;
}
