/** Rows of a long list, of which only those in sight are in the page. The one module that knows TanStack Virtual. */

import {
  elementScroll,
  measureElement,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

type Defaults = "observeElementRect" | "observeElementOffset" | "scrollToFn" | "measureElement" | "onChange";
export type VirtualListOptions = Omit<VirtualizerOptions<HTMLElement, HTMLElement>, Defaults>;
export type VirtualList = Virtualizer<HTMLElement, HTMLElement>;

/** The virtual rows of a scrolled element. Its `measureElement` is the `ref` of each row, which needs a `data-index`. */
export function useVirtualList(options: VirtualListOptions): VirtualList {
  const [, rerender] = useReducer((count: number) => count + 1, 0);
  const all: VirtualizerOptions<HTMLElement, HTMLElement> = {
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    measureElement,
    ...options,
    onChange: () => rerender(undefined as never),
  };
  const [list] = useState(() => new Virtualizer(all));
  list.setOptions(all);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  return list;
}
