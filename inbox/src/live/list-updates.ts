/** How a list of conversations changes when one of them does. Pure. */

import type { InfiniteData } from "@tanstack/preact-query";
import { type CachedEntry, countNews, type EntryPage, isCounted, seenIndexOf } from "../api/entries.ts";
import type { InboxSelection } from "../api/keys.ts";
import type { CachedMessage } from "../api/message-window.ts";
import type { InboxMessage, InboxTapback, Sid } from "../api/types.ts";
import { excerptOf } from "./event-answers.ts";

export type EntryList = InfiniteData<EntryPage>;

/** Change the entry of a list, and its place with it; one that does not fit the list any more goes. */
export function changeEntry(
  list: EntryList,
  selection: InboxSelection,
  sid: Sid,
  me: string,
  change: (entry: CachedEntry) => CachedEntry,
): EntryList {
  const entry = findIn(list, sid);
  if (!entry) return list;
  const changed = change(entry);
  return changed === entry ? list : place(list, selection, changed, me, true);
}

/** Put an entry into a list that it fits, or change the one that is there. */
export function putEntry(
  list: EntryList,
  selection: InboxSelection,
  sid: Sid,
  me: string,
  build: (entry: CachedEntry | undefined) => CachedEntry,
): EntryList {
  const entry = findIn(list, sid);
  return place(list, selection, build(entry), me, entry !== undefined);
}

export function removeEntry(list: EntryList, sid: Sid): EntryList {
  if (!findIn(list, sid)) return list;
  const pages = list.pages.map((page) => ({
    ...page,
    entries: page.entries.filter((one) => one.conversation_sid !== sid),
  }));
  return { ...list, pages };
}

function findIn(list: EntryList, sid: Sid): CachedEntry | undefined {
  for (const { entries } of list.pages) {
    const entry = entries.find((one) => one.conversation_sid === sid);
    if (entry) return entry;
  }
  return undefined;
}

function place(
  list: EntryList,
  selection: InboxSelection,
  entry: CachedEntry,
  me: string,
  isThere: boolean,
): EntryList {
  const without = isThere ? removeEntry(list, entry.conversation_sid) : list;
  if (!fits(entry, selection, me, isThere)) return without;
  const at = without.pages.findIndex(({ entries }) => entries.some((one) => isBefore(entry, one)));
  // Behind all that was read there may be others before it, which have not been read.
  if (at < 0 && !isThere && without.pages.at(-1)?.next) return without;
  const number = at < 0 ? without.pages.length - 1 : at;
  const pages = without.pages.map((page, one) =>
    one === number ? { ...page, entries: insert(page.entries, entry) } : page,
  );
  return { ...without, pages };
}

function insert(entries: CachedEntry[], entry: CachedEntry): CachedEntry[] {
  const at = entries.findIndex((one) => isBefore(entry, one));
  return entries.toSpliced(at < 0 ? entries.length : at, 0, entry);
}

function isBefore(entry: CachedEntry, other: CachedEntry): boolean {
  return Date.parse(entry.date_active) >= Date.parse(other.date_active);
}

/**
 * Whether an entry belongs into a list. What a search or a contact finds only the API knows, so nothing new comes into
 * such a list. What was read stays in the list of what is unread until that is read again: nothing vanishes while one
 * looks at it.
 */
function fits(entry: CachedEntry, { view, line, contact, q }: InboxSelection, me: string, isThere: boolean): boolean {
  if ((contact || q) && !isThere) return false;
  if (line && entry.line !== line) return false;
  const isDone = entry.state === "inactive" || entry.state === "closed";
  if (view === "done") return isDone;
  if (isDone) return false;
  if (view === "mine") return entry.assignee === me;
  if (view === "unassigned") return entry.assignee === null;
  if (view === "unread") return isThere || (entry.unread ?? 0) > 0;
  return true;
}

// --- changes of an entry

/** A message has come. Those that the person has written themselves are not news, nor are reactions. */
export function addToEntry(
  entry: CachedEntry,
  message: CachedMessage,
  me: string,
  tapback: InboxTapback | null,
): CachedEntry {
  const { index } = message;
  const seen = seenIndexOf(entry);
  const own = isOwn(message, me) && !entry.own_indexes.includes(index);
  // The event of the entry came first, and did not say whose it is.
  if (index <= seen) return own ? addOwn(isCounted(entry, index) ? countLess(entry) : entry, index) : entry;
  const known = own ? addOwn(entry, index) : entry;
  const tapbacks = tapback ? [...entry.tapback_indexes, index] : entry.tapback_indexes;
  const news = countNews({ ...known, tapback_indexes: tapbacks }, seen, index);
  return {
    ...known,
    last_message: excerptOf(message, tapback),
    seen_index: index,
    unread: entry.unread === null ? null : entry.unread + news,
    tapback_indexes: tapbacks,
    date_active: message.date_created,
  };
}

export function isOwn(message: Pick<InboxMessage, "written_by" | "author">, me: string): boolean {
  return message.written_by === me || message.author === me;
}

function addOwn(entry: CachedEntry, index: number): CachedEntry {
  return { ...entry, own_indexes: [...entry.own_indexes, index].sort((a, b) => a - b) };
}

function countLess(entry: CachedEntry): CachedEntry {
  return { ...entry, unread: Math.max((entry.unread ?? 0) - 1, 0) };
}

/** The newest message has changed. */
export function changeLastOfEntry(entry: CachedEntry, sid: Sid, change: Partial<InboxMessage>): CachedEntry {
  return entry.last_message?.sid === sid ? { ...entry, last_message: { ...entry.last_message, ...change } } : entry;
}

/** A message was deleted. What the newest one is then, the event of the entry says. */
export function removeFromEntry(entry: CachedEntry, index: number): CachedEntry {
  return isCounted(entry, index) ? countLess(entry) : entry;
}

/** The person has read up to an index, here or in another tab. */
export function readEntry(
  entry: CachedEntry,
  { last, isMarked, isMuted }: { last: number | null; isMarked: boolean; isMuted: boolean },
): CachedEntry {
  const behind = countNews(entry, last ?? -1, seenIndexOf(entry));
  return { ...entry, unread: Math.max(behind, isMarked ? 1 : 0), marked_unread: isMarked, muted: isMuted };
}
