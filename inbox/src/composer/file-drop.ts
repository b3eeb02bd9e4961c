import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Take files that are dropped anywhere on the thread or the dialog around an element. Returns whether some hang over it. */
export function useFileDrop(element: RefObject<HTMLElement>, onDrop: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const place = element.current?.closest<HTMLElement>(".thread, dialog") ?? element.current;
    if (!place) return;
    const stop = new AbortController();
    const { signal } = stop;
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

/** Refuse files that are dropped where nothing takes them: the browser would open them in place of the app. */
export function refuseOtherDrops(): void {
  const refuse = (event: DragEvent) => {
    if (event.defaultPrevented || !hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
  };
  addEventListener("dragover", refuse);
  addEventListener("drop", refuse);
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
