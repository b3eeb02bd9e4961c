/** The requests behind the queries. Paths are those of the default Service. */

import { rest } from "./client.ts";
import type { EntryPage } from "./entries.ts";
import type { InboxSelection } from "./keys.ts";
import { buildWindow, type CachedMessage, cacheMessage, type MessageWindow } from "./message-window.ts";
import { type Page, type Query, readAtLeast, readPage } from "./pages.ts";
import type { Activity, Contact, InboxEntry, Message, ReadState, Sid } from "./types.ts";

/** How many messages are read at once. */
export const MESSAGES_AT_ONCE = 50;
const LARGEST_PAGE = 100;
/** What messages have beside what is always there, so that nothing more is asked for each of them. */
const WITH_ALL = { MediaLinks: true, DeliveryStatuses: true };

export function conversationPath(conversation: Sid, ...segments: string[]): string {
  return ["/v1/Conversations", conversation, ...segments]
    .map((one, at) => (at ? encodeURIComponent(one) : one))
    .join("/");
}

export function get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  return rest.request({ method: "GET", path, query, ...(signal && { signal }) });
}

/** Change something. It is made once only. */
export function post<T>(path: string, form: Query = {}): Promise<T> {
  return rest.request({ method: "POST", path, form });
}

export function readInbox(selection: InboxSelection, from: Query | null, signal: AbortSignal): Promise<EntryPage> {
  const { view, line, contact, q } = selection;
  const first = { View: view, Line: line, Contact: contact, Q: q || undefined, PageSize: MESSAGES_AT_ONCE };
  return readAtLeast<InboxEntry>("/v1/Inbox", from ?? first, { enough: 20, limit: 5, signal });
}

export function readContacts(q: string, owner: string | undefined, from: Query | null, signal: AbortSignal) {
  const first = { Q: q || undefined, Owner: owner, PageSize: LARGEST_PAGE };
  return readAtLeast<Contact>("/v1/Contacts", from ?? first, { enough: 20, limit: 5, signal });
}

export function readActivity(conversation: Sid, from: Query | null, signal: AbortSignal): Promise<Page<Activity>> {
  const first = { Messages: false, Order: "desc", PageSize: LARGEST_PAGE };
  return readPage<Activity>(conversationPath(conversation, "Activity"), from ?? first, signal);
}

/** Read the newest messages. */
export async function readEnd(conversation: Sid, signal: AbortSignal): Promise<MessageWindow> {
  const page = await readMessages(conversation, { Order: "desc" }, signal);
  return buildWindow(page.entries, { hasOlder: page.next !== null, hasNewer: false });
}

/** Read the messages around an index. */
export async function readAround(conversation: Sid, index: number, signal: AbortSignal): Promise<MessageWindow> {
  const before = index + MESSAGES_AT_ONCE / 2;
  const page = await readMessages(conversation, { Before: before, Order: "desc" }, signal);
  return buildWindow(page.entries, { hasOlder: page.next !== null, hasNewer: true });
}

export function readOlder(conversation: Sid, first: number, signal?: AbortSignal): Promise<Page<CachedMessage>> {
  return readMessages(conversation, { Before: first, Order: "desc" }, signal);
}

export function readNewer(conversation: Sid, last: number, signal?: AbortSignal): Promise<Page<CachedMessage>> {
  return readMessages(conversation, { After: last, Order: "asc" }, signal);
}

/** How many messages of a long window are read again: its newest. */
const READ_AGAIN = 200;

/** Read what a window has again, and what is behind it by now if it was at the end. */
export async function readAgain(conversation: Sid, window: MessageWindow, signal: AbortSignal): Promise<MessageWindow> {
  const again = window.messages.slice(-READ_AGAIN);
  const first = again[0]?.index;
  const last = again.at(-1)?.index;
  if (first === undefined || last === undefined) return await readEnd(conversation, signal);
  const within = window.hasNewer ? { Before: last + 1 } : {};
  // Behind what is before the first: without that from the beginning, since no index is before 0.
  const after = first > 0 ? { After: first - 1 } : {};
  const query = { ...after, ...within, Order: "asc", PageSize: LARGEST_PAGE, MediaLinks: true };
  const all = { enough: Number.POSITIVE_INFINITY, limit: Number.POSITIVE_INFINITY, signal };
  const page = await readAtLeast<CachedMessage>(conversationPath(conversation, "Messages"), query, all);
  const older = window.messages.slice(0, -READ_AGAIN);
  return buildWindow([...older, ...page.entries], { hasOlder: window.hasOlder, hasNewer: window.hasNewer });
}

/** Find the messages with words that begin so, the newest first. The API reads some hundred messages for each page. */
export function readHits(
  conversation: Sid,
  q: string,
  from: Query | null,
  signal: AbortSignal,
): Promise<Page<Message>> {
  const first = { Q: q, PageSize: MESSAGES_AT_ONCE };
  return readAtLeast<Message>(conversationPath(conversation, "Messages"), from ?? first, {
    enough: 1,
    limit: 40,
    signal,
  });
}

/** Read the first message of a time or after it; null for none. */
export async function readFirstSince(conversation: Sid, time: Date): Promise<Message | null> {
  const query = { From: time.toISOString(), Order: "asc", PageSize: 1 };
  const page = await readPage<Message>(conversationPath(conversation, "Messages"), query);
  return page.entries[0] ?? null;
}

export function readMessage(conversation: Sid, message: Sid): Promise<Message> {
  return get<Message>(conversationPath(conversation, "Messages", message), {});
}

export function readReadState(conversation: Sid, signal?: AbortSignal): Promise<ReadState> {
  return get<ReadState>(conversationPath(conversation, "ReadState"), {}, signal);
}

async function readMessages(conversation: Sid, query: Query, signal?: AbortSignal): Promise<Page<CachedMessage>> {
  const all = { PageSize: MESSAGES_AT_ONCE, ...WITH_ALL, ...query };
  const page = await readPage<Message>(conversationPath(conversation, "Messages"), all, signal);
  return { ...page, entries: page.entries.map(cacheMessage) };
}
