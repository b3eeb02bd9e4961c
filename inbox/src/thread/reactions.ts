/**
 * Reactions on messages: texts such as `Liked "Sunday?"`, where the API is certain which message they are about. Pure.
 *
 * One that is about a message which is not shown stays a text, as does every one that is not certain.
 */

import type { CachedMessage } from "../api/message-window.ts";
import type { Sid } from "../api/types.ts";

export type Reaction = { emoji: string; author: string };

type Tapback = { kind: string; removed: boolean; emoji?: string; message_sid: Sid };

/** What phones show for each kind. A sticker is a picture, which a text does not bring. */
const EMOJI: Record<string, string> = {
  like: "👍",
  dislike: "👎",
  love: "❤️",
  laugh: "😂",
  emphasis: "‼️",
  question: "❓",
};

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

function emojiOf({ kind, emoji }: Tapback): string | undefined {
  return kind === "emoji" ? emoji : EMOJI[kind];
}

/** What a message is as a reaction; null for any other one, and for one of which it is not certain what it is about. */
export function tapbackOf({ attributes }: Pick<CachedMessage, "attributes">): Tapback | null {
  if (!attributes.includes('"tapback"')) return null;
  try {
    const { tapback } = JSON.parse(attributes);
    const isCertain = typeof tapback?.kind === "string" && typeof tapback.message_sid === "string";
    return isCertain ? tapback : null;
  } catch {
    return null;
  }
}

/** The same emoji once, with who chose it, in the order of their first one. */
export function groupReactions(reactions: Reaction[]): { emoji: string; authors: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { emoji, author } of reactions) groups.set(emoji, [...(groups.get(emoji) ?? []), author]);
  return [...groups].map(([emoji, authors]) => ({ emoji, authors }));
}
