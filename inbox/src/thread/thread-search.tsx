import "./thread-search.css";
import { useInfiniteQuery } from "@tanstack/preact-query";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { keys } from "../api/keys.ts";
import type { Query } from "../api/pages.ts";
import { readFirstSince, readHits } from "../api/reads.ts";
import type { Sid } from "../api/types.ts";
import { announce } from "../ui/announcer.tsx";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { showToast } from "../ui/toasts.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { words } from "../words/words.ts";
import { wordsOf } from "./text-matches.ts";

/** Milliseconds without a key after which the text is looked for. */
const PAUSE = 250;

type Props = {
  conversation: Sid;
  onShow: (index: number) => void;
  /** The words that were looked for, to mark them in the thread. */
  onSearch: (words: string[]) => void;
  onClose: () => void;
};

/** A search in one conversation: from hit to hit, the newest first, or to a date. */
export function ThreadSearch({ conversation, onShow, onSearch, onClose }: Props) {
  const [text, setText] = useState("");
  const sought = useDebounced(text.trim(), PAUSE);
  const isSought = wordsOf(sought).length > 0;
  const { hits, query } = useHits(conversation, isSought ? sought : "");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const { thread } = words;

  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => {
    onSearch(wordsOf(sought));
    setAt(0);
  }, [sought, onSearch]);

  const hit = hits[at];
  useEffect(() => {
    if (hit) onShow(hit.index);
  }, [hit, onShow]);

  const isRead = isSought && !query.isPending && text.trim() === sought;
  const status = statusOf();
  useEffect(() => {
    if (status && isRead) announce(status);
  }, [status, isRead]);

  function statusOf(): string {
    if (!isSought) return "";
    if (query.isError && hits.length === 0) return thread.searchFailed;
    if (!isRead && hits.length === 0) return words.app.loading;
    return hits.length > 0 ? thread.searchHits(at + 1, hits.length, query.hasNextPage) : thread.searchNothing;
  }

  /** Older hits are behind newer ones. */
  function go(step: number) {
    const next = at + step;
    if (next >= hits.length - 1 && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    if (next >= 0 && next < hits.length) setAt(next);
  }

  return (
    <search class="thread-search" aria-label={thread.search}>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        class="thread-search-field"
        placeholder={thread.search}
        aria-label={thread.searchField}
        autoComplete="off"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") onClose();
        }}
      />
      <span class="thread-search-status tabular">{status}</span>
      <IconButton
        icon="chevron"
        class="thread-search-older"
        label={thread.olderHit}
        disabled={at >= hits.length - 1 && !query.hasNextPage}
        onClick={() => go(1)}
      />
      <IconButton icon="chevron" label={thread.newerHit} disabled={at === 0} onClick={() => go(-1)} />
      <DateField conversation={conversation} onShow={onShow} />
      <IconButton icon="close" label={thread.closeSearch} onClick={onClose} />
    </search>
  );
}

function useHits(conversation: Sid, sought: string) {
  const query = useInfiniteQuery({
    queryKey: keys.hits(conversation, sought),
    queryFn: ({ pageParam, signal }) => readHits(conversation, sought, pageParam, signal),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }) => next,
    enabled: sought !== "",
    // No event tells of texts that begin or cease to be hits.
    staleTime: 10_000,
  });
  const hits = sought ? (query.data?.pages.flatMap(({ entries }) => entries) ?? []) : [];
  return { query, hits };
}

function DateField({ conversation, onShow }: { conversation: Sid; onShow: (index: number) => void }) {
  async function go(date: string) {
    // The beginning of that day here.
    const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
    try {
      const message = await readFirstSince(conversation, new Date(year, month - 1, day));
      if (message) onShow(message.index);
      else showToast(words.thread.nothingSince);
    } catch {
      showToast(words.thread.searchFailed);
    }
  }

  return (
    <input
      type="date"
      class="thread-search-date"
      aria-label={words.thread.goToDate}
      title={words.thread.goToDate}
      onChange={(event) => {
        if (event.currentTarget.value) void go(event.currentTarget.value);
      }}
    />
  );
}
