/** The summary of a message's receipts, as single receipts change it. Pure. */

import type { CachedMessage } from "../api/message-window.ts";
import type { Delivery, ReceiptStatus, Share, Sid } from "../api/types.ts";

/** The shares that a status counts for. They are cumulative: what is delivered was also sent. */
const SHARES: Record<ReceiptStatus, (keyof Omit<Delivery, "total">)[]> = {
  sent: ["sent"],
  delivered: ["sent", "delivered"],
  read: ["sent", "delivered", "read"],
  undelivered: ["sent", "undelivered"],
  failed: ["failed"],
};
const NAMES = ["sent", "delivered", "read", "failed", "undelivered"] as const;
/** A status never goes back to one that comes before it. */
const RANKS: Record<ReceiptStatus, number> = { sent: 0, undelivered: 1, failed: 1, delivered: 2, read: 3 };

/** Put the status of one recipient into a message. */
export function applyStatus(message: CachedMessage, participant: Sid, status: ReceiptStatus): CachedMessage {
  const before = message.statuses?.[participant];
  if (before && RANKS[before] > RANKS[status]) return message;
  const statuses = { ...message.statuses, [participant]: status };
  const total = Math.max(message.delivery?.total ?? 0, Object.keys(statuses).length);
  const delivery = summarize(message.delivery, statuses, total);
  return {
    ...message,
    statuses,
    delivery,
    is_vague: message.statuses ? (message.is_vague ?? false) : hasSome(message),
  };
}

function hasSome({ delivery }: CachedMessage): boolean {
  return delivery !== null && NAMES.some((name) => delivery[name] === "some");
}

function summarize(base: Delivery | null, statuses: Record<Sid, ReceiptStatus>, total: number): Delivery {
  const known = Object.values(statuses);
  const summary: Delivery = {
    total,
    sent: "none",
    delivered: "none",
    read: "none",
    failed: "none",
    undelivered: "none",
  };
  for (const name of NAMES) {
    const count = known.filter((status) => SHARES[status].includes(name)).length;
    summary[name] = join(base?.[name] ?? "none", count, known.length, total);
  }
  return summary;
}

/** `count` of the `known` recipients are known to have it, of `total`. */
function join(base: Share, count: number, known: number, total: number): Share {
  if (count === total) return "all";
  // All are known, so what the summary said before does not matter.
  if (known === total) return count ? "some" : "none";
  if (base === "none") return count ? "some" : "none";
  return base === "all" && count === known ? "all" : "some";
}

/** Whether the summary may be wrong: it is vague, and there are recipients of whom nothing is known still. */
export function isUncertain({ delivery, statuses, is_vague }: CachedMessage): boolean {
  return Boolean(is_vague && delivery && statuses && Object.keys(statuses).length < delivery.total);
}
