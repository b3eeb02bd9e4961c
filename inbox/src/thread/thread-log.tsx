import "./thread-log.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CachedMessage } from "../api/message-window.ts";
import { formatClock, formatDay, formatExactTime } from "../format/time.ts";
import { IconButton } from "../ui/button.tsx";
import { useVirtualList } from "../ui/virtual-list.ts";
import { words } from "../words/words.ts";
import { eventText } from "./event-text.ts";
import { LinkedText, MessageBubble } from "./message-bubble.tsx";
import { OutgoingBubble } from "./outgoing-bubble.tsx";
import { type People, writerName } from "./people.ts";
import type { Row } from "./timeline.ts";

const OVERSCAN = 4;
const GUESS = { day: 44, unread: 36, message: 60, note: 72, event: 28, outgoing: 60 };
const NEAR_EDGE = 8;

type Props = {
  rows: Row[];
  people: People;
  hasOlder: boolean;
  hasNewer: boolean;
  isLoadingOlder: boolean;
  loadOlder: () => void;
  loadNewer: () => void;
  /** The index of the message to show; the end without one. */
  target: number | null;
  onOpenMessage: (message: CachedMessage) => void;
};

/** The rows of a thread, from the end on. It stays where it is while older rows come above and newer ones below. */
export function ThreadLog(props: Props) {
  const { rows, people, hasOlder, hasNewer, isLoadingOlder, loadOlder, loadNewer, target, onOpenMessage } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtualList({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => GUESS[rows[index]?.kind ?? "message"],
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: OVERSCAN,
    anchorTo: "end",
    followOnAppend: true,
    paddingStart: 16,
    paddingEnd: 12,
  });
  const items = list.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const [focused, setFocused] = useState<string | null>(null);

  useLayoutEffect(() => {
    const at = rows.findIndex(
      (row) => row.kind === "message" && row.message.index >= (target ?? Number.POSITIVE_INFINITY),
    );
    if (at >= 0) list.scrollToIndex(at, { align: "center" });
    else list.scrollToEnd();
    // Only when another place is asked for: later rows must not move what is read.
  }, [target]);

  useEffect(() => {
    if (hasOlder && first < NEAR_EDGE) loadOlder();
    if (hasNewer && last > rows.length - NEAR_EDGE) loadNewer();
  }, [hasOlder, hasNewer, first, last, rows.length, loadOlder, loadNewer]);

  const focusable = rows.some(({ key }) => key === focused) ? focused : lastFocusable(rows);

  function move(event: KeyboardEvent) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    let at = rows.findIndex(({ key }) => key === focusable) + step;
    let row = rows[at];
    while (row && !isFocusable(row)) {
      at += step;
      row = rows[at];
    }
    if (!row) return;
    setFocused(row.key);
    list.scrollToIndex(at);
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`)?.focus();
    });
  }

  return (
    <div class="log-frame">
      <div ref={scroller} class="log">
        {isLoadingOlder && <p class="log-loading">{words.thread.loadingOlder}</p>}
        <ol
          class="log-rows"
          aria-label={words.thread.messages}
          style={{ height: `${list.getTotalSize()}px` }}
          onKeyDown={move}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <li
                key={row.key}
                ref={list.measureElement}
                data-index={item.index}
                data-key={row.key}
                class="log-row"
                style={{ transform: `translateY(${item.start}px)` }}
                {...(isFocusable(row) ? { tabIndex: row.key === focusable ? 0 : -1 } : {})}
                aria-label={row.kind === "message" ? messageLabel(row.message, people) : undefined}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || row.kind !== "message" || event.target !== event.currentTarget) return;
                  event.preventDefault();
                  onOpenMessage(row.message);
                }}
              >
                <RowContent row={row} people={people} onOpenMessage={onOpenMessage} />
              </li>
            );
          })}
        </ol>
      </div>
      {!list.isAtEnd() && (
        <IconButton class="log-down" icon="down" label={words.thread.toEnd} onClick={() => list.scrollToEnd()} />
      )}
    </div>
  );
}

type RowProps = { row: Row; people: People; onOpenMessage: (message: CachedMessage) => void };

function RowContent({ row, people, onOpenMessage }: RowProps) {
  switch (row.kind) {
    case "day":
      return <h3 class="log-day">{formatDay(row.date, new Date())}</h3>;
    case "unread":
      return <p class="log-unread">{words.thread.newMessages}</p>;
    case "event":
      return (
        <p class="log-event" title={formatExactTime(row.event.date_created)}>
          {eventText(row.event, people)} · {formatClock(row.event.date_created)}
        </p>
      );
    case "note":
      return (
        <div class="log-note">
          <p class="log-note-head">
            {words.thread.noteBy(people.nameOfUser(row.note.by ?? ""), formatClock(row.note.date_created))}
          </p>
          <p class="log-note-text">
            <LinkedText text={row.note.body ?? ""} />
          </p>
        </div>
      );
    case "outgoing":
      return <OutgoingBubble entry={row.entry} />;
    case "message":
      return (
        <MessageBubble
          message={row.message}
          people={people}
          isFirst={row.isFirst}
          isLast={row.isLast}
          onOpen={() => onOpenMessage(row.message)}
        />
      );
  }
}

function messageLabel(message: CachedMessage, people: People): string {
  const text = message.body ?? words.list.file;
  return words.thread.messageLabel(writerName(people, message), formatClock(message.date_created), text);
}

function isFocusable(row: Row): boolean {
  return row.kind === "message" || row.kind === "note";
}

function lastFocusable(rows: Row[]): string | null {
  return rows.findLast(isFocusable)?.key ?? null;
}
