import type { Ref } from "preact";
import { preferences } from "../person/preferences.ts";
import type { SnippetField } from "./snippet-field.tsx";

type Props = {
  inputRef: Ref<HTMLTextAreaElement>;
  label: string;
  value: string;
  onInput: (text: string) => void;
  /** Enter, as the person has chosen; with Ctrl or the command key always. */
  onSend: () => void;
  onPaste?: (event: ClipboardEvent) => void;
  snippets?: SnippetField;
};

/** A text field that grows with its text, up to the height that its style sheet allows. */
export function TextBox({ inputRef, label, value, onInput, onSend, onPaste, snippets }: Props) {
  return (
    // It has the text too, and so its height: to measure the field would move what stands above it.
    <div class="composer-box" data-text={value}>
      <textarea
        ref={inputRef}
        class="composer-input"
        rows={1}
        data-composer
        aria-label={label}
        placeholder={label}
        value={value}
        aria-autocomplete={snippets ? "list" : "none"}
        {...snippets?.attributes}
        onInput={(event) => {
          onInput(event.currentTarget.value);
          snippets?.onCursor(event.currentTarget);
        }}
        onSelect={(event) => snippets?.onCursor(event.currentTarget)}
        onBlur={() => snippets?.onBlur()}
        onPaste={onPaste}
        onKeyDown={(event) => {
          if (snippets?.onKey(event) || !isSend(event)) return;
          event.preventDefault();
          onSend();
        }}
      />
    </div>
  );
}

function isSend(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey) return true;
  // The keyboards on touch screens have no Shift beside Enter: there the button sends.
  return preferences.value.enterSends && !event.shiftKey && !matchMedia("(pointer: coarse)").matches;
}
