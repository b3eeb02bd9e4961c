/**
 * Segments: the units in which carriers count plain texts. Pure.
 *
 * A text in the alphabet of GSM 03.38 has 160 characters in one segment, or 153 in each of several; those of its
 * extension count twice. Any other character makes it UCS-2: 70 and 67 units of 16 bits. The server counts the same way
 * (partyline/domain/segments.py); it is counted here to ask it only when the number has changed.
 */

export type Segmented = { encoding: "GSM-7" | "UCS-2"; segments: number };

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€");

/** Count the segments of a plain text; an empty text has none. */
export function countSegments(text: string): Segmented {
  // By code points: a segment never splits the two halves of an emoji, nor an escaped character.
  const characters = Array.from(text);
  if (characters.every((one) => BASIC.has(one) || EXTENSION.has(one))) {
    const widths = characters.map((one) => (EXTENSION.has(one) ? 2 : 1));
    return { encoding: "GSM-7", segments: fill(widths, 160, 153) };
  }
  return {
    encoding: "UCS-2",
    segments: fill(
      characters.map((one) => one.length),
      70,
      67,
    ),
  };
}

function fill(widths: number[], alone: number, joined: number): number {
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total <= alone) return total ? 1 : 0;
  let segments = 1;
  let room = joined;
  for (const width of widths) {
    if (width > room) {
      segments += 1;
      room = joined;
    }
    room -= width;
  }
  return segments;
}
