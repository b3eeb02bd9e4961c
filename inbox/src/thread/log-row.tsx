import "./log-row.css";
import type { CachedMessage } from "../api/message-window.ts";
import { formatClock, formatDay, formatExactTime } from "../format/time.ts";
import { words } from "../words/words.ts";
import { eventText } from "./event-text.ts";
import { LinkedText, MessageBubble } from "./message-bubble.tsx";
import { OutgoingBubble } from "./outgoing-bubble.tsx";
import { type People, writerName } from "./people.ts";
import type { Row } from "./timeline.ts";

type RowProps = { row: Row; people: People; onOpenMessage: (message: CachedMessage) => void };

/** What a row of a thread shows. */
export function RowContent({ row, people, onOpenMessage }: RowProps) {
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
          isFirst={row.isFirst}
          isLast={row.isLast}
          onOpen={() => onOpenMessage(row.message)}
        />
      );
  }
}

/** What a row is called for who does not see it; undefined where its own words say it. */
export function rowLabel(row: Row, people: People): string | undefined {
  if (row.kind === "note") return `${noteHead(row.note, people)}, ${row.note.body ?? ""}`;
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
  const by = note.by === people.self ? words.list.you : people.nameOfUser(note.by ?? "");
  return words.thread.noteBy(by, formatClock(note.date_created));
}
