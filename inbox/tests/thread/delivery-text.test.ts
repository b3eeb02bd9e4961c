import { expect, test } from "vitest";
import { cacheMessage } from "../../src/api/message-window.ts";
import type { Delivery, ReceiptStatus } from "../../src/api/types.ts";
import { applyStatus } from "../../src/live/delivery.ts";
import { deliveryMark } from "../../src/thread/delivery-text.ts";
import { LINE, message } from "../support/answers.ts";

const NONE: Delivery = { total: 3, sent: "none", delivered: "none", read: "none", failed: "none", undelivered: "none" };

function sent(delivery: Partial<Delivery>, statuses: Record<string, ReceiptStatus | null>) {
  return cacheMessage({
    ...message(0, { author: LINE }),
    delivery: { ...NONE, ...delivery },
    delivery_statuses: statuses,
  });
}

test("where all are equal, one word says it", () => {
  const all = sent({ sent: "all", delivered: "all" }, { a: "delivered", b: "delivered", c: "delivered" });
  expect(deliveryMark(all)).toEqual({ kind: "delivered", label: "delivered" });
  expect(deliveryMark(sent({}, { a: null, b: null, c: null }))?.label).toBe("waiting");
});

test("where recipients differ, they are counted", () => {
  const mixed = sent({ sent: "all", delivered: "some" }, { a: "delivered", b: "delivered", c: "sent" });
  expect(deliveryMark(mixed)).toEqual({ kind: "sent", label: "2 of 3 delivered" });

  const failed = sent({ delivered: "some", undelivered: "some" }, { a: "delivered", b: "undelivered", c: null });
  expect(deliveryMark(failed)).toEqual({ kind: "failed", label: "1 of 3 delivered" });

  const nobody = sent({ sent: "some", failed: "some" }, { a: "failed", b: "sent", c: null });
  expect(deliveryMark(nobody)).toEqual({ kind: "failed", label: "not delivered to 1 of 3" });
});

test("live events go on counting from what was read", () => {
  let shown = sent({ sent: "all", delivered: "some" }, { a: "delivered", b: "sent", c: "sent" });
  shown = applyStatus(shown, "b", "delivered");
  expect(deliveryMark(shown)?.label).toBe("2 of 3 delivered");

  shown = applyStatus(shown, "c", "delivered");
  expect(deliveryMark(shown)).toEqual({ kind: "delivered", label: "delivered" });
});

test("a message that was just sent is counted from its events alone", () => {
  const shown = applyStatus(message(0, { author: LINE, delivery: NONE }), "a", "delivered");
  expect(deliveryMark(shown)?.label).toBe("1 of 3 delivered");
});

test("nothing is counted that is not known", () => {
  const vague = message(0, { author: LINE, delivery: { ...NONE, sent: "all", delivered: "some" } });
  expect(deliveryMark(vague)?.label).toBe("delivered to some");
  expect(deliveryMark(applyStatus(vague, "a", "delivered"))?.label).toBe("delivered to some");
});
