import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Whether an element has more content than room, so that keys must be able to scroll it. */
export function useScrollable(element: RefObject<HTMLElement>): boolean {
  const [isScrollable, setScrollable] = useState(false);
  useEffect(() => {
    const shown = element.current;
    if (!shown) return;
    const look = () => setScrollable(shown.scrollHeight > shown.clientHeight);
    const observer = new ResizeObserver(look);
    // Its own room, and what is in it.
    for (const one of [shown, ...shown.children]) observer.observe(one);
    const watcher = new MutationObserver(look);
    watcher.observe(shown, { childList: true, subtree: true });
    return () => {
      observer.disconnect();
      watcher.disconnect();
    };
  }, [element]);
  return isScrollable;
}
