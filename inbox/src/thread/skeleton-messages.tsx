import "./skeleton-messages.css";
import { classNames } from "../ui/class-names.ts";
import { words } from "../words/words.ts";

/** The widths of the bubbles, in per cent; those of the person's own side are negative. */
const BUBBLES = [42, 28, -36, -52, 34, -24, 46];

/** In the place of messages that are being read. A screen reader hears one word. */
export function SkeletonMessages() {
  return (
    <div class="skeleton-messages" aria-busy="true">
      <span class="visually-hidden">{words.app.loading}</span>
      {BUBBLES.map((width) => (
        <span
          key={width}
          class={classNames("skeleton-line", "skeleton-bubble", width < 0 && "skeleton-bubble-out")}
          style={{ width: `${Math.abs(width)}%` }}
          aria-hidden="true"
        />
      ))}
    </div>
  );
}
