/** Snippets by a slash: where one is asked for, and which ones fit. Pure. */

import type { Snippet } from "../api/types.ts";

/** A slash with the beginning of a name, between two places of a text. */
export type SlashWord = { start: number; end: number; name: string };

const SLASH_WORD = /(?:^|\s)\/([\w.-]{0,40})$/;

/** Find the slash word that ends where the cursor stands; null where there is none. */
export function findSlashWord(text: string, cursor: number): SlashWord | null {
  const found = SLASH_WORD.exec(text.slice(0, cursor));
  if (!found) return null;
  const name = found[1] ?? "";
  return { start: cursor - name.length - 1, end: cursor, name };
}

/** The snippets whose names begin so, whatever their case. */
export function matching(snippets: Snippet[], name: string): Snippet[] {
  const beginning = name.toLowerCase();
  return snippets.filter((one) => one.name.toLowerCase().startsWith(beginning));
}
