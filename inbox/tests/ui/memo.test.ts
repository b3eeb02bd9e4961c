import { expect, test } from "vitest";
import { isShallowSame } from "../../src/ui/memo.tsx";

test("objects are the same when each member is", () => {
  const names = ["Bob"];
  expect(isShallowSame({ names, at: 1 }, { names, at: 1 })).toBe(true);
  expect(isShallowSame({ names, at: 1 }, { names: ["Bob"], at: 1 })).toBe(false);
});

test("a member that one of them lacks makes them different", () => {
  expect(isShallowSame<object>({ at: 1 }, { at: 1, names: [] })).toBe(false);
  expect(isShallowSame<object>({ at: 1, names: [] }, { at: 1 })).toBe(false);
});
