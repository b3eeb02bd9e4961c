import "./people-field.css";
import { useCombobox } from "downshift";
import { useRef, useState } from "preact/hooks";
import { formatPhone } from "../format/phone.ts";
import type { Recipient } from "../navigation/new-conversation.ts";
import { announce } from "../ui/announcer.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { type Choice, recipientName } from "./recipients.ts";

type Props = {
  label: string;
  /** "3 of 9". */
  count: string | null;
  chosen: Recipient[];
  choices: Choice[];
  isSearching: boolean;
  /** What was typed that finds nobody. */
  emptyText: string;
  error: string | null;
  /** Whether one begins to write here. */
  isFirst: boolean;
  onSearch: (text: string) => void;
  onAdd: (recipient: Recipient) => void;
  onRemove: (number: string) => void;
};

/**
 * A field for people: what is chosen stands in it as tokens, what is typed is offered below. Arrows choose, Enter adds,
 * Backspace at the beginning takes the last one out. The one module that knows downshift.
 */
export function PeopleField(props: Props) {
  const { label, count, chosen, choices, isSearching, emptyText, error, isFirst, onSearch, onAdd, onRemove } = props;
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);

  function search(value: string) {
    setText(value);
    onSearch(value);
  }

  function add(choice: Choice) {
    if (choice.problem) {
      announce(choice.problem);
      return;
    }
    onAdd(choice);
    announce(words.newConversation.added(recipientName(choice)));
    search("");
  }

  function remove(recipient: Recipient) {
    onRemove(recipient.number);
    announce(words.newConversation.removed(recipientName(recipient)));
    // The button that had the focus is gone.
    input.current?.focus();
  }

  const combobox = useCombobox<Choice>({
    items: choices,
    inputValue: text,
    itemToString: (choice) => (choice ? recipientName(choice) : ""),
    selectedItem: null,
    defaultHighlightedIndex: 0,
  });

  const labels = combobox.getLabelProps();
  const hasList = combobox.isOpen && text.trim() !== "";
  return (
    <div class="people">
      <div class="people-head">
        <label id={labels.id} for={labels.htmlFor} class="field-label">
          {label}
        </label>
        {count && <span class="people-count tabular">{count}</span>}
      </div>
      <div class={classNames("people-box", error && "people-box-wrong")}>
        {chosen.map((recipient) => (
          <Token key={recipient.number} recipient={recipient} onRemove={() => remove(recipient)} />
        ))}
        <input
          class="people-input"
          {...(combobox.getInputProps({
            ref: input as never,
            onChange: (event: { currentTarget: { value: string } }) => search(event.currentTarget.value),
            onKeyDown: (event: KeyboardEvent) => {
              const last = chosen.at(-1);
              if (event.key === "Backspace" && text === "" && last) remove(last);
              const marked = hasList ? choices[combobox.highlightedIndex] : undefined;
              if (event.key === "Enter" && marked && !event.isComposing) {
                event.preventDefault();
                takeOver(event);
                add(marked);
              }
              // It closes the list if there is one, else what is around the field.
              if (event.key === "Escape" && !hasList) takeOver(event);
            },
          } as never) as object)}
          // biome-ignore lint/a11y/noAutofocus: a dialog begins where one writes, and not at its cross
          autoFocus={isFirst}
          placeholder={chosen.length ? "" : words.newConversation.peoplePlaceholder}
          aria-invalid={Boolean(error)}
          aria-describedby="people-error"
        />
      </div>
      <p id="people-error" class="field-error" role="alert" hidden={!error}>
        {error}
      </p>
      <ul class={classNames("people-list", hasList && "people-list-open")} {...(combobox.getMenuProps() as object)}>
        {hasList &&
          choices.map((choice, index) => (
            <li
              key={choice.key}
              class={classNames("people-choice", index === combobox.highlightedIndex && "people-choice-active")}
              {...(combobox.getItemProps({
                item: choice,
                index,
                onClick: (event: MouseEvent) => {
                  takeOver(event);
                  add(choice);
                },
              } as never) as object)}
              aria-disabled={choice.problem !== null}
            >
              <ChoiceWords choice={choice} />
            </li>
          ))}
      </ul>
      {hasList && choices.length === 0 && (
        <p class="people-list people-list-open people-empty" role="status">
          {isSearching ? words.app.loading : emptyText}
        </p>
      )}
    </div>
  );
}

/** Handle an event here alone: what downshift reports comes a frame later, and would take back what was typed since. */
function takeOver(event: Event): void {
  Object.assign(event, { preventDownshiftDefault: true });
}

function ChoiceWords({ choice }: { choice: Choice }) {
  const detail = [choice.label, choice.name ? formatPhone(choice.number) : ""].filter(Boolean).join(" · ");
  return (
    <>
      <Avatar name={choice.name} size="s" />
      <span class="people-choice-words">
        <span class="people-choice-name">{recipientName(choice)}</span>
        <span class="people-choice-detail">{choice.problem ?? detail}</span>
      </span>
    </>
  );
}

function Token({ recipient, onRemove }: { recipient: Recipient; onRemove: () => void }) {
  const name = recipientName(recipient);
  return (
    <span class="token">
      <span class="token-name">
        {name}
        {recipient.label && <span class="token-label"> {recipient.label}</span>}
      </span>
      <button type="button" class="token-remove" aria-label={words.newConversation.remove(name)} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </span>
  );
}
