/** What the app knows of a conversation, or asks once: live events keep the answers right. */

import type { QueryClient } from "@tanstack/preact-query";
import { findEntry } from "../api/entries.ts";
import { keys } from "../api/keys.ts";
import { readAll } from "../api/pages.ts";
import { conversationPath, get, readReadState } from "../api/reads.ts";
import type { Contact, Conversation, InboxMember, Participant, ReadState, Sid, User } from "../api/types.ts";
import { memberName } from "../conversations/entry-text.ts";
import { nameOfUser } from "../person/current.ts";
import { type Facts, isTheirs } from "./news.ts";

/** How long the owner of a contact is taken for known, in milliseconds: no event tells of it. */
const OWNER_LIFE = 10 * 60_000;

export async function readFacts(client: QueryClient, conversation: Sid): Promise<Facts> {
  const entry = findEntry(client, conversation);
  // The entry of a conversation that has just begun may not know yet.
  const read = client.getQueryData<ReadState>(keys.readState(conversation));
  if (entry) return { ...entry, isMuted: entry.muted || (read?.muted ?? false) };
  const ask = <T>(queryKey: readonly unknown[], queryFn: () => Promise<T>) =>
    client.fetchQuery({ queryKey, queryFn, staleTime: Number.POSITIVE_INFINITY });
  const [details, state, participants] = await Promise.all([
    ask(keys.details(conversation), () => get<Conversation>(conversationPath(conversation), {})),
    ask(keys.readState(conversation), () => readReadState(conversation)),
    ask(keys.participants(conversation), () => readAll<Participant>(conversationPath(conversation, "Participants"))),
  ]);
  const members = participants.flatMap(memberOf);
  return {
    title: details.friendly_name ?? members.map(memberName).join(", "),
    isMuted: state.muted,
    assignee: details.assignee,
    members,
  };
}

function memberOf({ identity, messaging_binding: binding, contact }: Participant): InboxMember[] {
  const number = binding?.address ?? null;
  if (!number && !identity) return [];
  return [{ name: contact?.name ?? null, number, identity, contact_sid: contact?.sid ?? null }];
}

/** Whether a conversation is one of a person's: assigned to them, with them as a member, or with a contact of theirs. */
export async function isOneOf(client: QueryClient, facts: Facts, me: string): Promise<boolean> {
  if (isTheirs(facts, me)) return true;
  const contacts = facts.members.flatMap(({ contact_sid }) => contact_sid ?? []);
  const owners = await Promise.all(
    contacts.map(async (sid) => {
      const queryFn = () => get<Contact>(`/v1/Contacts/${sid}`, {});
      // A contact that is not to be seen is not theirs.
      const contact = await client
        .fetchQuery({ queryKey: keys.contact(sid), queryFn, staleTime: OWNER_LIFE })
        .catch(() => null);
      return contact?.owner;
    }),
  );
  return owners.includes(me);
}

/** What to call who wrote a message. */
export function senderName(client: QueryClient, { members }: Facts, author: string): string {
  const user = client.getQueryData<User[]>(keys.users())?.find(({ identity }) => identity === author);
  if (user) return nameOfUser(user);
  const member = members.find(({ number }) => number === author);
  return member ? memberName(member) : author;
}
