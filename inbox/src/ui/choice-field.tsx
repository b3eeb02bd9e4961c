import "./choice-field.css";
import { useId } from "preact/hooks";

type Props<T extends string> = {
  label: string;
  /** Whether the label is for screen readers alone, where the place says what is chosen. */
  isLabelHidden?: boolean;
  hint?: string;
  choices: readonly { value: T; label: string }[];
  value: T;
  isDisabled?: boolean;
  onChange: (value: T) => void;
};

/** One of a few choices, all in sight: arrows move between them. */
export function ChoiceField<T extends string>(props: Props<T>) {
  const { label, isLabelHidden = false, hint, choices, value, isDisabled = false, onChange } = props;
  const id = useId();
  return (
    <div
      class="choice"
      role="radiogroup"
      aria-labelledby={`${id}-label`}
      aria-describedby={hint ? `${id}-hint` : undefined}
    >
      <div class={isLabelHidden && !hint ? "visually-hidden" : "choice-words"}>
        <span id={`${id}-label`} class={isLabelHidden ? "visually-hidden" : ""}>
          {label}
        </span>
        {hint && (
          <span id={`${id}-hint`} class="field-hint">
            {hint}
          </span>
        )}
      </div>
      <div class="choice-options">
        {choices.map((choice) => (
          <label key={choice.value} class="choice-option">
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              disabled={isDisabled}
              onChange={() => onChange(choice.value)}
            />
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
    </div>
  );
}
