/** The focus in a list of which only some rows are in the page. */

import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * A function that moves the focus to a row. One that is not in the page yet gets it as soon as it is drawn: the list must
 * keep it from now on (`kept` of `useVirtualList`). That is before the next key, which is meant for this row already.
 */
export function useRowFocus(find: (key: string) => HTMLElement | null | undefined): (key: string) => void {
  const awaited = useRef<string | null>(null);
  function go(key: string) {
    const row = find(key);
    awaited.current = row ? null : key;
    row?.focus();
  }
  useLayoutEffect(() => {
    if (awaited.current !== null) go(awaited.current);
  });
  return go;
}
