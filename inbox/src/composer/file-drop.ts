import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/**
 * Take files that are dropped anywhere on the thread around an element. Returns whether some hang over it.
 *
 * The browser would open a dropped file in place of the app, so a drop elsewhere in the thread counts too.
 */
export function useFileDrop(element: RefObject<HTMLElement>, onDrop: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const place = element.current?.closest<HTMLElement>(".thread") ?? element.current;
    if (!place) return;
    const stop = new AbortController();
    const { signal } = stop;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    place.addEventListener(
      "dragover",
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      { signal },
    );
    place.addEventListener(
      "dragleave",
      (event) => {
        if (!(event.relatedTarget instanceof Node && place.contains(event.relatedTarget))) setOver(false);
      },
      { signal },
    );
    place.addEventListener(
      "drop",
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(false);
        onDrop([...(event.dataTransfer?.files ?? [])]);
      },
      { signal },
    );
    return () => stop.abort();
  }, [element, onDrop]);
  return isOver;
}
