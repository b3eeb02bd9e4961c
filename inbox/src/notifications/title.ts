/** The title of the page, with how many conversations are unread: a number, and nothing of a customer. */

import type { QueryClient } from "@tanstack/preact-query";
import { type EntryPage, joinPages } from "../api/entries.ts";
import { keys } from "../api/keys.ts";
import { unreadCount } from "../conversations/entry-text.ts";
import { words } from "../words/words.ts";

/** Keep the title right from now on. Returns what ends it. */
export function watchTitle(client: QueryClient): () => void {
  const show = () => {
    document.title = titleFor(countUnread(client));
  };
  show();
  const stop = client.getQueryCache().subscribe(({ query }) => {
    if (query.queryKey[0] === keys.inboxes()[0]) show();
  });
  return () => {
    stop();
    document.title = titleFor(0);
  };
}

/** The unread conversations among those that this page has read; muted ones do not count. */
export function countUnread(client: QueryClient): number {
  const lists = client.getQueriesData<{ pages: EntryPage[] }>({ queryKey: keys.inboxes() });
  const entries = joinPages(lists.flatMap(([, list]) => list?.pages ?? []));
  return entries.filter((entry) => unreadCount(entry) > 0 && !entry.muted).length;
}

function titleFor(unread: number): string {
  const name = `${words.app.inbox} · ${words.app.name}`;
  return unread > 0 ? `(${unread}) ${name}` : name;
}
