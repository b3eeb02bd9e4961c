/** How the focus moves in a thread: by arrows from one message or note to the next. Pure. */

import type { Row } from "./timeline.ts";

/** How many rows Page Up and Page Down move. */
const PAGE = 8;

export function isFocusable({ kind }: Row): boolean {
  return kind === "message" || kind === "removed" || kind === "note" || kind === "outgoing";
}

/** The row that a key leads to from the row `at`; null where the key means nothing here, or there is none. */
export function rowAfter(key: string, rows: Row[], at: number): number | null {
  const places = rows.flatMap((row, index) => (isFocusable(row) ? [index] : []));
  const now = places.indexOf(at);
  const step = stepOf(key, places.length);
  if (step === null || now < 0) return null;
  const next = places[Math.max(0, Math.min(now + step, places.length - 1))];
  return next === undefined || next === at ? null : next;
}

function stepOf(key: string, count: number): number | null {
  switch (key) {
    case "ArrowDown":
      return 1;
    case "ArrowUp":
      return -1;
    case "PageDown":
      return PAGE;
    case "PageUp":
      return -PAGE;
    case "Home":
      return -count;
    case "End":
      return count;
    default:
      return null;
  }
}
