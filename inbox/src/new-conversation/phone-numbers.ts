/** Numbers that people type. In a chunk of its own, since the metadata of all countries is large. */

import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import type { TypedNumber } from "./recipients.ts";

/** Read a number as it is typed in the United States; null while it is none. */
export function parseNumber(text: string): TypedNumber | null {
  const number = parsePhoneNumberFromString(text, "US");
  if (!number?.isPossible()) return null;
  return { number: number.number, country: number.country ?? null };
}
