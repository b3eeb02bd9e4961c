const GAP = 6;
const EDGE = 8;

/**
 * Place an open popup below an element, or above it where there is more room, inside the window.
 *
 * `start` puts the popup's left edge at the element's, `end` its right edge.
 */
export function placeBeside(popup: HTMLElement, element: HTMLElement, align: "start" | "end"): void {
  const target = element.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const { left, top } = place(target, { width, height }, { width: innerWidth, height: innerHeight }, align);
  popup.style.left = `${left}px`;
  popup.style.top = `${top}px`;
}

type Size = { width: number; height: number };
type Box = { left: number; right: number; top: number; bottom: number };

/** Where a popup of a size has its upper left corner. All in pixels of the window. */
export function place(target: Box, popup: Size, view: Size, align: "start" | "end"): { left: number; top: number } {
  const left = align === "start" ? target.left : target.right - popup.width;
  const below = target.bottom + GAP;
  const above = target.top - GAP - popup.height;
  const isBelow = below + popup.height <= view.height - EDGE || above < EDGE;
  return {
    left: clamp(left, EDGE, view.width - popup.width - EDGE),
    top: clamp(isBelow ? below : above, EDGE, view.height - popup.height - EDGE),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
