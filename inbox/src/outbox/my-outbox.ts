/**
 * The outbox and the drafts of the signed-in person, for screens.
 *
 * `openOutbox` and `closeOutbox` are called when a person signs in and out; in between everything here works.
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { type CachedMessage, clientRefOf } from "../api/message-window.ts";
import type { Message, Sid } from "../api/types.ts";
import { nameOfDatabase, OutboxDatabase } from "./database.ts";
import { type Draft, Drafts } from "./drafts.ts";
import { type OutboxEntry, type OutgoingMessage, type SentAnswer, withoutShown } from "./entry.ts";
import { Outbox, type OutboxNotice, type Transport } from "./outbox.ts";

type Notice = { about: "entry"; notice: OutboxNotice } | { about: "draft"; name: string };
type Opened = { outbox: Outbox; drafts: Drafts; close: (isErased: boolean) => Promise<void> };

const opened = signal<Opened | null>(null);
// A screen may be drawn a last time after the end.
const NO_ENTRIES: ReadonlySignal<OutboxEntry[]> = signal([]);
const NO_DRAFT: ReadonlySignal<Draft | null> = signal(null);

function current(): Opened {
  const found = opened.peek();
  if (!found) throw new Error("no one is signed in");
  return found;
}

// --- for screens

/** Send a message: it is in the outbox of its conversation when this returns. Returns its key. */
export function enqueue(message: OutgoingMessage): string {
  return current().outbox.enqueue(message);
}

/** The messages of a conversation that are on their way, in the order of sending. */
export function outboxOf(conversation: Sid): ReadonlySignal<OutboxEntry[]> {
  return opened.peek()?.outbox.of(conversation) ?? NO_ENTRIES;
}

/**
 * The messages on their way that stand behind those of a thread: never one that is among them already, so that each is
 * shown exactly once.
 */
export function useOutbox(conversation: Sid, messages: CachedMessage[] | undefined): OutboxEntry[] {
  const entries = outboxOf(conversation).value;
  return useMemo(() => withoutShown(entries, refsOf(entries.length ? messages : [])), [entries, messages]);
}

function refsOf(messages: CachedMessage[] = []): Set<string> {
  return new Set(messages.map(clientRefOf).filter((ref) => ref !== null));
}

/** Send a message anew that was refused or has expired. Returns its new key; null if it was sent meanwhile. */
export function retry(key: string): Promise<string | null> {
  return current().outbox.retry(key);
}

/** Take a message out of the outbox, to write it anew; null if it was sent meanwhile, or may have been. */
export function takeBack(key: string): Promise<OutgoingMessage | null> {
  return current().outbox.takeBack(key);
}

/** Give a message up. False if it was sent meanwhile, or may have been. */
export function discard(key: string): Promise<boolean> {
  return current().outbox.discard(key);
}

/** Whether a person can give an entry up. */
export function isDiscardable({ state, attempts }: OutboxEntry): boolean {
  if (state.kind === "not-sent" || state.kind === "expired") return true;
  return attempts === 0 && state.kind !== "sending" && state.kind !== "sent";
}

/** All messages that are not sent yet, such as to warn who signs out. */
export const unsent: ReadonlySignal<OutboxEntry[]> = computed(() =>
  (opened.value?.outbox.entries.value ?? []).filter(({ state }) => state.kind !== "sent"),
);

/** The draft of a place: a conversation's SID, or another name. */
export function draftOf(name: string): ReadonlySignal<Draft | null> {
  return opened.peek()?.drafts.of(name) ?? NO_DRAFT;
}

/** Keep a draft. Call it on every keystroke; null, or a draft without content, removes it. */
export function saveDraft(name: string, draft: Draft | null): void {
  opened.peek()?.drafts.save(name, draft);
}

// --- for the app

export type OutboxWiring = {
  service: Sid;
  user: Sid;
  transport: Transport;
  onSent: (entry: OutboxEntry, answer: SentAnswer) => void;
  afterShown: (act: () => void) => void;
  isInitializing: (conversation: Sid) => boolean;
};

/** Open a person's outbox, and go on with what it has. */
export function openOutbox({ service, user, ...wiring }: OutboxWiring): void {
  const name = nameOfDatabase(service, user);
  const database = new OutboxDatabase(name);
  const channel = new BroadcastChannel(name);
  let isClosed = false;
  const post = (notice: Notice) => {
    if (!isClosed) channel.postMessage(notice);
  };
  const outbox = new Outbox({
    ...wiring,
    database,
    withLock: (lock, run) => withLock(`${name}.${lock}`, run),
    announce: (notice) => post({ about: "entry", notice }),
    isOnline: () => navigator.onLine,
  });
  const drafts = new Drafts({ database, announce: (draft) => post({ about: "draft", name: draft }) });
  channel.onmessage = ({ data }: MessageEvent<Notice>) => {
    if (data.about === "entry") outbox.receive(data.notice);
    else void drafts.reload(data.name);
  };
  const stopListening = listen(outbox, drafts);
  const close = async (isErased: boolean) => {
    stopListening();
    outbox.stop();
    if (!isErased) await drafts.flush();
    drafts.close();
    isClosed = true;
    channel.close();
    if (isErased) await database.destroy();
    else database.close();
  };
  opened.value = { outbox, drafts, close };
  // A browser that stores nothing has nothing to go on with.
  drafts.load().catch(() => {});
  outbox.start().catch(() => {});
}

/** Close the outbox; with `isErased` nothing of it is left in this browser. */
export async function closeOutbox(isErased: boolean): Promise<void> {
  const closing = opened.peek();
  opened.value = null;
  await closing?.close(isErased);
}

/** There is a message in an event or an answer: if it was in the outbox, it is settled. */
export function settle(message: Message): void {
  opened.peek()?.outbox.settle(message);
}

/** A conversation is active: what has waited for that is sent. */
export function release(conversation: Sid): void {
  opened.peek()?.outbox.release(conversation);
}

/** Whether anything waits for being settled. */
export function isAnyUnsettled(): boolean {
  return (opened.peek()?.outbox.entries.peek().length ?? 0) > 0;
}

function listen(outbox: Outbox, drafts: Drafts): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener("online", () => outbox.setOnline(true), { signal });
  addEventListener("offline", () => outbox.setOnline(false), { signal });
  addEventListener("pagehide", () => void drafts.flush(), { signal });
  document.addEventListener("visibilitychange", () => void drafts.flush(), { signal });
  return () => stop.abort();
}

// A page without locks has no other tabs to fear: browsers have them wherever they have a secure context.
async function withLock(name: string, run: () => Promise<void>): Promise<void> {
  if (navigator.locks) await navigator.locks.request(name, run);
  else await run();
}
