import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/**
 * Keep what stands at the lower edge of a scrolled element there when its height changes, as when the place to write
 * below it grows: a browser keeps what stands at the upper edge.
 */
export function useKeepBottom(scroller: RefObject<HTMLElement>): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let height = element.clientHeight;
    // As it was before the browser has adapted it to the new height.
    let top = element.scrollTop;
    const note = () => {
      top = element.scrollTop;
    };
    const observer = new ResizeObserver(() => {
      const change = height - element.clientHeight;
      height = element.clientHeight;
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
  }, [scroller]);
}
