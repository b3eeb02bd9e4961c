import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** Whether a row of the thread is the one that takes part in tabbing. */
export const RowTab = createContext(false);

/** The `tabIndex` of what can be pressed within a row: Tab goes from a row into it, and does not run through all rows. */
export function useRowTab(): 0 | -1 {
  return useContext(RowTab) ? 0 : -1;
}
