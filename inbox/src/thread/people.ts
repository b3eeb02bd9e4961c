/** Who is who in a conversation. Pure. */

import type { InboxMember, Line, Participant, PhoneNumber } from "../api/types.ts";
import { formatPhone, isPhone } from "../format/phone.ts";
import { words } from "../words/words.ts";

export type People = {
  self: string;
  /** What a colleague is called. */
  nameOfUser: (identity: string) => string;
  /** Our numbers, with their labels. */
  labels: Map<PhoneNumber, string>;
  /** What the people with phones are called. */
  names: Map<PhoneNumber, string>;
};

type Known = {
  participants: Participant[];
  /** The members as the list has them: they have the names of contacts who were not added as such. */
  members: InboxMember[];
  lines: Line[];
  self: string;
  nameOfUser: (identity: string) => string;
};

/** Gather what names messages need. */
export function gatherPeople({ participants, members, lines, self, nameOfUser }: Known): People {
  const labels = new Map<PhoneNumber, string>();
  const names = new Map<PhoneNumber, string>();
  for (const { name, number } of members) if (name && number) names.set(number, name);
  for (const { messaging_binding: binding, contact } of participants) {
    for (const ours of [binding?.projected_address, binding?.proxy_address]) {
      if (ours) labels.set(ours, formatPhone(ours));
    }
    if (binding?.address && contact) names.set(binding.address, contact.name);
  }
  for (const { address, label } of lines) if (label) labels.set(address, label);
  return { self, nameOfUser, labels, names };
}

/** Whether a message was sent from here, and not by a phone. */
export function isOurs(people: People, message: { author: string; written_by: string | null }): boolean {
  return message.written_by !== null || !isPhone(message.author) || people.labels.has(message.author);
}

/** The name above a message: "Bob", "You", "Ann via Front desk", "Front desk". */
export function writerName(people: People, message: { author: string; written_by: string | null }): string {
  const { author, written_by: writer } = message;
  const label = people.labels.get(author);
  if (writer) {
    const name = writer === people.self ? words.list.you : people.nameOfUser(writer);
    return label ? words.thread.via(name, label) : name;
  }
  if (label) return label;
  if (isPhone(author)) return people.names.get(author) ?? formatPhone(author);
  return author === people.self ? words.list.you : people.nameOfUser(author);
}
