import { useEffect, useState } from "preact/hooks";

/**
 * A value as the page has painted it last: it follows a frame behind. What costs much to draw is drawn by it, so that
 * what was pressed answers first.
 */
export function usePainted<T>(value: T): T {
  const [painted, setPainted] = useState(value);
  // Effects run after the frame, and in a tab out of sight soon after.
  useEffect(() => setPainted(value), [value]);
  return painted;
}
