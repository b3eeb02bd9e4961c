import "./search-field.css";
import { useRef } from "preact/hooks";
import { words } from "../words/words.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

type Props = { label: string; placeholder: string; value: string; onInput: (text: string) => void };

/** A field for a search. Escape empties it, and leaves it when it is empty. */
export function SearchField({ label, placeholder, value, onInput }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <search class="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        data-search
        placeholder={placeholder}
        aria-label={label}
        autoComplete="off"
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (!value) event.currentTarget.blur();
          else {
            // What it stands in, such as a dialog, goes on.
            event.preventDefault();
            onInput("");
          }
        }}
      />
      {value && (
        <IconButton
          icon="close"
          label={words.app.clearSearch}
          onClick={() => {
            onInput("");
            input.current?.focus();
          }}
        />
      )}
    </search>
  );
}
