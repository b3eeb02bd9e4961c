/** A contact as it is being written. Pure. */

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
