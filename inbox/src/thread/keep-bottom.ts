import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/**
 * Keep what stands at the lower edge of a scrolled element there when its height changes, as when the place to write
 * below it grows: a browser keeps what stands at the upper edge.
 */
export function useKeepBottom(scroller: RefObject<HTMLElement>): void {
  useLayoutEffect(() => (scroller.current ? keepBottom(scroller.current) : undefined), [scroller]);
}

/** The same for an element. Returns what ends it. */
export function keepBottom(element: HTMLElement): () => void {
  // As they were before the browser has adapted them to a new height, or after a scroll that knows it already.
  let { scrollTop: top, clientHeight: height } = element;
  const note = () => {
    ({ scrollTop: top, clientHeight: height } = element);
  };
  const observer = new ResizeObserver(() => {
    const change = height - element.clientHeight;
    if (change === 0) return;
    element.scrollTop = top + change;
    note();
  });
  observer.observe(element);
  element.addEventListener("scroll", note, { passive: true });
  return () => {
    observer.disconnect();
    element.removeEventListener("scroll", note);
  };
}
