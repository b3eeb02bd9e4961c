import { expect, test } from "vitest";
import { rowAfter } from "../../src/thread/log-keys.ts";
import type { Row } from "../../src/thread/timeline.ts";
import { message } from "../support/answers.ts";

const day: Row = { kind: "day", key: "day", date: "2026-11-28T12:00:00Z" };
const row = (index: number): Row => ({
  kind: "message",
  key: `${index}`,
  message: message(index),
  reactions: [],
  isFirst: true,
  isLast: true,
});
const ROWS = [day, row(0), row(1), day, row(2), ...Array.from({ length: 20 }, (_, at) => row(3 + at))];

test("arrows go from message to message, over what is between", () => {
  expect(rowAfter("ArrowDown", ROWS, 2)).toBe(4);
  expect(rowAfter("ArrowUp", ROWS, 4)).toBe(2);
});

test("there is nothing before the first and behind the last", () => {
  expect(rowAfter("ArrowUp", ROWS, 1)).toBeNull();
  expect(rowAfter("ArrowDown", ROWS, ROWS.length - 1)).toBeNull();
});

test("Home and End go to the first and the last of what was read, and Page Up a part of the way", () => {
  expect(rowAfter("Home", ROWS, 10)).toBe(1);
  expect(rowAfter("End", ROWS, 10)).toBe(ROWS.length - 1);
  expect(rowAfter("PageUp", ROWS, 20)).toBe(12);
  expect(rowAfter("PageDown", ROWS, 20)).toBe(ROWS.length - 1);
});

test("other keys mean nothing here", () => {
  expect(rowAfter("a", ROWS, 2)).toBeNull();
});
