import "./toasts.css";
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../words/words.ts";
import { IconButton } from "./button.tsx";

type Toast = { id: number; text: string; action?: { label: string; onSelect: () => void } };

const LIFE = 8_000;
const toasts = signal<Toast[]>([]);
let lastId = 0;
/** Where toasts can be, the innermost last: in the page, and in each open dialog, beside which nothing can be pressed. */
const places = signal<object[]>([]);

/** Say shortly what has happened, perhaps with a way to take it back. It goes away by itself. */
export function showToast(text: string, action?: Toast["action"]): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value.slice(-2), action ? { id, text, action } : { id, text }];
  setTimeout(() => dismiss(id), LIFE);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** A place of toasts, over all that is open when it is first drawn. They are in the innermost place. */
export function Toasts() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    places.value = [...places.peek(), element];
    element.current?.showPopover();
    return () => {
      places.value = places.peek().filter((one) => one !== element);
    };
  }, []);
  const shown = places.value.at(-1) === element ? toasts.value : [];
  return (
    <div ref={element} class="toasts" popover="manual" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} class="toast">
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              class="toast-action"
              onClick={() => {
                dismiss(toast.id);
                toast.action?.onSelect();
              }}
            >
              {toast.action.label}
            </button>
          )}
          <IconButton icon="close" label={words.app.close} onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
