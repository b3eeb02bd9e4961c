import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

type Props = {
  inputRef: Ref<HTMLTextAreaElement>;
  label: string;
  value: string;
  onInput: (text: string) => void;
  /** Enter without Shift, outside of an input method's composition. */
  onSend: () => void;
};

/** A text field that grows with its text, up to the height that its style sheet allows. */
export function TextBox({ inputRef, label, value, onInput, onSend }: Props) {
  const box = useRef<HTMLTextAreaElement | null>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [value]);

  return (
    <textarea
      ref={(element) => {
        box.current = element;
        if (typeof inputRef === "function") inputRef(element);
        else if (inputRef) inputRef.current = element;
      }}
      class="composer-input"
      rows={1}
      data-composer
      aria-label={label}
      placeholder={label}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        onSend();
      }}
    />
  );
}
