/**
 * The rows of a thread, in order: days, messages, notes and what happened beside them. Pure.
 *
 * A message stands by its index; a note or an event stands behind the message that its `message_index` names.
 */

import { type CachedMessage, clientRefOf } from "../api/message-window.ts";
import type { Activity, Sid } from "../api/types.ts";
import type { OutboxEntry } from "../outbox/entry.ts";
import { isShallowSame } from "../ui/memo.tsx";
import { collectReactions, isSameReactions, type Reaction } from "./reactions.ts";

/** Messages of one writer within this time stand together. */
const TOGETHER = 5 * 60_000;

export type Row =
  | { kind: "beginning"; key: string }
  | { kind: "day"; key: string; date: string }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: CachedMessage; reactions: Reaction[]; isFirst: boolean; isLast: boolean }
  | { kind: "removed"; key: string }
  | { kind: "note"; key: string; note: Activity }
  | { kind: "event"; key: string; event: Activity }
  | { kind: "outgoing"; key: string; entry: OutboxEntry };

/** A message that was deleted while one looked. `key` is that of its row. */
export type RemovedMessage = { sid: Sid; key: string; index: number; date_created: string };

type Content = {
  messages: CachedMessage[];
  activity: Activity[];
  removed?: RemovedMessage[];
  /** The messages that are on their way. */
  outgoing?: OutboxEntry[];
  /** Whether the first message is the first of the conversation: what stands before it then belongs here too. */
  isWhole: boolean;
  /** The last index that was read when the thread was opened; null when nothing was, undefined to mark nothing. */
  readThrough?: number | null | undefined;
  /** Who looks: what they wrote is not new. */
  self?: string;
};

/** Build the rows. */
export function buildRows(content: Content): Row[] {
  const { messages: all, activity, removed = [], outgoing = [], isWhole, readThrough, self } = content;
  const rows: Row[] = [];
  const { reactions, shownSo } = collectReactions(all);
  const messages = shownSo.size ? all.filter(({ sid }) => !shownSo.has(sid)) : all;
  const behind = groupByPlace([...removedOf(removed, all), ...placedOf(activity)], messages, isWhole);
  let day: string | null = null;
  if (isWhole && messages.length > 0) rows.push({ kind: "beginning", key: "beginning" });

  function add(row: Row, date: string) {
    const { day: next } = momentOf(date);
    if (day !== next) rows.push({ kind: "day", key: `day ${date}`, date });
    day = next;
    rows.push(row);
  }

  for (const { row, date } of behind.get(-1) ?? []) add(row, date);
  let isMarked = readThrough === undefined;
  messages.forEach((message, at) => {
    if (!isMarked && message.index > (readThrough ?? -1) && writerOf(message) !== self) {
      isMarked = true;
      if (at > 0) rows.push({ kind: "unread", key: "unread" });
    }
    const isBroken = (other: CachedMessage | undefined, between: CachedMessage | undefined) =>
      !other || !standTogether(message, other) || Boolean(between && behind.get(between.index)?.length);
    const previous = messages[at - 1];
    const next = messages[at + 1];
    const isFirst = isBroken(previous, previous);
    const isLast = isBroken(next, message);
    add(
      { kind: "message", key: keyOf(message), message, reactions: reactions.get(message.sid) ?? [], isFirst, isLast },
      message.date_created,
    );
    for (const { row, date } of behind.get(message.index) ?? []) add(row, date);
  });
  for (const entry of outgoing) {
    add({ kind: "outgoing", key: entry.key, entry }, new Date(entry.created).toISOString());
  }
  return rows;
}

/**
 * Whether two rows show the same. They are new objects whenever rows are built; what they are about is not. What a day is
 * called depends on when one looks.
 */
export function isSameRow(one: Row, other: Row): boolean {
  if (one.kind === "day") return false;
  if (one.kind !== "message" || other.kind !== "message") return isShallowSame(one, other);
  const { reactions, ...rest } = one;
  const { reactions: others, ...otherRest } = other;
  return isShallowSame(rest, otherRest) && isSameReactions(reactions, others);
}

/** Whether what was read of notes and events goes back as far as the messages. */
export function reachesBack(activity: Activity[], messages: CachedMessage[]): boolean {
  const first = messages[0]?.index ?? 0;
  const oldest = activity[0];
  return oldest === undefined || (oldest.message_index ?? -1) < first;
}

/** A row that stands behind the message of an index; null for none. */
type Placed = { row: Row; index: number | null; date: string };

/** Notes and events. */
function placedOf(activity: Activity[]): Placed[] {
  return activity
    .filter((one) => one.kind !== "message" && !isBeginning(one))
    .map((one) => ({ row: rowOf(one), index: one.message_index, date: one.date_created }));
}

/** What stands in the place of deleted messages that are not here any more. */
function removedOf(removed: RemovedMessage[], messages: CachedMessage[]): Placed[] {
  return removed
    .filter(({ sid }) => messages.every((one) => one.sid !== sid))
    .map(({ key, index, date_created: date }) => ({ row: { kind: "removed", key }, index, date }));
}

/** Rows by the index of the message that they stand behind; -1 for those before all messages. */
function groupByPlace(rows: Placed[], messages: CachedMessage[], isWhole: boolean): Map<number, Placed[]> {
  const indexes = messages.map(({ index }) => index);
  const first = indexes[0];
  const places = new Map<number, Placed[]>();
  // What stands behind a deleted message stands behind its row.
  for (const one of rows.toSorted((a, b) => (a.index ?? -1) - (b.index ?? -1))) {
    const place = placeOf(one.index, indexes);
    // What stands before the messages that were read has its place among older ones.
    if (place === -1 && first !== undefined && !isWhole) continue;
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  return places;
}

/** The message that is there at an index, or the last one before it, since a message may have been deleted. */
function placeOf(index: number | null, indexes: number[]): number {
  if (index === null) return -1;
  return indexes.findLast((one) => one <= index) ?? -1;
}

/** That it became active is no news: the conversation begins there. */
function isBeginning({ kind, before }: Activity): boolean {
  return kind === "state_changed" && before === "initializing";
}

/** A message that was sent from here keeps its row, so that the row does not move when it has been sent. */
function keyOf(message: CachedMessage): string {
  return clientRefOf(message) ?? message.sid;
}

function rowOf(one: Activity): Row {
  return one.kind === "note" ? { kind: "note", key: one.sid, note: one } : { kind: "event", key: one.sid, event: one };
}

function standTogether(one: CachedMessage, other: CachedMessage): boolean {
  if (writerOf(one) !== writerOf(other)) return false;
  const [first, second] = [momentOf(one.date_created), momentOf(other.date_created)];
  return Math.abs(first.time - second.time) < TOGETHER && first.day === second.day;
}

/** Long threads ask for the same times again with each new message. */
const moments = new Map<string, { time: number; day: string }>();
const MOST_MOMENTS = 20_000;

function momentOf(iso: string): { time: number; day: string } {
  const known = moments.get(iso);
  if (known) return known;
  if (moments.size >= MOST_MOMENTS) moments.clear();
  const date = new Date(iso);
  const found = { time: date.getTime(), day: date.toDateString() };
  moments.set(iso, found);
  return found;
}

/** Who wrote a message: the person who wrote as a line, else the author. */
export function writerOf(message: Pick<CachedMessage, "author" | "written_by">): string {
  return message.written_by ?? message.author;
}
