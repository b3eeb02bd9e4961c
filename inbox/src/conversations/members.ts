/** The members of a conversation by what they are. */

import { useEntry } from "../api/queries.ts";
import type { Participant, ParticipantContact, PhoneNumber, Sid } from "../api/types.ts";
import type { Recipient } from "../navigation/new-conversation.ts";

export type PhoneMember = {
  participant: Sid;
  number: PhoneNumber;
  name: string | null;
  contact: ParticipantContact | null;
};

/** The members with phones. */
export function phonesOf(participants: Participant[]): PhoneMember[] {
  return participants.flatMap(({ sid, messaging_binding: binding, contact }) =>
    binding?.address
      ? [{ participant: sid, number: binding.address, name: contact?.name ?? null, contact: contact ?? null }]
      : [],
  );
}

/** A member as a recipient of a new conversation: as a contact only if the number is one of the contact's still. */
export function recipientOf({ number, name, contact }: PhoneMember): Recipient {
  const isCurrent = contact !== null && contact.state !== "deleted" && contact.number_is_current;
  return { number, name, contact: isCurrent ? contact.sid : null, label: "" };
}

/** Our numbers in it, each once. */
export function linesOf(participants: Participant[]): PhoneNumber[] {
  const addresses = participants.flatMap(({ messaging_binding: binding }) => [
    binding?.projected_address ?? null,
    binding?.proxy_address ?? null,
  ]);
  return [...new Set(addresses.filter((address) => address !== null))];
}

/** The members who use the app. */
export function usersOf(participants: Participant[]): string[] {
  return participants.flatMap(({ identity }) => (identity ? [identity] : []));
}

/**
 * A function that says what a member is called: by the contact as which it was added, or by the contact that has the
 * number now; null for an unknown number.
 */
export function useMemberNames(conversation: Sid): (member: PhoneMember) => string | null {
  const entry = useEntry(conversation);
  return ({ name, number }) => name ?? entry?.members.find((one) => one.number === number)?.name ?? null;
}
