/** Makes in the cache what live events change. */

import { hashKey, type QueryClient, type QueryKey } from "@tanstack/preact-query";
import type { LiveEvent } from "../../../clients/javascript/live.js";
import { findEntry, seenIndexOf } from "../api/entries.ts";
import { isTemporary } from "../api/errors.ts";
import { keys } from "../api/keys.ts";
import {
  addMessage,
  type CachedMessage,
  changeMessage,
  type MessageWindow,
  putMessage,
} from "../api/message-window.ts";
import type { Message, Participant, PhoneNumber, ReadState, Sid } from "../api/types.ts";
import { isUncertain } from "./delivery.ts";
import { type Change, changesOf, readStateChanges, type Viewer } from "./updates.ts";

export type CacheReads = {
  readMessage: (conversation: Sid, message: Sid) => Promise<Message>;
  readReadState: (conversation: Sid) => Promise<ReadState>;
};

type Update = Extract<Change, { kind: "update" }>;
/** What live events keep right. */
const KEPT = new Set<unknown>(["inbox", "conversation", "users"]);
/** Milliseconds in which several events of one message are one reading of it. */
const CALM = 1_000;

/** The cache, as events change it. */
export class LiveCache {
  #client: QueryClient;
  #reads: CacheReads;
  #identity: string;
  /** What was changed while something was read, by its hash: the answer may be older than the change. */
  #meanwhile = new Map<string, Update[]>();
  #readings = new Map<string, ReturnType<typeof setTimeout>>();
  #unsubscribe: () => void;

  constructor(client: QueryClient, identity: string, reads: CacheReads) {
    this.#client = client;
    this.#identity = identity;
    this.#reads = reads;
    this.#unsubscribe = client.getQueryCache().subscribe((event) => {
      if (event.type === "removed") this.#meanwhile.delete(event.query.queryHash);
      if (event.type !== "updated" || event.action.type === "fetch") return;
      // Data that was set by hand ends no reading.
      if (event.action.type === "success" && event.action.manual) return;
      if (event.query.state.fetchStatus === "idle") this.#catchUp(event.query.queryKey, event.query.queryHash);
    });
  }

  /** Change what an event changes. */
  apply(event: LiveEvent): void {
    const viewer: Viewer = {
      identity: this.#identity,
      lastIndex: (conversation) => this.#lastIndex(conversation),
      hasEntry: (conversation) => findEntry(this.#client, conversation) !== undefined,
      havingPhone: (number) => this.#havingPhone(number),
    };
    for (const change of changesOf(event, viewer)) this.#make(change);
    if (event.type === "onDeliveryUpdated") {
      this.#resolveDelivery(event.conversation ?? "", event.parameters.MessageSid ?? "");
    }
  }

  /** The connection was opened: read again what events may have missed. What is not shown is read when it is. */
  reread(): void {
    void this.#client.invalidateQueries({
      predicate: ({ queryKey, state }) => KEPT.has(queryKey[0]) && state.data !== undefined,
    });
  }

  /** A message was sent from here. */
  putSent(message: Message): void {
    const key = keys.messageWindows(message.conversation_sid);
    this.#update({ kind: "update", key, update: (window: MessageWindow) => addMessage(window, message) });
  }

  /** What the person has read, before any event tells. */
  putReadState(conversation: Sid, read: Parameters<typeof readStateChanges>[2]): void {
    for (const change of readStateChanges(conversation, this.#identity, read)) this.#make(change);
  }

  close(): void {
    this.#unsubscribe();
    for (const timer of this.#readings.values()) clearTimeout(timer);
  }

  #make(change: Change): void {
    if (change.kind === "update") this.#update(change);
    else if (change.kind === "read-message") this.#readMessage(change.conversation, change.message);
    else if (change.kind === "read-state") this.#readReadState(change.conversation);
    else if (change.kind === "forget") this.#forget(change.key);
    else void this.#client.invalidateQueries({ queryKey: change.key });
  }

  #update(change: Update): void {
    for (const query of this.#client.getQueryCache().findAll({ queryKey: change.key })) {
      if (query.state.fetchStatus === "fetching") {
        const changes = this.#meanwhile.get(query.queryHash) ?? [];
        this.#meanwhile.set(query.queryHash, [...changes, change]);
      }
      this.#change(query.queryKey, change);
    }
  }

  #change(key: QueryKey, { update }: Update): void {
    const query = this.#client.getQueryCache().get(hashKey(key));
    const data = query?.state.data;
    if (!query || data === undefined) return;
    const changed = update(data as never, key);
    if (changed === data) return;
    const { isInvalidated } = query.state;
    this.#client.setQueryData(key, changed);
    // Setting data says that it is right as a whole, which a change does not know.
    if (isInvalidated) query.invalidate();
  }

  #catchUp(key: QueryKey, hash: string): void {
    const changes = this.#meanwhile.get(hash);
    this.#meanwhile.delete(hash);
    for (const change of changes ?? []) this.#change(key, change);
  }

  /** What is shown is asked for again, and its screen learns that it is not found; the rest is removed. */
  #forget(key: QueryKey): void {
    this.#client.removeQueries({ queryKey: key, type: "inactive" });
    void this.#client.resetQueries({ queryKey: key, type: "active" });
  }

  #resolveDelivery(conversation: Sid, message: Sid): void {
    const windows = this.#client.getQueriesData<MessageWindow>({ queryKey: keys.messageWindows(conversation) });
    const held = windows.flatMap(([, window]) => window?.messages ?? []).find(({ sid }) => sid === message);
    if (held && isUncertain(held)) this.#readMessage(conversation, message);
  }

  #readMessage(conversation: Sid, message: Sid): void {
    const key = keys.messageWindows(conversation);
    this.#readOnce(message, [key], async () => {
      const read = await this.#reads.readMessage(conversation, message);
      this.#update({ kind: "update", key, update: (window: MessageWindow) => takeRead(window, read) });
    });
  }

  #readReadState(conversation: Sid): void {
    this.#readOnce(conversation, [keys.readState(conversation), keys.inboxes()], async () => {
      const read = await this.#reads.readReadState(conversation);
      const { last_read_message_index: last, marked_unread: isMarked, muted: isMuted } = read;
      if (last !== null || isMarked || isMuted) this.putReadState(conversation, { last, isMarked, isMuted });
    });
  }

  /** Read something that is a part of other answers. If that fails for now, these are read again, until they are. */
  #readOnce(name: string, parts: QueryKey[], read: () => Promise<void>): void {
    if (this.#readings.has(name)) return;
    const timer = setTimeout(() => {
      this.#readings.delete(name);
      read().catch((error) => {
        if (!isTemporary(error)) return;
        for (const queryKey of parts) void this.#client.invalidateQueries({ queryKey });
      });
    }, CALM);
    this.#readings.set(name, timer);
  }

  #havingPhone(number: PhoneNumber): Sid[] {
    const found = this.#client.getQueriesData<Participant[]>({ predicate: ({ queryKey }) => isOfMembers(queryKey) });
    return found.flatMap(([key, members]) =>
      members?.some(({ messaging_binding: binding }) => binding?.address === number) ? [String(key[1])] : [],
    );
  }

  #lastIndex(conversation: Sid): number | null {
    const entry = findEntry(this.#client, conversation);
    const window = this.#client.getQueryData<MessageWindow>(keys.messages(conversation));
    const last = Math.max(entry ? seenIndexOf(entry) : -1, window?.messages.at(-1)?.index ?? -1);
    return last < 0 ? null : last;
  }
}

function isOfMembers(key: QueryKey): boolean {
  return hashKey(key) === hashKey(keys.participants(String(key[1])));
}

/** A message that was read by itself has no links to its files, which are valid still, and no single statuses. */
function takeRead(window: MessageWindow, message: Message): MessageWindow {
  const held = window.messages.find(({ sid }) => sid === message.sid);
  if (!held) return putMessage(window, message);
  const links = new Map(held.media?.map(({ sid, link }) => [sid, link]));
  const media = message.media?.map((file) => ({ ...file, link: links.get(file.sid) ?? null })) ?? null;
  const known = held.statuses && !held.is_vague ? { statuses: held.statuses } : {};
  return changeMessage(window, message.sid, (): CachedMessage => ({ ...message, media, ...known }));
}
