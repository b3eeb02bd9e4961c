import { describe, expect, test } from "vitest";
import type { CachedMessage } from "../../src/api/message-window.ts";
import type { Activity } from "../../src/api/types.ts";
import { buildRows, isSameRow, type Row, reachesBack } from "../../src/thread/timeline.ts";

const NOON = Date.UTC(2026, 10, 28, 12);

function message(index: number, over: Partial<CachedMessage> = {}): CachedMessage {
  return {
    sid: `IM${index}`,
    index,
    author: "+12065550150",
    written_by: null,
    attributes: "{}",
    date_created: new Date(NOON + index * 1000).toISOString(),
    ...over,
  } as CachedMessage;
}

function note(behind: number | null, sid: string): Activity {
  return { sid, kind: "note", message_index: behind, date_created: new Date(NOON).toISOString() } as Activity;
}

function show(rows: Row[]): string[] {
  const others = rows.filter(({ kind }) => kind !== "beginning");
  return others.map((row) =>
    row.kind === "message"
      ? `${row.key}${row.isFirst ? " first" : ""}${row.isLast ? " last" : ""}`
      : row.kind === "note"
        ? row.key
        : row.kind,
  );
}

const whole = { activity: [], isWhole: true };

describe("the rows of a thread", () => {
  test("messages of one writer within minutes stand together", () => {
    const rows = buildRows({ ...whole, messages: [message(0), message(1), message(2, { author: "+12065550151" })] });
    expect(show(rows)).toEqual(["day", "IM0 first", "IM1 last", "IM2 first last"]);
  });

  test("a pause of five minutes begins anew", () => {
    const later = new Date(NOON + 301_000).toISOString();
    const rows = buildRows({ ...whole, messages: [message(0), message(1, { date_created: later })] });
    expect(show(rows)).toEqual(["day", "IM0 first last", "IM1 first last"]);
  });

  test("two people who write as one line do not stand together", () => {
    const line = { author: "+12065550100" };
    const messages = [message(0, { ...line, written_by: "ann" }), message(1, { ...line, written_by: "ben" })];
    expect(show(buildRows({ ...whole, messages }))).toEqual(["day", "IM0 first last", "IM1 first last"]);
  });

  test("another day has its separator", () => {
    const tomorrow = new Date(NOON + 24 * 3600_000).toISOString();
    const rows = buildRows({ ...whole, messages: [message(0), message(1, { date_created: tomorrow })] });
    expect(show(rows)).toEqual(["day", "IM0 first last", "day", "IM1 first last"]);
  });

  test("a note stands behind its message, and parts its neighbours", () => {
    const rows = buildRows({ messages: [message(0), message(1)], activity: [note(0, "NT1")], isWhole: true });
    expect(show(rows)).toEqual(["day", "IM0 first last", "NT1", "IM1 first last"]);
  });

  test("a note behind a deleted message stands behind the one before it", () => {
    const rows = buildRows({ messages: [message(0), message(5)], activity: [note(3, "NT1")], isWhole: true });
    expect(show(rows)).toEqual(["day", "IM0 first last", "NT1", "IM5 first last"]);
  });

  describe("a message that was deleted while one looked", () => {
    const removed = (index: number) => ({ ...message(index), key: `IM${index}` });

    test("has a row in its place, before the notes behind it", () => {
      const activity = [note(0, "NT0"), note(1, "NT1"), note(2, "NT2")];
      const rows = buildRows({ messages: [message(0), message(2)], activity, removed: [removed(1)], isWhole: true });
      expect(show(rows)).toEqual(["day", "IM0 first last", "NT0", "removed", "NT1", "IM2 first last", "NT2"]);
    });

    test("keeps the row that it had, and is there once", () => {
      const content = { ...whole, removed: [removed(1)] };
      expect(buildRows({ ...content, messages: [message(0)] }).at(-1)).toEqual({ kind: "removed", key: "IM1" });
      expect(show(buildRows({ ...content, messages: [message(0), message(1)] }))).toEqual([
        "day",
        "IM0 first",
        "IM1 last",
      ]);
    });

    test("may be the first of all, or the only one", () => {
      expect(show(buildRows({ ...whole, messages: [message(1)], removed: [removed(0)] }))).toEqual([
        "day",
        "removed",
        "IM1 first last",
      ]);
      expect(show(buildRows({ ...whole, messages: [], removed: [removed(0)] }))).toEqual(["day", "removed"]);
    });

    test("is not shown before the messages that were read", () => {
      const rows = buildRows({ messages: [message(7)], activity: [], removed: [removed(3)], isWhole: false });
      expect(show(rows)).toEqual(["day", "IM7 first last"]);
    });
  });

  test("what stands before the messages that were read is shown with the first one only", () => {
    const messages = [message(7)];
    expect(show(buildRows({ messages, activity: [note(3, "NT1")], isWhole: false }))).toEqual([
      "day",
      "IM7 first last",
    ]);
    expect(show(buildRows({ messages, activity: [note(null, "NT1")], isWhole: true }))).toEqual([
      "day",
      "NT1",
      "IM7 first last",
    ]);
  });

  test("notes without any message are shown", () => {
    expect(show(buildRows({ messages: [], activity: [note(null, "NT1")], isWhole: true }))).toEqual(["day", "NT1"]);
  });

  test("the first unread message is marked, unless it is the first of all", () => {
    const messages = [message(0), message(1), message(2)];
    expect(show(buildRows({ ...whole, messages, readThrough: 0 }))).toContain("unread");
    expect(show(buildRows({ ...whole, messages, readThrough: null }))).not.toContain("unread");
    expect(show(buildRows({ ...whole, messages, readThrough: 2 }))).not.toContain("unread");
    expect(show(buildRows({ ...whole, messages }))).not.toContain("unread");
  });

  test("a message of one's own is not marked as new, but the one behind it is", () => {
    const messages = [message(0), message(1, { written_by: "ann" }), message(2)];
    const rows = buildRows({ ...whole, messages, readThrough: 0, self: "ann" });
    expect(show(rows).filter((one) => !one.startsWith("day"))).toEqual([
      "IM0 first last",
      "IM1 first last",
      "unread",
      "IM2 first last",
    ]);
    const own = buildRows({ ...whole, messages: messages.slice(0, 2), readThrough: 0, self: "ann" });
    expect(show(own)).not.toContain("unread");
  });

  test("every message and note is there once, whatever their order", () => {
    for (let seed = 1; seed < 200; seed += 1) {
      const random = (limit: number) => Math.floor(Math.abs(Math.sin(seed * 99 + limit) * 1000)) % limit;
      const messages = Array.from({ length: random(8) + 1 }, (_, at) => message(at * 2));
      const notes = Array.from({ length: random(6) }, (_, at) => note((at * 7) % 20, `NT${at}`));
      const keys = buildRows({ messages, activity: notes, isWhole: true }).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { sid } of [...messages, ...notes]) expect(keys).toContain(sid);
    }
  });
});

describe("the beginning of a thread", () => {
  const began = { ...note(null, "AC0"), kind: "state_changed", before: "initializing", after: "active" } as Activity;
  const kinds = (rows: Row[]) => rows.map(({ kind }) => kind);

  test("a whole conversation says where it begins, and not again that it became active there", () => {
    const content = { messages: [message(0)], activity: [began] };
    expect(kinds(buildRows({ ...content, isWhole: true }))).toEqual(["beginning", "day", "message"]);
    expect(kinds(buildRows({ ...content, isWhole: false }))).toEqual(["day", "message"]);
  });
});

test("a message that was sent from here has the row that it had on its way", () => {
  const key = "01930b1c-5a7c-7a8c-94a5-e8a1e0f2b7c3";
  const sent = message(1, { attributes: JSON.stringify({ client_ref: key }) });
  expect(buildRows({ messages: [message(0), sent], activity: [], isWhole: false }).at(-1)?.key).toBe(key);
});

test("activity reaches back as far as messages when something of it is older, or there is none", () => {
  expect(reachesBack([], [message(4)])).toBe(true);
  expect(reachesBack([note(3, "NT3"), note(5, "NT5")], [message(4)])).toBe(true);
  expect(reachesBack([note(null, "NT0")], [message(0)])).toBe(true);
  expect(reachesBack([note(5, "NT5")], [message(4)])).toBe(false);
});

describe("rows that are built again", () => {
  const tapback = (index: number, kind: string) =>
    message(index, {
      author: "+12065550151",
      attributes: JSON.stringify({ tapback: { kind, message_sid: "IM0", index: 0, removed: false } }),
    });
  const build = (...messages: CachedMessage[]) => buildRows({ ...whole, messages });
  const areSame = (before: Row[], now: Row[]) =>
    before.map((row, at) => now[at] !== undefined && isSameRow(row, now[at]));

  test("are the same, but for days, whose names change", () => {
    const messages = [message(0), message(1)];
    const rows = build(...messages);
    expect(rows.map(({ kind }) => kind)).toEqual(["beginning", "day", "message", "message"]);
    expect(areSame(rows, build(...messages))).toEqual([true, false, true, true]);
  });

  test("change where another message comes to stand with one", () => {
    const messages = [message(0), message(1)];
    expect(areSame(build(...messages), build(...messages, message(2)))).toEqual([true, false, true, false]);
  });

  test("change with their message and its reactions", () => {
    const shown = [message(0), tapback(1, "like")];
    expect(areSame(build(...shown), build(...shown))).toEqual([true, false, true]);
    expect(areSame(build(...shown), build(message(0), tapback(1, "like")))).toEqual([true, false, false]);
    const [first] = shown as [CachedMessage, CachedMessage];
    expect(areSame(build(...shown), build(first, tapback(1, "love")))).toEqual([true, false, false]);
    expect(areSame(build(first), build(...shown))).toEqual([true, false, false]);
  });
});
