import "./composer.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConversationState, Sid } from "../api/types.ts";
import { draftOf, enqueue, saveDraft } from "../outbox/my-outbox.ts";
import { IconButton } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { addNote } from "./notes.ts";
import { TextBox } from "./text-box.tsx";

export type Mode = "text" | "note";

type Props = { conversation: Sid; state: ConversationState };

/** The place to write: a text for the phones, or a note for colleagues, which looks different throughout. */
export function Composer({ conversation, state }: Props) {
  const [mode, setMode] = useState<Mode>("text");
  const input = useRef<HTMLTextAreaElement>(null);
  // A note has a draft of its own, so that neither is sent as the other.
  const place = mode === "note" ? `note ${conversation}` : conversation;
  const draft = draftOf(place).value;
  const body = draft?.body ?? "";

  useEffect(() => {
    // A phone would open its keyboard over the thread.
    if (matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, []);

  function write(text: string) {
    saveDraft(place, { body: text, author: draft?.author ?? null, files: draft?.files ?? [] });
  }

  async function send() {
    const text = body.trim();
    if (!text) return;
    saveDraft(place, null);
    input.current?.focus();
    if (mode === "text") {
      enqueue({ conversation, author: draft?.author ?? null, body: text });
      return;
    }
    try {
      await addNote(conversation, text);
    } catch (error) {
      write(text);
      showToast(words.composer.noteFailed(error instanceof Error ? error.message : ""));
    }
  }

  if (state === "closed" && mode === "text") return <ClosedBar onNote={() => setMode("note")} />;
  return (
    <form
      class={classNames("composer", mode === "note" && "composer-note")}
      aria-label={words.composer.label}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <ModeButtons mode={mode} onChange={setMode} />
      <TextBox
        inputRef={input}
        label={mode === "note" ? words.composer.noteField : words.composer.textField}
        value={body}
        onInput={write}
        onSend={() => void send()}
      />
      <IconButton
        type="submit"
        class="composer-send"
        icon="send"
        label={mode === "note" ? words.composer.saveNote : words.composer.send}
        disabled={!body.trim()}
      />
    </form>
  );
}

function ModeButtons({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  return (
    <fieldset class="composer-modes">
      <legend class="visually-hidden">{words.composer.modes}</legend>
      {(["text", "note"] as const).map((one) => (
        <button
          key={one}
          type="button"
          class={classNames("composer-mode", one === mode && "composer-mode-chosen")}
          aria-pressed={one === mode}
          onClick={() => onChange(one)}
        >
          {words.composer.mode[one]}
        </button>
      ))}
    </fieldset>
  );
}

function ClosedBar({ onNote }: { onNote: () => void }) {
  return (
    <div class="composer-bar">
      <p>{words.composer.closed}</p>
      <button type="button" class="button button-quiet" onClick={onNote}>
        {words.composer.writeNote}
      </button>
    </div>
  );
}
