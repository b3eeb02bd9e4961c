import "./rows.css";
import type { ComponentChildren } from "preact";
import { Button } from "../ui/button.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { settingsWords } from "../words/settings-words.ts";

type Props<T> = {
  label: string;
  /** The entries; undefined while they are not here. */
  entries: T[] | undefined;
  keyOf: (entry: T) => string;
  query: { isError: boolean; refetch: () => unknown };
  /** What is said instead of no entries. */
  empty: ComponentChildren;
  children: (entry: T) => ComponentChildren;
};

/** A list on a card, in each of its states. */
export function Rows<T>({ label, entries, keyOf, query, empty, children }: Props<T>) {
  if (!entries) {
    if (query.isError) return <ErrorState title={settingsWords.failed} onRetry={() => void query.refetch()} />;
    return <SkeletonRows count={4} />;
  }
  if (entries.length === 0) return <>{empty}</>;
  return (
    <ul class="settings-card" aria-label={label}>
      {entries.map((entry) => (
        <li key={keyOf(entry)} class="rows-item">
          {children(entry)}
        </li>
      ))}
    </ul>
  );
}

/** What is behind the entries that are shown, if there is more. */
export function More({ label, query }: { label: string; query: MoreQuery }) {
  if (!query.hasNextPage) return null;
  return (
    <div class="rows-more">
      <Button kind="quiet" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {label}
      </Button>
    </div>
  );
}

type MoreQuery = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
