import "./toasts.css";
import { signal } from "@preact/signals";
import { words } from "../words/words.ts";
import { IconButton } from "./button.tsx";

type Toast = { id: number; text: string; action?: { label: string; onSelect: () => void } };

const LIFE = 8_000;
const toasts = signal<Toast[]>([]);
let lastId = 0;

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

/** The place of toasts. It is in the page once. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
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
