/** Let everything happen that is due, with Vitest's fake timers and a database that needs real turns of the loop. */

import { vi } from "vitest";

/** How many turns of the event loop a step of the database takes at most, with some to spare. */
const TURNS = 25;
const turn: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));

/** Let what is due happen, then the clock go on by some milliseconds, in steps. */
export async function settleDown(milliseconds = 0): Promise<void> {
  let left = milliseconds;
  await turns();
  for (;;) {
    vi.advanceTimersByTime(0);
    await turns();
    if (left <= 0) return;
    const step = vi.getTimerCount() ? Math.min(left, Math.max(10, milliseconds / 100)) : left;
    vi.advanceTimersByTime(step);
    left -= step;
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let count = 0; count < TURNS; count += 1) await turn();
}
