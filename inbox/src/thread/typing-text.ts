/** Who is writing, in words. Pure. */

import { words } from "../words/words.ts";

/** "Ben is typing…", of at most two by name; empty for nobody. */
export function typingText(names: string[]): string {
  const { typing } = words.thread;
  const [one, two] = names;
  if (one === undefined) return "";
  if (two === undefined) return typing.one(one);
  return names.length === 2 ? typing.two(one, two) : typing.many;
}
