/** Which part of a conversation is shown. Pure. */

import type { MessageWindow } from "../api/message-window.ts";

/**
 * A place that was asked for.
 *
 * - `index`: the message to show there; null for the end.
 * - `count`: grows with each request, so that the same place can be asked for again.
 */
export type Place = { index: number | null; count: number };

/** The index around which messages are to be read for a place; undefined if those at the end have it. */
export function windowFor({ index }: Place, end: MessageWindow | undefined): number | undefined {
  if (index === null) return undefined;
  const first = end?.messages[0]?.index;
  const isThere = end !== undefined && (!end.hasOlder || (first !== undefined && first <= index));
  return isThere ? undefined : index;
}
