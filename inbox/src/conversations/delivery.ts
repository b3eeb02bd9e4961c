/** What became of a message for all its recipients, in one word and one mark. */

import type { Delivery } from "../api/types.ts";
import { words } from "../words/words.ts";

export type DeliveryMark = { kind: "waiting" | "sent" | "delivered" | "failed"; label: string };

/** What shows a mark where there is no room for words. */
export const MARK_ICONS = { waiting: "clock", sent: "check", delivered: "check-double", failed: "alert" } as const;

/** The mark of a message of ours. null where it goes to no phone, as in a conversation of the app alone. */
export function markOf(delivery: Delivery | null): DeliveryMark | null {
  if (!delivery) return null;
  const failed = worst(delivery.failed, delivery.undelivered);
  if (failed !== "none") {
    return { kind: "failed", label: failed === "all" ? words.delivery.failed : words.delivery.partlyFailed };
  }
  if (delivery.delivered === "all" || delivery.read === "all") {
    return { kind: "delivered", label: words.delivery.delivered };
  }
  if (delivery.delivered === "some") return { kind: "sent", label: words.delivery.partlyDelivered };
  if (delivery.sent === "all") return { kind: "sent", label: words.delivery.sent };
  return { kind: "waiting", label: words.delivery.waiting };
}

function worst(one: Delivery["failed"], other: Delivery["failed"]): Delivery["failed"] {
  if (one === "all" || other === "all") return "all";
  return one === "some" || other === "some" ? "some" : "none";
}
