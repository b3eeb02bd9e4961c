import { expect, test } from "vitest";
import { describeNotice, type Notice, parseNotice } from "../../src/notifications/notice.ts";
import { CONVERSATION } from "../support/answers.ts";

/** As docs/push.md has it. */
const PUSHED = {
  type: "message",
  identity: "ann",
  conversation_sid: CONVERSATION,
  message_sid: "IM00000000040000000000000000000001",
  index: 4,
  title: "12 Elm Street",
  sender: "Bob Miller",
  text: "On my way",
  kind: "text",
  unread: 2,
  date_created: "2026-11-28T14:02:00.000Z",
};

const parsed = (given: Partial<Notice> = {}) => parseNotice({ ...PUSHED, ...given });

test("a notification says who writes in which conversation, and what", () => {
  expect(describeNotice(parsed(), true)).toEqual({ title: "12 Elm Street", body: "Bob Miller: On my way" });
});

test("without the person's choice it says nothing of anybody", () => {
  expect(describeNotice(parsed(), false)).toEqual({ title: "New message", body: "" });
});

test("the only member of a conversation is named once", () => {
  expect(describeNotice(parsed({ title: "Bob Miller" }), true)).toEqual({ title: "Bob Miller", body: "On my way" });
});

test("numbers are shown as people read them", () => {
  const notice = parsed({ title: "Bob, +12065550152", sender: "+12065550152" });
  expect(describeNotice(notice, true)).toEqual({
    title: "Bob, (206) 555-0152",
    body: "(206) 555-0152: On my way",
  });
});

test("a file without words is one", () => {
  expect(describeNotice(parsed({ text: "" }), true).body).toBe("Bob Miller: File");
});

test.each([
  undefined,
  null,
  "text",
  [],
  { ...PUSHED, type: "reminder" },
  { ...PUSHED, conversation_sid: "../../elsewhere" },
  { ...PUSHED, conversation_sid: undefined },
])("of %j it says something general", (given) => {
  expect(parseNotice(given)).toBeNull();
  expect(describeNotice(parseNotice(given), true)).toEqual({ title: "New message", body: "" });
});

test("what is missing or of another kind is left out", () => {
  const notice = parseNotice({ type: "message", conversation_sid: CONVERSATION, title: 3, index: "x" });
  expect(notice).toMatchObject({ index: -1, title: "", sender: "", text: "" });
  expect(describeNotice(notice, true)).toEqual({ title: "New message", body: "File" });
});
