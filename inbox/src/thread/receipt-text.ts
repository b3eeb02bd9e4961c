/** What became of a message for one recipient, in words. Pure. */

import type { Receipt } from "../api/types.ts";
import { words } from "../words/words.ts";

/** "delivered", "waiting", "failed: opted out". */
export function receiptText({ status, error_code: code }: Pick<Receipt, "status" | "error_code">): string {
  const { delivery, reasons } = words;
  if (status === null) return delivery.waiting;
  if (status !== "failed" && status !== "undelivered") return delivery.status[status];
  const reason = (reasons as Record<number, string | undefined>)[code] ?? (code ? reasons.other(code) : null);
  return reason ? delivery.failedBecause(reason) : delivery.status[status];
}

/** Whether a recipient did not get a message. */
export function isFailure({ status }: Pick<Receipt, "status">): boolean {
  return status === "failed" || status === "undelivered";
}
