/** What a row of the list says: pure, from an entry. */

import type { InboxEntry, InboxMember, InboxMessage } from "../api/types.ts";
import { formatPhone, formatPhonesIn } from "../format/phone.ts";
import { describeReaction } from "../format/reaction.ts";
import { words } from "../words/words.ts";

/** The name of a conversation: its own, or those of its members. */
export function titleOf(entry: Pick<InboxEntry, "title">): string {
  return formatPhonesIn(entry.title) || words.list.noMembers;
}

/** What to call a member: the contact's name, or the number as people read it. */
export function memberName(member: InboxMember): string {
  return member.name ?? member.identity ?? (member.number ? formatPhone(member.number) : words.list.unknown);
}

/**
 * The newest message in one line, with who wrote it: "You: Sunday?", "Bob: On my way". Who writes to the only member
 * needs no name.
 */
export function previewOf(entry: InboxEntry, self: string, nameOf: (identity: string) => string): string {
  const message = entry.last_message;
  if (!message) return words.list.noMessages;
  const text = textOf(message);
  const writer = message.written_by ?? message.author;
  if (writer === self) return words.list.byYou(text);
  if (message.written_by) return words.list.by(nameOf(message.written_by), text);
  const member = entry.members.find(({ number, identity }) => number === writer || identity === writer);
  if (member) return entry.member_count > 1 ? words.list.by(firstName(memberName(member)), text) : text;
  return isOurs(entry, writer) ? words.list.by(words.list.line, text) : text;
}

/** What a message says in one line. A reaction is not said in the words of the phone it comes from. */
function textOf({ body, tapback }: InboxMessage): string {
  return (tapback && describeReaction(tapback)) || (body ?? "").replace(/\s+/g, " ") || words.list.file;
}

/** Whether the last message is one of ours, which has a delivery to show. */
export function isOutgoing(entry: InboxEntry): boolean {
  const message = entry.last_message;
  return message !== null && (message.written_by !== null || isOurs(entry, message.author));
}

/** The unread messages to show: at least one for a conversation that was marked as unread. */
export function unreadCount(entry: Pick<InboxEntry, "unread" | "marked_unread">): number {
  return Math.max(entry.unread ?? 0, entry.marked_unread ? 1 : 0);
}

function isOurs(entry: InboxEntry, author: string): boolean {
  return author === entry.line || !entry.members.some(({ number }) => number === author);
}

function firstName(name: string): string {
  return /^\p{L}/u.test(name) ? (name.split(" ")[0] ?? name) : name;
}
