import { expect, test } from "vitest";
import { distanceFromEnd, type VirtualList } from "../../src/ui/virtual-list.ts";

function list(over: Partial<VirtualList>): VirtualList {
  return {
    scrollRect: { width: 400, height: 500 },
    scrollOffset: 600,
    getTotalSize: () => 1200,
    ...over,
  } as VirtualList;
}

test("the distance from the end is what is below the part in sight", () => {
  expect(distanceFromEnd(list({}))).toBe(100);
  expect(distanceFromEnd(list({ scrollOffset: null }))).toBe(700);
});

test("a list that is not in the page yet has no distance from its end", () => {
  expect(distanceFromEnd(list({ scrollRect: null }))).toBe(0);
});
