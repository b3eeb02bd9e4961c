/** What became of a message, below its bubble. Pure. */

import type { CachedMessage } from "../api/message-window.ts";
import { type DeliveryMark, markOf } from "../conversations/delivery.ts";
import { words } from "../words/words.ts";

/** The mark of a message of ours: "delivered", and "2 of 3 delivered" where its recipients differ. */
export function deliveryMark(message: CachedMessage): DeliveryMark | null {
  const mark = markOf(message.delivery);
  const counts = countsOf(message);
  if (!mark || !counts) return mark;
  const { delivered, failed, total } = counts;
  if (delivered > 0 && delivered < total) return { ...mark, label: words.delivery.deliveredTo(delivered, total) };
  if (failed > 0 && failed < total) return { ...mark, label: words.delivery.failedFor(failed, total) };
  return mark;
}

/** How many recipients have it; null where that is not known of each. */
function countsOf({ delivery, statuses, is_vague: isVague }: CachedMessage) {
  if (!delivery || !statuses) return null;
  const known = Object.values(statuses);
  if (isVague && known.length < delivery.total) return null;
  const count = (...wanted: (typeof known)[number][]) => known.filter((one) => wanted.includes(one)).length;
  return { delivered: count("delivered", "read"), failed: count("failed", "undelivered"), total: delivery.total };
}
