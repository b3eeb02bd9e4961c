import "./message-bubble.css";
import type { CachedMessage } from "../api/message-window.ts";
import type { MessageFile } from "../api/types.ts";
import { MARK_ICONS } from "../conversations/delivery.ts";
import { formatClock, formatExactTime } from "../format/time.ts";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { deliveryMark } from "./delivery-text.ts";
import { FileView, isPicture } from "./file-view.tsx";
import { LinkedText } from "./linked-text.tsx";
import { isEmojiOnly } from "./links.ts";
import { isOurs, type People, writerName } from "./people.ts";
import { ReactionList } from "./reaction-list.tsx";
import type { Reaction } from "./reactions.ts";

type Props = {
  message: CachedMessage;
  people: People;
  reactions: Reaction[];
  isFirst: boolean;
  isLast: boolean;
  onOpen: () => void;
  onOpenPicture: (pictures: MessageFile[], at: number) => void;
};

/** A message: who wrote it, its text and files, its time, and what became of it. */
export function MessageBubble({ message, people, reactions, isFirst, isLast, onOpen, onOpenPicture }: Props) {
  const isOut = isOurs(people, message);
  const { body, media } = message;
  const pictures = media?.filter(isPicture) ?? [];
  return (
    <div class={classNames("message", isOut ? "message-out" : "message-in", isFirst && "message-first")}>
      {isFirst && <span class="message-writer">{writerName(people, message)}</span>}
      {pictures.length > 0 && (
        <div class={classNames("pictures", pictures.length > 1 && "pictures-several")}>
          {pictures.map((file, at) => (
            <FileView key={file.sid} file={file} onOpen={() => onOpenPicture(pictures, at)} />
          ))}
        </div>
      )}
      {media?.map((file) => !isPicture(file) && <FileView key={file.sid} file={file} />)}
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
      {reactions.length > 0 && <ReactionList reactions={reactions} people={people} />}
      <Foot message={message} isOut={isOut} isLast={isLast} onOpen={onOpen} />
    </div>
  );
}

type FootProps = { message: CachedMessage; isOut: boolean; isLast: boolean; onOpen: () => void };

/** The time and what became of it: once for messages that stand together, and wherever something went wrong. */
function Foot({ message, isOut, isLast, onOpen }: FootProps) {
  const mark = isOut ? deliveryMark(message) : null;
  const hasFailed = mark?.kind === "failed";
  const isChanged = isEdited(message);
  if (!isLast && !hasFailed && !isChanged) return null;
  return (
    <button
      type="button"
      tabIndex={-1}
      class={classNames("message-foot", hasFailed && "message-foot-failed")}
      onClick={onOpen}
    >
      <time dateTime={message.date_created} title={formatExactTime(message.date_created)}>
        {formatClock(message.date_created)}
      </time>
      {isChanged && <span>{words.thread.edited}</span>}
      {mark && (
        <span class="message-mark">
          <Icon name={MARK_ICONS[mark.kind]} />
          {mark.label}
        </span>
      )}
      <span class="visually-hidden">{words.thread.showDetails}</span>
    </button>
  );
}

/** Whether a text was changed. A message with files changes when they arrive. */
function isEdited({ body, media, date_created, date_updated }: CachedMessage): boolean {
  return body !== null && !media && Date.parse(date_updated) - Date.parse(date_created) >= 1_000;
}

/** Whether the person is marking text, so that a press is no request for details. */
function isSelecting(): boolean {
  return getSelection()?.type === "Range";
}
