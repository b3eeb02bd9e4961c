import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { openings } from "../api/connection.ts";
import { keys } from "../api/keys.ts";
import { useReadState } from "../api/queries.ts";
import { conversationPath, post } from "../api/reads.ts";
import type { ReadState, Sid } from "../api/types.ts";
import { showReadState } from "../live/live.ts";
import { preferences } from "../person/preferences.ts";
import { useVisible } from "../ui/use-visible.ts";
import { ReadMarks } from "./read-marks.ts";
import { isBehind, moveMark, NO_MARK } from "./unread-mark.ts";

type Newest = { index: number; isOwn: boolean };

/**
 * Mark a conversation as read while it is looked at; for who does not want that, when they have answered.
 *
 * @param newest its newest message, once that is here; null for none
 * @returns behind which message the mark of new ones stands; undefined for nowhere
 */
export function useReading(conversation: Sid, newest: Newest | null | undefined): number | null | undefined {
  const client = useQueryClient();
  const isVisible = useVisible();
  const read = useReadState(conversation).data;
  const mark = useRef(NO_MARK);
  const last = newest === undefined ? undefined : (newest?.index ?? -1);
  const counts = preferences.value.readOnOpen || Boolean(newest?.isOwn);
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
    if (!isVisible || !counts || !read || last === undefined || last < 0 || !isBehind(read, last)) return;
    showReadState(conversation, { last, isMarked: false, isMuted: read.muted });
    marks.mark(last);
  }, [conversation, marks, last, counts, isVisible, isKnown]);
  return mark.current.behind;
}
