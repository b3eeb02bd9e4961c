import "./message-bubble.css";
import type { CachedMessage } from "../api/message-window.ts";
import { MARK_ICONS } from "../conversations/delivery.ts";
import { formatClock, formatExactTime } from "../format/time.ts";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { deliveryMark } from "./delivery-text.ts";
import { FileView } from "./file-view.tsx";
import { isEmojiOnly, splitLinks } from "./links.ts";
import { isOurs, type People, writerName } from "./people.ts";

type Props = {
  message: CachedMessage;
  people: People;
  isFirst: boolean;
  isLast: boolean;
  onOpen: () => void;
};

/** A message: who wrote it, its text and files, its time, and what became of it. */
export function MessageBubble({ message, people, isFirst, isLast, onOpen }: Props) {
  const isOut = isOurs(people, message);
  const mark = isOut ? deliveryMark(message) : null;
  const { body } = message;
  return (
    <div class={classNames("message", isOut ? "message-out" : "message-in", isFirst && "message-first")}>
      {isFirst && <span class="message-writer">{writerName(people, message)}</span>}
      {message.media?.map((file) => (
        <FileView key={file.sid} file={file} />
      ))}
      {body && (
        // The keyboard opens the details at the row around it.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        // biome-ignore lint/a11y/noStaticElementInteractions: see above
        <div
          class={classNames("bubble", isEmojiOnly(body) && "bubble-emoji")}
          title={formatExactTime(message.date_created)}
          onClick={(event) => {
            if (!isSelecting() && !(event.target instanceof HTMLAnchorElement)) onOpen();
          }}
        >
          <LinkedText text={body} />
        </div>
      )}
      {(isLast || mark?.kind === "failed") && (
        <button
          type="button"
          tabIndex={-1}
          class={classNames("message-foot", mark?.kind === "failed" && "message-foot-failed")}
          onClick={onOpen}
        >
          <time dateTime={message.date_created} title={formatExactTime(message.date_created)}>
            {formatClock(message.date_created)}
          </time>
          {mark && (
            <span class="message-mark">
              <Icon name={MARK_ICONS[mark.kind]} />
              {mark.label}
            </span>
          )}
        </button>
      )}
    </div>
  );
}

/** A text with its addresses as links. */
export function LinkedText({ text }: { text: string }) {
  return (
    <>
      {splitLinks(text).map((part, at) =>
        part.href ? (
          <a key={at} href={part.href} target="_blank" rel="noreferrer noopener">
            {part.text}
          </a>
        ) : (
          part.text
        ),
      )}
    </>
  );
}

/** Whether the person is marking text, so that a press is no request for details. */
function isSelecting(): boolean {
  return getSelection()?.type === "Range";
}
