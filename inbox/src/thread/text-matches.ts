/**
 * The words of a text that a search has found: those that begin with one of its words, whatever their case and accents,
 * as the API finds them. Pure.
 */

export type Match = { start: number; end: number };

const NO_WORD = /[^\p{L}\p{N}]+/u;

/** The words of a query, as they are compared. */
export function wordsOf(query: string): string[] {
  return fold(query).split(NO_WORD).filter(Boolean);
}

/** Where a text has words that begin with one of these: the beginnings alone, in order. */
export function findMatches(text: string, words: string[]): Match[] {
  if (words.length === 0) return [];
  const { folded, places } = foldWithPlaces(text);
  const matches: Match[] = [];
  for (const { 0: word, index } of folded.matchAll(/[\p{L}\p{N}]+/gu)) {
    const found = words.filter((one) => word.startsWith(one)).sort((a, b) => b.length - a.length)[0];
    if (found) matches.push({ start: places[index] ?? 0, end: places[index + found.length] ?? text.length });
  }
  return matches;
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The folded text, and for each of its characters the place of the original one. */
function foldWithPlaces(text: string): { folded: string; places: number[] } {
  let folded = "";
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    const part = fold(character);
    folded += part;
    for (let count = 0; count < part.length; count += 1) places.push(at);
    at += character.length;
  }
  return { folded, places };
}
