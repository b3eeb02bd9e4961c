import { useCallback } from "preact/hooks";
import { useManagedLines } from "../api/administration.ts";
import type { PhoneNumber } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";

/** A function that says how a line is called: by its label, else by its number. */
export function useLineNames(): (address: PhoneNumber) => string {
  const lines = useManagedLines().data;
  return useCallback(
    (address: PhoneNumber) => lines?.find((line) => line.address === address)?.label ?? formatPhone(address),
    [lines],
  );
}
