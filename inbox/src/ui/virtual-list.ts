/** Rows of a long list, of which only those in sight are in the page. The one module that knows TanStack Virtual. */

import {
  defaultRangeExtractor,
  elementScroll,
  measureElement,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

type Given =
  | "observeElementRect"
  | "observeElementOffset"
  | "scrollToFn"
  | "measureElement"
  | "onChange"
  | "rangeExtractor";
export type VirtualListOptions = Omit<VirtualizerOptions<HTMLElement, HTMLElement>, Given> & {
  /** The row that stays in the page out of sight too, such as the one with the focus; -1 for none. */
  kept?: number;
};
export type VirtualList = Virtualizer<HTMLElement, HTMLElement>;

/** The virtual rows of a scrolled element. Its `measureElement` is the `ref` of each row, which needs a `data-index`. */
export function useVirtualList({ kept = -1, ...options }: VirtualListOptions): VirtualList {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  const draw = () => rerender(undefined as never);
  const all: VirtualizerOptions<HTMLElement, HTMLElement> = {
    observeElementRect: (list, report) =>
      observeElementRect(list, (rect) => {
        const { anchorTo, scrollEndThreshold } = list.options;
        const wasAtEnd = list.scrollRect && anchorTo === "end" && distanceFromEnd(list) <= scrollEndThreshold;
        report(rect);
        // What stands below may grow, such as a text that is being written: the last row stays in sight.
        if (wasAtEnd) list.scrollToEnd();
        draw();
      }),
    observeElementOffset,
    scrollToFn: elementScroll,
    measureElement,
    rangeExtractor: (range) => withKept(defaultRangeExtractor(range), kept, range.count),
    ...options,
    onChange: draw,
  };
  const [list] = useState(() => new Virtualizer(all));
  list.setOptions(all);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  return list;
}

/** How many frames in a row a place must be the right one: a measured row may still move it. */
const CALM_FRAMES = 3;
const MOST_FRAMES = 120;

export type Target = { index: number; align: "start" | "center" } | "end";

/**
 * Scroll to a row or to the end, and call back when that is in sight. Until then no row may come before it: the list
 * looks for a row by its index.
 *
 * @returns what gives it up
 */
export function scrollTo(list: VirtualList, target: Target, onThere: () => void): () => void {
  if (target === "end") list.scrollToEnd();
  else list.scrollToIndex(target.index, { align: target.align });
  let calm = 0;
  let frames = 0;
  let frame = requestAnimationFrame(look);
  function look() {
    calm = distanceTo(list, target) < 2 ? calm + 1 : 0;
    frames += 1;
    if (calm > CALM_FRAMES || frames > MOST_FRAMES) onThere();
    else frame = requestAnimationFrame(look);
  }
  return () => cancelAnimationFrame(frame);
}

function distanceTo(list: VirtualList, target: Target): number {
  if (target === "end") return list.getDistanceFromEnd();
  const wanted = list.getOffsetForIndex(target.index, target.align)?.[0] ?? 0;
  return Math.abs(wanted - (list.scrollOffset ?? 0));
}

/**
 * How many pixels of a list are below what is in sight, by the size that it has had until now: to ask its element would
 * make the browser lay out the page. 0 before it is in the page.
 */
export function distanceFromEnd(list: VirtualList): number {
  if (!list.scrollRect) return 0;
  return list.getTotalSize() - list.scrollRect.height - (list.scrollOffset ?? 0);
}

function withKept(indexes: number[], kept: number, count: number): number[] {
  if (kept < 0 || kept >= count || indexes.includes(kept)) return indexes;
  return [...indexes, kept].sort((one, other) => one - other);
}
