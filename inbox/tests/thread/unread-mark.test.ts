import { expect, test } from "vitest";
import type { ReadState } from "../../src/api/types.ts";
import { isBehind, moveMark, NO_MARK, newBefore } from "../../src/thread/unread-mark.ts";
import { CONVERSATION } from "../support/answers.ts";

function read(last: number | null, newest: number, given: Partial<ReadState> = {}): ReadState {
  return {
    conversation_sid: CONVERSATION,
    last_read_message_index: last,
    last_message_index: newest,
    unread: newest - (last ?? -1),
    marked_unread: false,
    muted: false,
    ...given,
  };
}

test("what was unread when the thread was opened stays marked after it has been read", () => {
  const opened = moveMark(NO_MARK, { isVisible: true, read: read(3, 5), last: 5 });
  expect(opened.behind).toBe(3);

  expect(moveMark(opened, { isVisible: true, read: read(5, 5), last: 5 }).behind).toBe(3);
});

test("nothing is marked before it is known what was read, nor when everything was", () => {
  expect(moveMark(NO_MARK, { isVisible: true, read: undefined, last: 5 })).toEqual(NO_MARK);
  expect(moveMark(NO_MARK, { isVisible: true, read: read(3, 5), last: undefined })).toEqual(NO_MARK);
  expect(moveMark(NO_MARK, { isVisible: true, read: read(5, 5), last: 5 }).behind).toBeUndefined();
});

test("a conversation of which nothing was read is marked from its first message on", () => {
  expect(moveMark(NO_MARK, { isVisible: true, read: read(null, 2), last: 2 }).behind).toBeNull();
});

test("a message that comes while the person looks is not marked", () => {
  const opened = moveMark(NO_MARK, { isVisible: true, read: read(5, 5), last: 5 });

  expect(moveMark(opened, { isVisible: true, read: read(5, 6), last: 6 }).behind).toBeUndefined();
});

test("what came while the tab was behind others is marked when it is looked at again", () => {
  const opened = moveMark(NO_MARK, { isVisible: true, read: read(3, 5), last: 5 });
  const away = moveMark(opened, { isVisible: false, read: read(5, 5), last: 5 });
  const news = moveMark(away, { isVisible: false, read: read(5, 7), last: 7 });

  expect(moveMark(news, { isVisible: true, read: read(5, 7), last: 7 }).behind).toBe(5);
});

test("the mark stays when nothing came while the tab was behind others", () => {
  const opened = moveMark(NO_MARK, { isVisible: true, read: read(3, 5), last: 5 });
  const away = moveMark(opened, { isVisible: false, read: read(5, 5), last: 5 });

  expect(moveMark(away, { isVisible: true, read: read(5, 5), last: 5 }).behind).toBe(3);
});

test("a conversation that was marked as unread is behind, though all was read", () => {
  expect(isBehind(read(5, 5), 5)).toBe(false);
  expect(isBehind(read(4, 5), 5)).toBe(true);
  expect(isBehind(read(null, 5), 5)).toBe(true);
  expect(isBehind(read(5, 5, { marked_unread: true }), 5)).toBe(true);
});

test("new messages before those that are here are counted", () => {
  expect(newBefore(3, 50)).toEqual({ count: 46, first: 4 });
  expect(newBefore(null, 50)).toEqual({ count: 50, first: 0 });
  expect(newBefore(49, 50)).toBeNull();
  expect(newBefore(undefined, 50)).toBeNull();
  expect(newBefore(3, undefined)).toBeNull();
});
