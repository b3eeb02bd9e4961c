/** How long a text may be. Pure. */

/** The most characters of a text that goes to phones. */
export const MOST_CHARACTERS = 1600;
/** How many are left when a writer is told. */
const NEAR = 200;

/** How many characters are left of a text that is nearly full, or how many it has too many, as a negative number; null before. */
export function charactersLeft(text: string): number | null {
  if (text.length < MOST_CHARACTERS - NEAR) return null;
  // The API counts an emoji as one.
  const left = MOST_CHARACTERS - Array.from(text).length;
  return left > NEAR ? null : left;
}
