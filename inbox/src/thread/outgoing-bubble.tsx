import { restoreText } from "../composer/restore.ts";
import type { EntryState, OutboxEntry } from "../outbox/entry.ts";
import { discard, isDiscardable, retry, takeBack } from "../outbox/my-outbox.ts";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { LinkedText } from "./linked-text.tsx";
import { useRowTab } from "./row-tab.ts";

/** A message on its way: its text, how far it is, and what can be done when it was not sent. */
export function OutgoingBubble({ entry }: { entry: OutboxEntry }) {
  const { state, body, files, key } = entry;
  const tabIndex = useRowTab();
  const isProblem = state.kind === "not-sent" || state.kind === "expired";

  async function edit() {
    const message = await takeBack(key);
    if (!message) return;
    const { conversation, body, author, files = [] } = message;
    restoreText(conversation, { body, author, files });
  }

  return (
    <div class="message message-out message-first" data-outgoing={key}>
      {files.map((file) => (
        <span key={file.key} class="file-chip">
          <Icon name="file" />
          <span class="file-name truncate">{file.name}</span>
        </span>
      ))}
      {body && (
        <div class="bubble bubble-outgoing">
          <LinkedText text={body} />
        </div>
      )}
      <span class={classNames("message-foot", isProblem && "message-foot-failed")}>{stateText(state)}</span>
      {isProblem && (
        <span class="outgoing-actions">
          <button type="button" class="outgoing-action" tabIndex={tabIndex} onClick={() => void retry(key)}>
            {words.outbox.retry}
          </button>
          {state.kind === "not-sent" && (
            <button type="button" class="outgoing-action" tabIndex={tabIndex} onClick={() => void edit()}>
              {words.outbox.edit}
            </button>
          )}
          {isDiscardable(entry) && (
            <button type="button" class="outgoing-action" tabIndex={tabIndex} onClick={() => void discard(key)}>
              {words.outbox.discard}
            </button>
          )}
        </span>
      )}
    </div>
  );
}

function stateText(state: EntryState): string {
  const { outbox } = words;
  switch (state.kind) {
    case "waiting":
      return outbox.waiting;
    case "uploading":
      return outbox.uploading(Math.round((100 * sum(state.progress)) / Math.max(1, state.progress.length)));
    case "sending":
      return outbox.sending;
    case "offline":
      return outbox.offline;
    case "sent":
      return outbox.sent;
    case "not-sent":
      return outbox.notSent(state.refusal.message);
    case "expired":
      return outbox.expired;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
