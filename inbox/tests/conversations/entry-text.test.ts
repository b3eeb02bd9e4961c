import { describe, expect, test } from "vitest";
import type { InboxEntry, InboxMessage } from "../../src/api/types.ts";
import { markOf } from "../../src/conversations/delivery.ts";
import { isOutgoing, previewOf, titleOf, unreadCount } from "../../src/conversations/entry-text.ts";

const BOB = { name: "Bob Miller", number: "+12065550150", identity: null, contact_sid: "CT1" };
const KAY = { name: null, number: "+12065550152", identity: null, contact_sid: null };
const LINE = "+12065550100";

function entry(last: Partial<InboxMessage> | null, over: Partial<InboxEntry> = {}): InboxEntry {
  const members = over.members ?? [BOB, KAY];
  return { members, member_count: members.length, line: LINE, last_message: last, ...over } as InboxEntry;
}

const nameOf = (identity: string) => identity.toUpperCase();

describe("the newest message in a row", () => {
  test.each([
    [{ author: LINE, written_by: "ann", body: "Sunday?" }, "You: Sunday?"],
    [{ author: LINE, written_by: "ben", body: "Sunday?" }, "BEN: Sunday?"],
    [{ author: LINE, written_by: null, body: "Sunday?" }, "Line: Sunday?"],
    [{ author: BOB.number, written_by: null, body: "On\nmy way" }, "Bob: On my way"],
    [{ author: KAY.number, written_by: null, body: "ok" }, "(206) 555-0152: ok"],
    [{ author: BOB.number, written_by: null, body: null }, "Bob: File"],
  ])("%o", (last, expected) => {
    expect(previewOf(entry(last), "ann", nameOf)).toBe(expected);
  });

  test.each([
    [{ kind: "like", removed: false, emoji: null }, "Bob: Reacted 👍"],
    [{ kind: "emoji", removed: false, emoji: "🎉" }, "Bob: Reacted 🎉"],
    [{ kind: "love", removed: true, emoji: null }, "Bob: Took back ❤️"],
    // A sticker brings no picture: it is shown as the text that it came as.
    [{ kind: "sticker", removed: false, emoji: null }, "Bob: Words of the phone"],
  ])("a reaction is told as one: %o", (tapback, expected) => {
    const last = { author: BOB.number, written_by: null, body: "Words of the phone", tapback };
    expect(previewOf(entry(last), "ann", nameOf)).toBe(expected);
  });

  test("who writes to the only member needs no name", () => {
    expect(
      previewOf(entry({ author: BOB.number, written_by: null, body: "hi" }, { members: [BOB] }), "ann", nameOf),
    ).toBe("hi");
  });

  test("a conversation without messages says so", () => {
    expect(previewOf(entry(null), "ann", nameOf)).toBe("No messages yet");
  });

  test("only messages of ours have a delivery to show", () => {
    expect(isOutgoing(entry({ author: LINE, written_by: null }))).toBe(true);
    expect(isOutgoing(entry({ author: BOB.number, written_by: null }))).toBe(false);
    expect(isOutgoing(entry(null))).toBe(false);
  });
});

test("numbers in a title are as people read them", () => {
  expect(titleOf({ title: "Bob Miller, +12065550152" })).toBe("Bob Miller, (206) 555-0152");
  expect(titleOf({ title: "" })).toBe("Nobody yet");
});

test("a conversation that was marked as unread counts at least one", () => {
  expect(unreadCount({ unread: 0, marked_unread: true })).toBe(1);
  expect(unreadCount({ unread: 3, marked_unread: true })).toBe(3);
  expect(unreadCount({ unread: null, marked_unread: false })).toBe(0);
});

describe("the mark of a message", () => {
  const none = {
    total: 2,
    sent: "none",
    delivered: "none",
    read: "none",
    failed: "none",
    undelivered: "none",
  } as const;
  test.each([
    [null, undefined],
    [none, "waiting"],
    [{ ...none, sent: "some" }, "waiting"],
    [{ ...none, sent: "all" }, "sent"],
    [{ ...none, sent: "all", delivered: "some" }, "sent"],
    [{ ...none, sent: "all", delivered: "all" }, "delivered"],
    [{ ...none, sent: "all", delivered: "some", failed: "some" }, "failed"],
    [{ ...none, undelivered: "all" }, "failed"],
  ] as const)("%o", (delivery, kind) => {
    expect(markOf(delivery)?.kind).toBe(kind);
  });
});
