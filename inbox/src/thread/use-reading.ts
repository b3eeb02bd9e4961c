import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { keys } from "../api/keys.ts";
import { useReadState } from "../api/queries.ts";
import { conversationPath, post } from "../api/reads.ts";
import type { ReadState, Sid } from "../api/types.ts";
import { showReadState } from "../live/live.ts";
import { openings } from "../live/state.ts";
import { useVisible } from "../ui/use-visible.ts";
import { ReadMarks } from "./read-marks.ts";
import { isBehind, moveMark, NO_MARK } from "./unread-mark.ts";

/**
 * Mark a conversation as read while it is looked at.
 *
 * @param last the index of its newest message, once that is here
 * @returns behind which message the mark of new ones stands; undefined for nowhere
 */
export function useReading(conversation: Sid, last: number | undefined): number | null | undefined {
  const client = useQueryClient();
  const isVisible = useVisible();
  const read = useReadState(conversation).data;
  const mark = useRef(NO_MARK);
  mark.current = moveMark(mark.current, { isVisible, read, last });

  const [marks] = useState(
    () => new ReadMarks((index) => post(conversationPath(conversation, "ReadState"), { LastReadMessageIndex: index })),
  );
  useEffect(() => {
    const isUnreadAgain = () => client.getQueryData<ReadState>(keys.readState(conversation))?.marked_unread ?? false;
    return () => marks.close(isUnreadAgain());
  }, [client, conversation, marks]);
  const opened = openings.value;
  // What failed is said again with each opening
  useEffect(() => void marks.flush(), [marks, opened]);

  const isKnown = read !== undefined;
  // Not whenever the read state changes: a conversation that was marked as unread elsewhere stays so.
  useEffect(() => {
    if (!isVisible || !read || last === undefined || last < 0 || !isBehind(read, last)) return;
    showReadState(conversation, { last, isMarked: false, isMuted: read.muted });
    marks.mark(last);
  }, [conversation, marks, last, isVisible, isKnown]);
  return mark.current.behind;
}
