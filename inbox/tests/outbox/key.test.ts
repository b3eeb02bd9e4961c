import { beforeEach, describe, expect, it, vi } from "vitest";

let makeKey: (now: number) => string;
let continueBehind: (key: string) => void;

describe("keys", () => {
  // The module knows the last key that it has made.
  beforeEach(async () => {
    vi.resetModules();
    ({ makeKey, continueBehind } = await import("../../src/outbox/key.ts"));
  });

  it("are UUIDs of version 7 with the time in front", () => {
    const now = Date.parse("2026-11-28T12:00:00Z");
    const key = makeKey(now);
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(key.replace("-", "").slice(0, 12), 16)).toBe(now);
  });

  it("are in order within a millisecond, and when the clock is set back", () => {
    const now = Date.parse("2026-11-28T13:00:00Z");
    const made = [now, now, now - 3600_000, now].map((at) => makeKey(at));
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(4);
  });

  it("are behind what an earlier page has made", () => {
    const earlier = makeKey(Date.parse("2026-11-28T15:00:00Z"));
    continueBehind(earlier);
    expect(makeKey(Date.parse("2026-11-28T14:00:00Z")) > earlier).toBe(true);
    continueBehind("not a key");
  });
});
