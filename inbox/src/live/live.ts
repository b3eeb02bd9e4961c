/** The live events of the signed-in person: what screens ask of them, and how they reach the cache. */

import type { QueryClient } from "@tanstack/preact-query";
import { useEffect } from "preact/hooks";
import { connect, type LiveEvent } from "../../../clients/javascript/live.js";
import { connection, openings } from "../api/connection.ts";
import type { CachedMessage } from "../api/message-window.ts";
import type { Message, Sid } from "../api/types.ts";
import { type CacheReads, LiveCache } from "./cache.ts";
import { messageOf } from "./event-answers.ts";
import { Hub } from "./hub.ts";
import { clearTyping, endTyping, noteTyping } from "./typing.ts";

export { type ConnectionKind, type ConnectionState, connection } from "../api/connection.ts";
export { typingIn } from "./typing.ts";

type Listener = (event: LiveEvent) => void;
type Opened = { hub: Hub; cache: LiveCache; close: () => void };

let opened: Opened | null = null;
const listeners = new Set<Listener>();

// --- for screens

/** Follow a conversation while it is shown, behind the last message that is here; undefined follows nothing. */
export function useFollow(conversation: Sid, after: number | undefined): void {
  const isKnown = after !== undefined;
  useEffect(() => (isKnown ? opened?.hub.follow(conversation, after) : undefined), [conversation, isKnown]);
}

/** Show others that the person is writing. Call it on every keystroke. */
export function sayTyping(conversation: Sid): void {
  opened?.hub.typing(conversation);
}

/** Call a listener with every event, at least once each. Returns what ends it. */
export function listenToEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Show at once what the person has just read, marked or muted. */
export function showReadState(conversation: Sid, read: Parameters<LiveCache["putReadState"]>[1]): void {
  opened?.cache.putReadState(conversation, read);
}

/** Put a message that was sent from here into the cache. */
export function showSent(message: Message): void {
  opened?.cache.putSent(message);
}

// --- for the app

export type LiveWiring = {
  /** One for each person. */
  name: string;
  url: string;
  identity: string;
  client: QueryClient;
  token: (isFresh: boolean) => Promise<string>;
  reads: CacheReads;
  onMessage: (message: CachedMessage) => void;
};

/** Connect, and keep the cache right until `closeLive`. */
export function openLive({ name, url, identity, client, token, reads, onMessage }: LiveWiring): void {
  const cache = new LiveCache(client, identity, reads);
  const isVisible = () => document.visibilityState === "visible";
  let isBehind = false;
  const catchUp = () => {
    // Tabs in the background read again when they are looked at.
    isBehind = !isVisible();
    if (!isBehind) cache.reread();
  };
  const hub = new Hub({
    name,
    url,
    token,
    connect,
    isVisible,
    locks: navigator.locks,
    channel: new BroadcastChannel(name),
    isOnline: () => navigator.onLine,
    onState: (state, isOpening) => {
      if (isOpening) {
        openings.value += 1;
        catchUp();
      }
      connection.value = state;
    },
    onEvent: (event) => {
      if (event.type === "onMessageAdded") onMessage(messageOf(event));
      noteWriting(event, identity);
      cache.apply(event);
      for (const listener of listeners) listener(event);
    },
  });
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener("online", () => hub.setOnline(true), { signal });
  addEventListener("offline", () => hub.setOnline(false), { signal });
  document.addEventListener("visibilitychange", () => isBehind && catchUp(), { signal });
  const close = () => {
    stop.abort();
    hub.stop();
    cache.close();
    clearTyping();
    connection.value = { kind: "closed", since: Date.now() };
  };
  opened = { hub, cache, close };
}

/** Disconnect. */
export function closeLive(): void {
  opened?.close();
  opened = null;
}

function noteWriting(event: LiveEvent, me: string): void {
  if (event.type === "typing") {
    if (event.identity !== me) noteTyping(event.conversation, event.identity);
  } else if (event.type === "onMessageAdded") {
    const { ConversationSid: conversation, WrittenBy, Author } = event.parameters;
    if (conversation) endTyping(conversation, WrittenBy ?? Author ?? "");
  }
}
