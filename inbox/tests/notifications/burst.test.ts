import { expect, test } from "vitest";
import { Bursts } from "../../src/notifications/burst.ts";

test("of messages that arrive together only the first makes a sound", () => {
  const bursts = new Bursts();
  const firsts = [0, 100, 3_000, 6_900, 10_899, 15_000, 15_001].map((now) => bursts.begins(now));
  expect(firsts).toEqual([true, false, false, false, false, true, false]);
});
