import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connection, openings, readLive } from "../../src/api/connection.ts";

let reads: number;
const read = async () => {
  reads += 1;
  return reads;
};
function report(kind: "connecting" | "open" | "waiting" | "closed"): void {
  if (kind === "open") openings.value += 1;
  connection.value = { kind, since: 0 };
}

beforeEach(() => {
  vi.useFakeTimers();
  reads = 0;
});
afterEach(() => {
  report("closed");
  vi.useRealTimers();
});

describe("a reading of what live events keep right", () => {
  it("waits for the connection that is being made, so that it need not be repeated", async () => {
    report("connecting");
    const answer = readLive(read);
    await vi.advanceTimersByTimeAsync(200);
    expect(reads).toBe(0);
    report("open");
    expect(await answer).toBe(1);
  });

  it("does not wait for long, and is repeated when the connection comes meanwhile", async () => {
    report("connecting");
    const answer = readLive(async () => {
      const count = await read();
      if (count === 1) report("open");
      return count;
    });
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await answer).toBe(2);
  });

  it.each(["open", "waiting", "closed"] as const)("does not wait while the connection is %s", async (kind) => {
    report(kind);
    expect(await readLive(read)).toBe(1);
  });

  it("goes on when the connection fails", async () => {
    report("connecting");
    const answer = readLive(read);
    report("waiting");
    expect(await answer).toBe(1);
  });
});
