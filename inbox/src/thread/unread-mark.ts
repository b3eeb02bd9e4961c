/** Where the mark of new messages stands in a thread. Pure. */

import type { ReadState } from "../api/types.ts";

/**
 * - `isLooking`: whether the thread has been in sight since it was opened, or since it was last out of sight.
 * - `behind`: the index of the last message before the mark, null for none before it; undefined marks nothing.
 */
export type UnreadMark = { isLooking: boolean; behind: number | null | undefined };

type Now = { isVisible: boolean; read: ReadState | undefined; last: number | undefined };

export const NO_MARK: UnreadMark = { isLooking: false, behind: undefined };

/**
 * The mark as it is now. What was not read when the person began to look stays marked while they look, though it counts
 * as read at once; what comes while they look is not marked.
 */
export function moveMark(mark: UnreadMark, { isVisible, read, last }: Now): UnreadMark {
  if (!isVisible) return mark.isLooking ? { ...mark, isLooking: false } : mark;
  if (mark.isLooking || !read || last === undefined) return mark;
  const hasNews = read.unread !== null && read.unread > 0 && (read.last_read_message_index ?? -1) < last;
  return { isLooking: true, behind: hasNews ? read.last_read_message_index : mark.behind };
}

/** Whether a read state says less than that everything up to an index is read. */
export function isBehind(read: ReadState, last: number): boolean {
  return read.marked_unread || (read.last_read_message_index ?? -1) < last;
}

/** The new messages before the first one that is here, if the mark stands among older ones; null for none. */
export function newBefore(behind: number | null | undefined, first: number | undefined) {
  if (behind === undefined || first === undefined) return null;
  const firstNew = (behind ?? -1) + 1;
  return firstNew < first ? { count: first - firstNew, first: firstNew } : null;
}
