/** Whether a file can be imported, as far as can be said before it is sent. Pure. */

import { formatBytes } from "../format/bytes.ts";
import { words } from "../words/words.ts";

/** The most bytes of an upload: API Gateway and Lambda accept no more. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Why a file cannot be imported; null if nothing speaks against it. */
export function problemOfFile(content: Uint8Array): string | null {
  const say = words.contactImport;
  if (content.length === 0) return say.isEmpty;
  if (content.length > MOST_BYTES) return say.tooLarge(formatBytes(content.length));
  try {
    // A zero byte is UTF-8 too, but text of spreadsheets with one is UTF-16.
    return new TextDecoder("utf-8", { fatal: true }).decode(content).includes("\0") ? say.notUtf8 : null;
  } catch {
    return say.notUtf8;
  }
}

/** Say why the API refuses a file, in the words of the screen: it calls columns as its help above does. */
export function describeRefusal(text: string): string {
  const say = words.contactImport;
  const [, problem = text] = /^Invalid parameter body: (.*)$/s.exec(text) ?? [];
  const [, column] = /^(.*) is no column: use /s.exec(problem) ?? [];
  if (column !== undefined) return say.noColumn(column);
  return problem.includes("names the columns, each once") ? say.noHead : say.refused(problem);
}

/** Why a row was rejected: with the number that is the reason, if it is one, apart from the words around it. */
export type RowProblem =
  | { kind: "taken"; number: string; contact: string }
  | { kind: "repeated"; row: string; number: string }
  | { kind: "no-number" }
  | { kind: "other"; text: string };

/** Read the API's words for a rejected row. */
export function parseProblem(text: string): RowProblem {
  const taken = /^(\+\d+) belongs to Contact (CT[0-9a-f]{32})$/.exec(text);
  if (taken) return { kind: "taken", number: taken[1] ?? "", contact: taken[2] ?? "" };
  const repeated = /^row (\d+) has (\+\d+) too$/.exec(text);
  if (repeated) return { kind: "repeated", row: repeated[1] ?? "", number: repeated[2] ?? "" };
  if (isNoNumber(text)) return { kind: "no-number" };
  return { kind: "other", text };
}

/** Whether the API's words for what is wrong say that a number is none. */
export function isNoNumber(text: string): boolean {
  return text.includes("each number is a phone number");
}
