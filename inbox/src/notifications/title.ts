/** The title and the icon of the page, with how many conversations are unread: a number, and nothing of a customer. */

import type { QueryClient } from "@tanstack/preact-query";
import { type EntryPage, joinPages } from "../api/entries.ts";
import { keys } from "../api/keys.ts";
import { unreadCount } from "../conversations/entry-text.ts";
import { words } from "../words/words.ts";

/** Keep title and icon right from now on. Returns what ends it. */
export function watchTitle(client: QueryClient): () => void {
  const look = () => show(countUnread(client));
  look();
  const stop = client.getQueryCache().subscribe(({ query }) => {
    if (query.queryKey[0] === keys.inboxes()[0]) look();
  });
  return () => {
    stop();
    show(0);
  };
}

/** The unread conversations among those that this page has read; muted ones do not count. */
export function countUnread(client: QueryClient): number {
  const lists = client.getQueriesData<{ pages: EntryPage[] }>({ queryKey: keys.inboxes() });
  const entries = joinPages(lists.flatMap(([, list]) => list?.pages ?? []));
  return entries.filter((entry) => unreadCount(entry) > 0 && !entry.muted).length;
}

function show(unread: number): void {
  const title = titleFor(unread);
  if (document.title === title) return;
  document.title = title;
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (icon) icon.href = unread > 0 ? "./icons/icon-unread.svg" : "./icons/icon.svg";
  // Of the app on a home screen or in a dock.
  navigator.setAppBadge?.(unread).catch(() => {});
}

function titleFor(unread: number): string {
  const name = `${words.app.inbox} · ${words.app.name}`;
  return unread > 0 ? `(${unread}) ${name}` : name;
}
