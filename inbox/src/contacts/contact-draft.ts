/** A contact as it is being written, and how it is saved. */

import { rest } from "../api/client.ts";
import type { Contact } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";

export type NumberDraft = { id: string; number: string; label: string; primary: boolean };
export type ContactDraft = {
  name: string;
  numbers: NumberDraft[];
  owner: string;
  isUndisturbed: boolean;
  reason: string;
};

/** Begin to change a contact, or to write a new one. */
export function draftOf(
  contact: Contact | undefined,
  first: { owner: string; number?: string | undefined },
): ContactDraft {
  if (!contact) {
    const number = { id: "first", number: first.number ?? "", label: "", primary: true };
    return { name: "", numbers: [number], owner: first.owner, isUndisturbed: false, reason: "" };
  }
  return {
    name: contact.friendly_name,
    numbers: contact.numbers.map((one) => ({ ...one, id: one.number, number: formatPhone(one.number) })),
    owner: contact.owner ?? "",
    isUndisturbed: contact.do_not_disturb !== null,
    reason: contact.do_not_disturb?.reason ?? "",
  };
}

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
