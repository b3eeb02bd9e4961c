import { describe, expect, test } from "vitest";
import { stepFrom } from "../../src/conversations/list-keys.ts";
import { initialsOf } from "../../src/ui/avatar.tsx";
import { nextIndex } from "../../src/ui/menu.tsx";
import { place } from "../../src/ui/placement.ts";

describe("the keys of a menu", () => {
  const items = ["Rename", "Mute", "Mark as unread"].map((textContent) => ({ textContent }));
  test.each([
    ["ArrowDown", 0, 1],
    ["ArrowDown", 2, 0],
    ["ArrowUp", 0, 2],
    ["Home", 2, 0],
    ["End", 0, 2],
    ["m", 0, 1],
    ["m", 1, 2],
    ["m", 2, 1],
    ["x", 0, null],
    [" ", 0, null],
    ["Enter", 0, null],
  ])("%s at %i", (key, at, expected) => {
    expect(nextIndex(key, at, items)).toBe(expected);
  });
});

test.each([
  ["ArrowDown", 0, 3, 1],
  ["ArrowDown", 2, 3, 2],
  ["ArrowUp", 0, 3, 0],
  ["End", 0, 3, 2],
  ["ArrowDown", -1, 3, 0],
  ["ArrowDown", 0, 0, null],
  ["x", 0, 3, null],
])("%s from row %i of %i", (key, at, count, expected) => {
  expect(stepFrom(key, at, count)).toBe(expected);
});

describe("the place of a popup", () => {
  const view = { width: 400, height: 300 };
  const popup = { width: 200, height: 100 };
  test("below, where there is room", () => {
    expect(place({ left: 50, right: 90, top: 20, bottom: 40 }, popup, view, "start")).toEqual({ left: 50, top: 46 });
  });
  test("above, at the lower edge", () => {
    expect(place({ left: 50, right: 90, top: 260, bottom: 290 }, popup, view, "start").top).toBe(154);
  });
  test("never outside of the window", () => {
    expect(place({ left: 390, right: 399, top: 20, bottom: 40 }, popup, view, "start").left).toBe(192);
    expect(place({ left: 0, right: 10, top: 20, bottom: 40 }, popup, view, "end").left).toBe(8);
  });
});

test.each([
  ["Bob Miller", "BM"],
  ["Bob van der Miller", "BM"],
  ["bob", "B"],
  ["Émile", "É"],
  ["+12065550100", ""],
  ["", ""],
])("the initials of %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});
