/**
 * Reactions on messages, by tapbacks. Pure.
 *
 * One that is about a message which is not shown stays a text, as does every one that is not certain.
 */

import type { CachedMessage } from "../api/message-window.ts";
import { tapbackOf } from "../api/tapbacks.ts";
import type { Sid } from "../api/types.ts";
import { emojiOf } from "../format/reaction.ts";

export type Reaction = { emoji: string; author: string };

/** The reactions on each message by its SID, and the messages that are shown so instead of as texts. */
export function collectReactions(messages: CachedMessage[]) {
  let places: Map<Sid, number> | null = null;
  const reactions = new Map<Sid, Reaction[]>();
  const shownSo = new Set<Sid>();
  for (const message of messages) {
    const tapback = tapbackOf(message);
    const emoji = tapback && emojiOf(tapback);
    if (!tapback || !emoji) continue;
    places ??= new Map(messages.map(({ sid, index }) => [sid, index]));
    if ((places.get(tapback.message_sid) ?? message.index) >= message.index) continue;
    shownSo.add(message.sid);
    const { author } = message;
    // A phone shows one reaction of each person on a message.
    const others = (reactions.get(tapback.message_sid) ?? []).filter((one) => one.author !== author);
    reactions.set(tapback.message_sid, tapback.removed ? others : [...others, { emoji, author }]);
  }
  return { reactions, shownSo };
}

export function isSameReactions(some: Reaction[], others: Reaction[]): boolean {
  const isSame = ({ emoji, author }: Reaction, other?: Reaction) => emoji === other?.emoji && author === other.author;
  return some.length === others.length && some.every((one, at) => isSame(one, others[at]));
}

/** The same emoji once, with who chose it, in the order of their first one. */
export function groupReactions(reactions: Reaction[]): { emoji: string; authors: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { emoji, author } of reactions) groups.set(emoji, [...(groups.get(emoji) ?? []), author]);
  return [...groups].map(([emoji, authors]) => ({ emoji, authors }));
}
