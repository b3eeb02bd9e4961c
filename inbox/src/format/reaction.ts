/** Reactions as people read them. Pure. */

import { words } from "../words/words.ts";

/** What phones show for each kind. A sticker is a picture, which a text does not bring. */
const EMOJI: Record<string, string> = {
  like: "👍",
  dislike: "👎",
  love: "❤️",
  laugh: "😂",
  emphasis: "‼️",
  question: "❓",
};

/** The emoji of a reaction; undefined for one that has none, which is shown as the text that it came as. */
export function emojiOf({ kind, emoji }: { kind: string; emoji?: string | null }): string | undefined {
  return kind === "emoji" ? (emoji ?? undefined) : EMOJI[kind];
}

/** A reaction in words, for where its message is not at hand: "Reacted 👍"; null for one without an emoji. */
export function describeReaction(reaction: { kind: string; removed: boolean; emoji?: string | null }): string | null {
  const emoji = emojiOf(reaction);
  if (!emoji) return null;
  return reaction.removed ? words.list.tookBack(emoji) : words.list.reacted(emoji);
}
