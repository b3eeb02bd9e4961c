// What became of a text at our lines, in words.

// By the state of the carrier's webhook: the words, the word before the line's number, and a colour.
const WORDS = {
  held: ["held back", "from", "waiting"],
  underway: ["sending", "to", "waiting"],
  delivered: ["delivered", "to", "good"],
  dropped: ["lost on the way", "to", "bad"],
  lost: ["not delivered", "to", "bad"],
};

/**
 * One outcome for each state that the lines of a text are in, with its lines. One line alone needs no number.
 *
 * @param {Record<string, keyof typeof WORDS>} arrivals states by the number of a line
 * @returns {{ words: string, mood: string, lines: string[] }[]}
 */
export function outcomes(arrivals) {
  const lines = Object.keys(arrivals).sort();
  return [...new Set(lines.map((line) => arrivals[line]))].map((state) => {
    const [words, preposition, mood] = WORDS[state];
    if (lines.length === 1) return { words, mood, lines: [] };
    return { words: `${words} ${preposition} `, mood, lines: lines.filter((line) => arrivals[line] === state) };
  });
}
