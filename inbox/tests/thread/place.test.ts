import { expect, test } from "vitest";
import { buildWindow } from "../../src/api/message-window.ts";
import { windowFor } from "../../src/thread/place.ts";
import { message } from "../support/answers.ts";

const END = buildWindow([message(50), message(51), message(52)], { hasOlder: true, hasNewer: false });

test("the end, and what stands there already, is read from the end", () => {
  expect(windowFor({ index: null, count: 0 }, END)).toBeUndefined();
  expect(windowFor({ index: 51, count: 1 }, END)).toBeUndefined();
});

test("what is older is read around its message", () => {
  expect(windowFor({ index: 12, count: 1 }, END)).toBe(12);
  expect(windowFor({ index: 12, count: 1 }, undefined)).toBe(12);
});

test("a conversation that is here as a whole has every place", () => {
  const whole = buildWindow([message(3)], { hasOlder: false, hasNewer: false });
  expect(windowFor({ index: 0, count: 1 }, whole)).toBeUndefined();
});
