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

/**
 * Go on with a contact that somebody else has changed meanwhile: what was written stays, the rest is theirs.
 *
 * @param draft what was written, beginning with `before`
 */
export function rebase(draft: ContactDraft, before: Contact, now: Contact): ContactDraft {
  const first = draftOf(before, { owner: "" });
  const theirs = draftOf(now, { owner: "" });
  const isKept = (field: keyof ContactDraft) => !isSame(draft[field], first[field]);
  const isUndisturbedKept = isKept("isUndisturbed") || isKept("reason");
  return {
    name: isKept("name") ? draft.name : theirs.name,
    numbers: isKept("numbers") ? draft.numbers : theirs.numbers,
    owner: isKept("owner") ? draft.owner : theirs.owner,
    isUndisturbed: isUndisturbedKept ? draft.isUndisturbed : theirs.isUndisturbed,
    reason: isUndisturbedKept ? draft.reason : theirs.reason,
  };
}

/** Whether anything was written. */
export function isChanged(draft: ContactDraft, first: ContactDraft): boolean {
  return !isSame(draft, first);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
