/** What the API takes as a snippet. Pure. */

export const LONGEST_SNIPPET = 1_600;

const NAME = /^[\p{L}\p{N}_.-]{1,40}$/u;

/** Whether a snippet can have this name. */
export function isSnippetName(name: string): boolean {
  return NAME.test(name);
}
