/** The list of conversations as it is cached. */

import type { InfiniteData, QueryClient } from "@tanstack/preact-query";
import { keys } from "./keys.ts";
import type { Page } from "./pages.ts";
import type { InboxEntry, Sid } from "./types.ts";

/**
 * An entry with what only live events tell.
 *
 * - `seen_index`: the index of the newest message, also of one that was deleted since.
 */
export type CachedEntry = InboxEntry & { seen_index?: number };
export type EntryPage = Page<CachedEntry>;

/** The entries of all pages, each once. One that has moved up may still be on a later page. */
export function joinPages(pages: EntryPage[]): CachedEntry[] {
  const joined = new Map<string, CachedEntry>();
  for (const { entries } of pages) {
    for (const entry of entries) if (!joined.has(entry.conversation_sid)) joined.set(entry.conversation_sid, entry);
  }
  return [...joined.values()];
}

/** The index of the newest message of an entry; -1 for none. */
export function seenIndexOf(entry: CachedEntry): number {
  return Math.max(entry.seen_index ?? -1, entry.last_message?.index ?? -1);
}

/** The entry of a conversation, if a list has it. */
export function findEntry(client: QueryClient, conversation: Sid): CachedEntry | undefined {
  const lists = client.getQueriesData<InfiniteData<EntryPage>>({ queryKey: keys.inboxes() });
  for (const [, list] of lists) {
    for (const page of list?.pages ?? []) {
      const entry = page.entries.find((one) => one.conversation_sid === conversation);
      if (entry) return entry;
    }
  }
  return undefined;
}

type Silent = Pick<InboxEntry, "tapback_indexes" | "own_indexes">;

/** How many messages behind an index, up to another one, are to be read: all but reactions and one's own. */
export function countNews({ tapback_indexes, own_indexes }: Silent, behind: number, last: number): number {
  const silent = [...tapback_indexes, ...own_indexes].filter((index) => index > behind && index <= last);
  return Math.max(last - behind, 0) - silent.length;
}

/** Whether the message of an index is among those that an entry counts as unread. */
export function isCounted(entry: CachedEntry, index: number): boolean {
  return entry.unread !== null && index > readIndexOf(entry) && countNews(entry, index - 1, index) > 0;
}

/** Up to which index an entry is read, as its count of unread messages says. */
export function readIndexOf(entry: CachedEntry): number {
  const silent = new Set([...entry.tapback_indexes, ...entry.own_indexes]);
  let index = seenIndexOf(entry);
  for (let left = entry.unread ?? 0; left > 0 && index >= 0; index -= 1) if (!silent.has(index)) left -= 1;
  return index;
}
