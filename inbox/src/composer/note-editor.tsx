import { useRef } from "preact/hooks";
import type { Sid } from "../api/types.ts";
import { draftOf, saveDraft } from "../outbox/my-outbox.ts";
import { IconButton } from "../ui/button.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { ComposerFrame, type Mode } from "./composer-frame.tsx";
import { addNote } from "./notes.ts";
import { TextBox } from "./text-box.tsx";

/** A note for colleagues. It goes to no phone, and nobody is shown that it is being written. */
export function NoteEditor({ conversation, onMode }: { conversation: Sid; onMode: (mode: Mode) => void }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const place = `note ${conversation}`;
  const body = draftOf(place).value?.body ?? "";
  const write = (text: string) => saveDraft(place, { body: text, author: null, files: [] });

  async function save() {
    const text = body.trim();
    if (!text) return;
    saveDraft(place, null);
    input.current?.focus();
    try {
      await addNote(conversation, text);
    } catch (error) {
      // What was begun meanwhile stays behind it.
      const begun = draftOf(place).peek()?.body ?? "";
      write(begun ? `${text}\n${begun}` : text);
      showToast(words.composer.noteFailed(error instanceof Error ? error.message : ""));
    }
  }

  return (
    <ComposerFrame
      mode="note"
      onMode={onMode}
      onSubmit={() => void save()}
      foot={
        <IconButton
          type="submit"
          class="composer-send"
          icon="send"
          label={words.composer.saveNote}
          disabled={!body.trim()}
        />
      }
    >
      <TextBox
        inputRef={input}
        label={words.composer.noteField}
        value={body}
        onInput={write}
        onSend={() => void save()}
      />
    </ComposerFrame>
  );
}
