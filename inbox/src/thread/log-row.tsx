import "./log-row.css";
import type { CachedMessage } from "../api/message-window.ts";
import type { MessageFile } from "../api/types.ts";
import { formatClock, formatDay, formatExactTime } from "../format/time.ts";
import { memo } from "../ui/memo.tsx";
import { words } from "../words/words.ts";
import { eventText } from "./event-text.ts";
import { LinkedText } from "./linked-text.tsx";
import { MessageBubble } from "./message-bubble.tsx";
import { OutgoingBubble } from "./outgoing-bubble.tsx";
import { type People, writerName } from "./people.ts";
import type { Row } from "./timeline.ts";

/** What a person can open from a thread. */
export type LogActions = {
  onOpenMessage: (message: CachedMessage) => void;
  onOpenPicture: (pictures: MessageFile[], at: number) => void;
};
type RowProps = { row: Row; people: People; actions: LogActions };

/** What a row of a thread shows. */
export const RowContent = memo(({ row, people, actions }: RowProps) => {
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
});

/** What a row is called for who does not see it; undefined where its own words say it. */
export function rowLabel(row: Row, people: People): string | undefined {
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
