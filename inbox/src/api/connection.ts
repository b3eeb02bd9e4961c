/** The state of the live connection, the same in all tabs. */

import { signal } from "@preact/signals";

/**
 * - `offline`: the browser has no network.
 * - `waiting`: there is no connection, and it is tried again.
 * - `closed`: no one is signed in.
 */
export type ConnectionKind = "connecting" | "open" | "waiting" | "offline" | "closed";
/** `since`: when the state began, in milliseconds; the time of the last news, unless it is open. */
export type ConnectionState = { kind: ConnectionKind; since: number };

export const connection = signal<ConnectionState>({ kind: "closed", since: 0 });
/** How often the connection was opened. What was read before an opening may miss what happened before it. */
export const openings = signal(0);

/** How long a read waits for the connection that is being made, in milliseconds. Usually it is there in a fifth of it. */
const PATIENCE = 1_500;

/**
 * Read something that live events keep right. No event tells of what happens between the reading and the opening of the
 * connection, so the reading waits for the opening a little, and is repeated if it comes meanwhile.
 */
export async function readLive<T>(read: () => Promise<T>): Promise<T> {
  await whileConnecting(PATIENCE);
  const before = openings.peek();
  const answer = await read();
  return openings.peek() === before ? answer : await read();
}

function whileConnecting(limit: number): Promise<void> {
  if (connection.peek().kind !== "connecting") return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(end, limit);
    const stop = connection.subscribe(({ kind }) => {
      if (kind !== "connecting") queueMicrotask(end);
    });
    function end() {
      clearTimeout(timer);
      stop();
      resolve();
    }
  });
}
