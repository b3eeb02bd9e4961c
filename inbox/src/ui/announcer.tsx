import { signal } from "@preact/signals";

const spoken = signal({ text: "", count: 0 });

/** Have a screen reader say a text when it has finished what it says. */
export function announce(text: string): void {
  spoken.value = { text, count: spoken.value.count + 1 };
}

/** The region that `announce` fills. It is in the page once. */
export function Announcer() {
  const { text, count } = spoken.value;
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {/* The same text twice is two changes. */}
      <span key={count}>{text}</span>
    </div>
  );
}
