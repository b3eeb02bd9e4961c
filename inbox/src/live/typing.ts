/** Who is writing in which conversation, by their identities. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Sid } from "../api/types.ts";

/** Who writes says so every three seconds, so whoever was silent for twice that has stopped. Milliseconds. */
const LIFE = 6_000;
const NONE: readonly string[] = [];

const typing = new Map<Sid, Signal<readonly string[]>>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Who is writing in a conversation now. */
export function typingIn(conversation: Sid): ReadonlySignal<readonly string[]> {
  return signalOf(conversation);
}

/** Somebody writes. */
export function noteTyping(conversation: Sid, identity: string): void {
  const names = signalOf(conversation);
  if (!names.peek().includes(identity)) names.value = [...names.peek(), identity];
  const key = `${conversation} ${identity}`;
  clearTimeout(timers.get(key));
  timers.set(
    key,
    setTimeout(() => endTyping(conversation, identity), LIFE),
  );
}

/** Somebody has sent what they wrote, or has stopped. */
export function endTyping(conversation: Sid, identity: string): void {
  const key = `${conversation} ${identity}`;
  clearTimeout(timers.get(key));
  timers.delete(key);
  const names = signalOf(conversation);
  if (names.peek().includes(identity)) names.value = names.peek().filter((one) => one !== identity);
}

/** No one is writing any more. */
export function clearTyping(): void {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  for (const names of typing.values()) names.value = NONE;
}

function signalOf(conversation: Sid): Signal<readonly string[]> {
  const known = typing.get(conversation);
  if (known) return known;
  const created = signal(NONE);
  typing.set(conversation, created);
  return created;
}
