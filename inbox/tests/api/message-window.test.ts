import { describe, expect, it } from "vitest";
import {
  addNewer,
  addOlder,
  buildWindow,
  clientRefOf,
  mergeWindows,
  putMessage,
  removeMessage,
} from "../../src/api/message-window.ts";
import { message } from "../support/answers.ts";

const AT_END = { hasOlder: true, hasNewer: false };
const indexes = (window: { messages: { index: number }[] }) => window.messages.map(({ index }) => index);

describe("a window of messages", () => {
  it("is in the order of the indexes, whatever order was asked for", () => {
    const window = buildWindow([message(7), message(6), message(5)], AT_END);
    expect(indexes(window)).toEqual([5, 6, 7]);
    expect(window.through).toBe(7);
  });

  it("takes a new message behind its end", () => {
    const window = putMessage(buildWindow([message(5)], AT_END), message(6));
    expect(indexes(window)).toEqual([5, 6]);
    expect(window.through).toBe(6);
  });

  it("remembers that something is missing before a message that came too early", () => {
    const window = putMessage(buildWindow([message(5)], AT_END), message(7));
    expect(indexes(window)).toEqual([5, 7]);
    expect(window.through).toBe(5);
  });

  it("takes a message once", () => {
    const window = putMessage(putMessage(buildWindow([], AT_END), message(0)), message(0, { body: "again" }));
    expect(window.messages.map(({ body }) => body)).toEqual(["again"]);
  });

  it("leaves a new message out after a jump, since others are between", () => {
    const window = buildWindow([message(5)], { hasOlder: true, hasNewer: true });
    expect(putMessage(window, message(90))).toBe(window);
  });

  it("leaves a message out that is before the older ones that were not read", () => {
    const window = buildWindow([message(5)], AT_END);
    expect(putMessage(window, message(1))).toBe(window);
  });

  it("grows at both ends", () => {
    const jumped = buildWindow([message(50)], { hasOlder: true, hasNewer: true });
    const older = addOlder(jumped, [message(49), message(48)], false);
    const all = addNewer(older, [message(51), message(52)], false);
    expect(indexes(all)).toEqual([48, 49, 50, 51, 52]);
    expect(all).toMatchObject({ hasOlder: false, hasNewer: false, through: 52 });
  });

  it("keeps what was read beside it while it was read again", () => {
    const again = buildWindow([message(5), message(6)], AT_END);
    const now = buildWindow([message(4), message(5), message(6), message(7)], { hasOlder: false, hasNewer: false });
    const merged = mergeWindows(again, now);
    expect(indexes(merged)).toEqual([4, 5, 6, 7]);
    expect(merged.hasOlder).toBe(false);
  });

  it("does not bring back what was deleted while it was read again", () => {
    const again = buildWindow([message(5)], AT_END);
    const now = removeMessage(buildWindow([message(5), message(6)], AT_END), message(6).sid);
    expect(indexes(mergeWindows(again, now))).toEqual([5]);
  });
});

describe("the reference of an outbox entry", () => {
  it("is read from the attributes", () => {
    expect(clientRefOf({ attributes: '{"client_ref":"k1"}' })).toBe("k1");
  });

  it("is null for what others write there", () => {
    for (const attributes of ["{}", "", "client_ref", '{"client_ref":1}', '["client_ref"]', "null"]) {
      expect(clientRefOf({ attributes })).toBeNull();
    }
  });
});
