import "./thread-log.css";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { useRowFocus } from "../ui/row-focus.ts";
import { distanceFromEnd, scrollTo, type Target, useVirtualList } from "../ui/virtual-list.ts";
import { words } from "../words/words.ts";
import { useKeepBottom } from "./keep-bottom.ts";
import { isFocusable, rowAfter } from "./log-keys.ts";
import { type LogActions, LogRow } from "./log-row.tsx";
import type { People } from "./people.ts";
import type { Place } from "./place.ts";
import type { Row } from "./timeline.ts";

const OVERSCAN = 4;
const GUESS = { beginning: 44, day: 44, unread: 34, message: 56, note: 76, event: 36, removed: 36, outgoing: 72 };
/** How many rows before an edge more of them are read. */
const NEAR_EDGE = 8;
/** Within so many pixels of the end one is at the end, and stays there. */
const AT_END = 48;
/** Farther than this from the end, in pixels, there is a way back to it. */
const FAR_FROM_END = 160;

type Props = {
  rows: Row[];
  people: People;
  hasOlder: boolean;
  hasNewer: boolean;
  isLoadingOlder: boolean;
  isLoadingNewer: boolean;
  olderFailed: boolean;
  newerFailed: boolean;
  loadOlder: () => void;
  loadNewer: () => void;
  place: Place;
  /** How many new messages stand before those that were read, and the index of the first. */
  newAbove: { count: number; first: number } | null;
  onShow: (index: number | null) => void;
  actions: LogActions;
};

/** The rows of a thread, from the end on. It stays where it is while older rows come above and newer ones below. */
export function ThreadLog(props: Props) {
  const { rows, people, hasOlder, hasNewer, loadOlder, loadNewer, olderFailed, newerFailed, place } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const at = rows.findIndex(({ key }) => key === focused);
  const getItemKey = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  const list = useVirtualList({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => GUESS[rows[index]?.kind ?? "message"],
    getItemKey,
    overscan: OVERSCAN,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: AT_END,
    scrollPaddingStart: 48,
    paddingStart: 16,
    paddingEnd: 8,
    kept: at,
  });
  const focusRow = useRowFocus((key) => scroller.current?.querySelector(`[data-key="${CSS.escape(key)}"]`));
  useKeepBottom(scroller);
  const items = list.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;

  // The place that was reached. Before that, older rows would be taken for the way to it.
  const [reached, setReached] = useState<Place | null>(null);
  const isThere = reached === place;

  // Only when a place is asked for: later rows must not move what is read.
  const before = isThere ? null : rows[0]?.key;
  useLayoutEffect(() => {
    return isThere ? undefined : scrollTo(list, targetOf(place, rows), () => setReached(place));
  }, [place, isThere, before]);

  useEffect(() => {
    if (!isThere) return;
    if (hasOlder && !olderFailed && first < NEAR_EDGE) loadOlder();
    if (hasNewer && !newerFailed && last > rows.length - NEAR_EDGE) loadNewer();
  }, [isThere, hasOlder, hasNewer, olderFailed, newerFailed, first, last, rows.length, loadOlder, loadNewer]);

  const focusable = at >= 0 ? focused : lastFocusable(rows);

  function move(event: KeyboardEvent) {
    if (!(event.target instanceof HTMLElement) || !event.target.classList.contains("log-row")) return;
    const next = rowAfter(
      event.key,
      rows,
      rows.findIndex(({ key }) => key === focusable),
    );
    if (next === null) return;
    event.preventDefault();
    const key = rows[next]?.key ?? null;
    setFocused(key);
    list.scrollToIndex(next);
    if (key !== null) focusRow(key);
  }

  return (
    <div class="log-frame">
      <div ref={scroller} class="log">
        <ol
          class="log-rows"
          aria-label={words.thread.messages}
          style={{ height: `${list.getTotalSize()}px` }}
          onKeyDown={move}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const isTarget = row.kind === "message" && row.message.index === place.index;
            return (
              <LogRow
                key={row.key}
                row={row}
                index={item.index}
                start={item.start}
                isTarget={isTarget}
                isTab={row.key === focusable}
                people={people}
                actions={props.actions}
                measure={list.measureElement}
                onFocus={setFocused}
              />
            );
          })}
        </ol>
      </div>
      <Edge isLoading={props.isLoadingOlder} hasFailed={olderFailed} isOlder onRetry={loadOlder} />
      <Edge isLoading={props.isLoadingNewer} hasFailed={newerFailed} onRetry={loadNewer} />
      {props.newAbove && !props.isLoadingOlder && (
        <Button class="log-above" icon="up" onClick={() => props.onShow(props.newAbove?.first ?? null)}>
          {words.thread.newAbove(props.newAbove.count)}
        </Button>
      )}
      {(hasNewer || distanceFromEnd(list) > FAR_FROM_END) && (
        <DownButton rows={rows} seen={last} onPress={() => (hasNewer ? props.onShow(null) : list.scrollToEnd())} />
      )}
    </div>
  );
}

/** What stands over an end of what was read: that more is on its way, or could not be read. It moves no row. */
function Edge(props: { isLoading: boolean; hasFailed: boolean; isOlder?: boolean; onRetry: () => void }) {
  const { isLoading, hasFailed, isOlder = false, onRetry } = props;
  const { thread } = words;
  const place = isOlder ? "log-edge-older" : "log-edge-newer";
  if (hasFailed) {
    return (
      <div class={classNames("log-edge", "log-edge-failed", place)} role="alert">
        <span>{isOlder ? thread.olderFailed : thread.newerFailed}</span>
        <Button kind="quiet" onClick={onRetry}>
          {words.app.retry}
        </Button>
      </div>
    );
  }
  if (!isLoading) return null;
  return <p class={classNames("log-edge", place)}>{isOlder ? thread.loadingOlder : thread.loadingNewer}</p>;
}

/** The way back to the end, with how many messages have come below. */
function DownButton({ rows, seen, onPress }: { rows: Row[]; seen: number; onPress: () => void }) {
  // What was there when one left the end is no news.
  const [known] = useState(() => lastIndex(rows));
  const isNews = (row: Row) => row.kind === "message" && row.message.index > known;
  const news = rows.slice(seen).filter(isNews).length;
  if (news === 0) return <IconButton class="log-down" icon="down" label={words.thread.toEnd} onClick={onPress} />;
  return (
    <Button class="log-down" icon="down" onClick={onPress}>
      {words.thread.newBelow(news)}
    </Button>
  );
}

/** What to scroll to: the message, else the first new one, else the end. */
function targetOf({ index }: Place, rows: Row[]): Target {
  const row = rows.findIndex((one) => {
    return index === null ? one.kind === "unread" : one.kind === "message" && one.message.index >= index;
  });
  return row < 0 ? "end" : { index: row, align: index === null ? "start" : "center" };
}

function lastIndex(rows: Row[]): number {
  const last = rows.findLast(({ kind }) => kind === "message");
  return last?.kind === "message" ? last.message.index : -1;
}

function lastFocusable(rows: Row[]): string | null {
  return rows.findLast(isFocusable)?.key ?? null;
}
