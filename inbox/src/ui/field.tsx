import "./field.css";
import type { ComponentChildren, InputHTMLAttributes, Ref, SelectHTMLAttributes, TextareaHTMLAttributes } from "preact";
import { useId } from "preact/hooks";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

type Common = {
  label: string;
  /** Whether the label is for screen readers alone, where the place says what the field is. */
  isLabelHidden?: boolean;
  hint?: ComponentChildren;
  /** What is wrong with the value. It is read out when it appears. */
  error?: string | null | undefined;
};

/** What belongs to a field besides the control: its label, hint and error, tied to it for screen readers. */
function Frame({
  id,
  label,
  isLabelHidden,
  hint,
  error,
  children,
}: Common & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id} class={isLabelHidden ? "visually-hidden" : "field-label"}>
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      )}
      <p id={`${id}-error`} class="field-error" role="alert" hidden={!error}>
        {error}
      </p>
    </div>
  );
}

function describedBy(id: string, { hint, error }: Common): string | undefined {
  return classNames(hint ? `${id}-hint` : null, error ? `${id}-error` : null) || undefined;
}

export function TextField({
  label,
  isLabelHidden,
  hint,
  error,
  inputRef,
  ...rest
}: Common & InputHTMLAttributes & { inputRef?: Ref<HTMLInputElement> }) {
  const id = useId();
  const common = { label, isLabelHidden: Boolean(isLabelHidden), hint, error };
  return (
    <Frame id={id} {...common}>
      <input
        type="text"
        autoComplete="off"
        {...rest}
        ref={inputRef ?? null}
        id={id}
        class="field-control"
        aria-invalid={Boolean(error)}
        aria-describedby={describedBy(id, common)}
      />
    </Frame>
  );
}

export function TextArea({ label, isLabelHidden, hint, error, ...rest }: Common & TextareaHTMLAttributes) {
  const id = useId();
  const common = { label, isLabelHidden: Boolean(isLabelHidden), hint, error };
  return (
    <Frame id={id} {...common}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        class="field-control field-area"
        aria-invalid={Boolean(error)}
        aria-describedby={describedBy(id, common)}
      />
    </Frame>
  );
}

export type Choice = { value: string; label: string; isDisabled?: boolean };

export function SelectField({
  label,
  isLabelHidden,
  hint,
  error,
  choices,
  ...rest
}: Common & SelectHTMLAttributes & { choices: Choice[] }) {
  const id = useId();
  const common = { label, isLabelHidden: Boolean(isLabelHidden), hint, error };
  return (
    <Frame id={id} {...common}>
      <span class="field-select">
        <select
          {...rest}
          id={id}
          class="field-control"
          aria-invalid={Boolean(error)}
          aria-describedby={describedBy(id, common)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} disabled={choice.isDisabled}>
              {choice.label}
            </option>
          ))}
        </select>
        <Icon name="chevron" />
      </span>
    </Frame>
  );
}

type SwitchProps = {
  label: string;
  hint?: string;
  isOn: boolean;
  isDisabled?: boolean;
  onChange: (isOn: boolean) => void;
};

/** A setting that is on or off and takes effect at once. */
export function Switch({ label, hint, isOn, isDisabled = false, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div class="switch">
      <div class="switch-words">
        <span id={`${id}-label`}>{label}</span>
        {hint && (
          <span id={`${id}-hint`} class="field-hint">
            {hint}
          </span>
        )}
      </div>
      <button
        type="button"
        role="switch"
        class="switch-control"
        aria-checked={isOn}
        aria-labelledby={`${id}-label`}
        aria-describedby={hint ? `${id}-hint` : undefined}
        disabled={isDisabled}
        onClick={() => onChange(!isOn)}
      />
    </div>
  );
}
