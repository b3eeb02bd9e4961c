import "./log-row.css";
import type { CachedMessage } from "../api/message-window.ts";
import type { MessageFile } from "../api/types.ts";
import { formatClock, formatDay, formatExactTime } from "../format/time.ts";
import { classNames } from "../ui/class-names.ts";
import { isShallowSame, memo } from "../ui/memo.tsx";
import { words } from "../words/words.ts";
import { eventText } from "./event-text.ts";
import { LinkedText } from "./linked-text.tsx";
import { isFocusable } from "./log-keys.ts";
import { MessageBubble } from "./message-bubble.tsx";
import { OutgoingBubble } from "./outgoing-bubble.tsx";
import { type People, writerName } from "./people.ts";
import { RowTab } from "./row-tab.ts";
import { isSameRow, type Row } from "./timeline.ts";

/** What a person can open from a thread. */
export type LogActions = {
  onOpenMessage: (message: CachedMessage) => void;
  onOpenPicture: (pictures: MessageFile[], at: number) => void;
};
type ContentProps = { row: Row; people: People; actions: LogActions };
type RowProps = ContentProps & {
  /** Its place among the rows, and in pixels. */
  index: number;
  start: number;
  isTarget: boolean;
  /** Whether it is the one that takes part in tabbing. */
  isTab: boolean;
  measure: (element: HTMLElement | null) => void;
  onFocus: (key: string) => void;
};

/** A row of a thread. */
export const LogRow = memo(({ row, people, actions, index, start, isTarget, isTab, measure, onFocus }: RowProps) => {
  return (
    <li
      ref={measure}
      data-index={index}
      data-key={row.key}
      class={classNames("log-row", isTarget && "log-row-target")}
      style={{ transform: `translateY(${start}px)` }}
      {...(isFocusable(row) ? { tabIndex: isTab ? 0 : -1 } : {})}
      aria-label={rowLabel(row, people)}
      onFocus={() => onFocus(row.key)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || row.kind !== "message" || event.target !== event.currentTarget) return;
        event.preventDefault();
        actions.onOpenMessage(row.message);
      }}
    >
      <RowTab.Provider value={isTab}>
        <RowContent row={row} people={people} actions={actions} />
      </RowTab.Provider>
    </li>
  );
}, isSameProps);

/** What a row shows. It is not drawn again when the row is only moved. */
const RowContent = memo(({ row, people, actions }: ContentProps) => {
  switch (row.kind) {
    case "beginning":
      return <p class="log-beginning">{words.thread.beginning}</p>;
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
    case "removed":
      return <p class="log-event">{words.thread.removed}</p>;
    case "note":
      return (
        <div class="log-note">
          <p class="log-note-head">{noteHead(row.note, people)}</p>
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
          reactions={row.reactions}
          isFirst={row.isFirst}
          isLast={row.isLast}
          onOpen={() => actions.onOpenMessage(row.message)}
          onOpenPicture={actions.onOpenPicture}
        />
      );
  }
}, isSameProps);

function isSameProps<P extends { row: Row }>({ row, ...rest }: P, { row: next, ...others }: P): boolean {
  return isSameRow(row, next) && isShallowSame<object>(rest, others);
}

/** What a row is called for who does not see it; undefined where its own words say it. */
function rowLabel(row: Row, people: People): string | undefined {
  if (row.kind === "note") return `${noteHead(row.note, people)}, ${row.note.body ?? ""}`;
  if (row.kind === "removed") return words.thread.removed;
  if (row.kind === "outgoing") return row.entry.body || words.list.file;
  if (row.kind !== "message") return undefined;
  const { message } = row;
  const text = [message.body, ...(message.media ?? []).map(({ filename }) => filename ?? words.list.file)];
  return words.thread.messageLabel(
    writerName(people, message),
    formatClock(message.date_created),
    text.filter(Boolean).join(", "),
  );
}

function noteHead(note: { by: string | null; date_created: string }, people: People): string {
  const time = formatClock(note.date_created);
  return note.by === people.self
    ? words.thread.ownNote(time)
    : words.thread.noteBy(people.nameOfUser(note.by ?? ""), time);
}
