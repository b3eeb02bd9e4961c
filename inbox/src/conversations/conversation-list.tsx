import "./conversation-list.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { useInbox } from "../api/queries.ts";
import type { InboxEntry } from "../api/types.ts";
import { useShortcuts } from "../navigation/shortcuts.ts";
import { usePermission, useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button } from "../ui/button.tsx";
import { useRowFocus } from "../ui/row-focus.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { useVirtualList } from "../ui/virtual-list.ts";
import { words } from "../words/words.ts";
import { ConversationRow } from "./conversation-row.tsx";
import { isFiltered, listFilter } from "./list-filter.ts";
import { stepFrom } from "./list-keys.ts";

const ROW_HEIGHT = 72;
const OVERSCAN = 6;

/** The conversations that the filter lets through, the one with the latest activity first. */
export function ConversationList({ selected }: { selected: string | null }) {
  const { query, entries } = useInbox(listFilter.value);
  if (!entries) {
    if (!query.isError) return <SkeletonRows count={8} />;
    return <ErrorState title={words.list.failed} text={words.list.failedText} onRetry={() => void query.refetch()} />;
  }
  // A page may be empty with more behind it.
  if (entries.length === 0 && !query.hasNextPage) return <EmptyList />;
  return (
    <Rows
      entries={entries}
      selected={selected}
      hasMore={query.hasNextPage}
      isLoadingMore={query.isFetchingNextPage}
      moreFailed={query.isFetchNextPageError}
      onLoadMore={() => void query.fetchNextPage()}
    />
  );
}

type RowsProps = {
  entries: InboxEntry[];
  selected: string | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  moreFailed: boolean;
  onLoadMore: () => void;
};

function Rows({ entries, selected, hasMore, isLoadingMore, moreFailed, onLoadMore }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const self = useSession().user.identity;
  const nameOf = useUserNames();
  const now = useNow();
  const [focused, setFocused] = useState<string | null>(null);
  const list = useVirtualList({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => entries[index]?.conversation_sid ?? index,
    overscan: OVERSCAN,
    kept: entries.findIndex(({ conversation_sid: sid }) => sid === focused),
  });
  const focusRow = useRowFocus((sid) => scroller.current?.querySelector(`[data-conversation="${sid}"]`));
  const rows = list.getVirtualItems();
  const last = rows.at(-1)?.index ?? -1;

  useEffect(() => {
    if (hasMore && !isLoadingMore && !moreFailed && last >= entries.length - OVERSCAN) onLoadMore();
  }, [hasMore, isLoadingMore, moreFailed, last, entries.length, onLoadMore]);

  // One row takes part in tabbing: the one that had the focus, else the selected one, else the first.
  const isThere = (sid: string | null) => sid !== null && entries.some((entry) => entry.conversation_sid === sid);
  const focusable = isThere(focused) ? focused : isThere(selected) ? selected : entries[0]?.conversation_sid;

  function move(key: string): boolean {
    const at = entries.findIndex((entry) => entry.conversation_sid === focusable);
    const next = stepFrom(key, at, entries.length);
    const sid = next === null ? undefined : entries[next]?.conversation_sid;
    if (next === null || !sid) return false;
    setFocused(sid);
    list.scrollToIndex(next);
    focusRow(sid);
    return true;
  }

  useShortcuts({ j: () => void move("ArrowDown"), k: () => void move("ArrowUp") });

  return (
    <div ref={scroller} class="list" data-conversation-list>
      <ul
        class="list-rows"
        aria-label={words.list.label}
        style={{ height: `${list.getTotalSize()}px` }}
        onKeyDown={(event) => {
          if (move(event.key)) event.preventDefault();
        }}
        // Keys go on from the row that has the focus, however it came there.
        onFocusIn={({ target }) => setFocused((target as HTMLElement).dataset.conversation ?? null)}
      >
        {rows.map((row) => {
          const entry = entries[row.index];
          if (!entry) return null;
          const sid = entry.conversation_sid;
          return (
            <li
              key={sid}
              class="list-item"
              style={{ transform: `translateY(${row.start}px)` }}
              aria-setsize={hasMore ? -1 : entries.length}
              aria-posinset={row.index + 1}
            >
              <ConversationRow
                entry={entry}
                self={self}
                nameOf={nameOf}
                now={now}
                isSelected={sid === selected}
                isFocusable={sid === focusable}
              />
            </li>
          );
        })}
      </ul>
      {moreFailed ? (
        <div class="list-more" role="alert">
          {words.list.moreFailed}{" "}
          <Button kind="quiet" onClick={onLoadMore}>
            {words.app.retry}
          </Button>
        </div>
      ) : (
        isLoadingMore && <p class="list-more">{words.list.loadingMore}</p>
      )}
    </div>
  );
}

function EmptyList() {
  const isLimited = !usePermission("viewAnyConversation");
  const { view } = listFilter.value;
  const { empty } = words.list;
  if (isFiltered.value) return <EmptyState icon="search" {...empty.search} />;
  if (view === "all" && isLimited) return <EmptyState icon="inbox" {...empty.limited} />;
  return <EmptyState icon="inbox" {...empty[view]} />;
}

/** The time, again with each minute, so that the rows of yesterday say so after midnight. */
function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
