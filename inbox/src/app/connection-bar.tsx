import "./connection-bar.css";
import { useEffect, useState } from "preact/hooks";
import { formatClock } from "../format/time.ts";
import { type ConnectionState, connection } from "../live/live.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";

/** Shorter breaks are nobody's concern, in milliseconds. */
const PATIENCE = 2_000;

/** Says over the screens that news do not arrive, once that has lasted. It covers nothing that one presses. */
export function ConnectionBar() {
  const state = connection.value;
  const isDown = state.kind !== "open" && state.kind !== "closed";
  const [isShown, setShown] = useState(false);

  useEffect(() => {
    if (!isDown) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [isDown]);

  return (
    <div class="connection" role="status">
      {isShown && isDown && (
        <p class="connection-text">
          <Icon name="alert" />
          {textOf(state)}
        </p>
      )}
    </div>
  );
}

function textOf({ kind, since }: ConnectionState): string {
  if (kind === "connecting") return words.connection.connecting;
  const lastNews = formatClock(new Date(since).toISOString());
  return kind === "offline" ? words.connection.offline(lastNews) : words.connection.waiting(lastNews);
}
