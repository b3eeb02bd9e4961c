import { type InfiniteData, QueryClient, QueryObserver } from "@tanstack/preact-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../clients/javascript/rest.js";
import { type CachedEntry, type EntryPage, joinPages } from "../../src/api/entries.ts";
import { type InboxSelection, keys } from "../../src/api/keys.ts";
import { buildWindow, type CachedMessage, type MessageWindow } from "../../src/api/message-window.ts";
import type { Page } from "../../src/api/pages.ts";
import type { Activity, Message, ReadState, Receipt, User } from "../../src/api/types.ts";
import { LiveCache } from "../../src/live/cache.ts";
import { BOB, CONVERSATION, entry, LINE, message, sidOfMessage } from "../support/answers.ts";
import { ANN, delivery, entryUpdated, event, inbound, KAY, outbound, reaction } from "../support/events.ts";

const OTHER = `CH${"2".repeat(32)}`;
const THIRD = `CH${"3".repeat(32)}`;
const AT_END = { hasOlder: false, hasNewer: false };
const DELIVERY = { total: 2, sent: "none", delivered: "none", read: "none", failed: "none", undelivered: "none" };

let client: QueryClient;
let cache: LiveCache;
let reads: { message: string[]; readState: string[] };
let readMessage: (sid: string) => Message;
let readState: Partial<ReadState>;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } } });
  reads = { message: [], readState: [] };
  readMessage = (sid) => message(0, { sid });
  readState = {};
  cache = new LiveCache(client, ANN, {
    readMessage: async (_, sid) => {
      reads.message.push(sid);
      return readMessage(sid);
    },
    readReadState: async (sid) => {
      reads.readState.push(sid);
      return { last_read_message_index: null, marked_unread: false, muted: false, ...readState } as ReadState;
    },
  });
});
afterEach(() => {
  cache.close();
  client.clear();
  vi.useRealTimers();
});

function setWindow(messages: CachedMessage[], ends = AT_END): void {
  client.setQueryData(keys.messages(CONVERSATION), buildWindow(messages, ends));
}
const window = () => client.getQueryData<MessageWindow>(keys.messages(CONVERSATION));
const shown = () => window()?.messages.map(({ index }) => index);

function setList(selection: InboxSelection, entries: CachedEntry[], next: EntryPage["next"] = null): void {
  client.setQueryData<InfiniteData<EntryPage>>(keys.inbox(selection), {
    pages: [{ entries, next }],
    pageParams: [null],
  });
}
function list(selection: InboxSelection): CachedEntry[] {
  return joinPages(client.getQueryData<InfiniteData<EntryPage>>(keys.inbox(selection))?.pages ?? []);
}
const sids = (selection: InboxSelection) => list(selection).map((one) => one.conversation_sid);

describe("a message that an event does not tell whole", () => {
  const shortened = () => inbound(1, { Omitted: "Body" });

  it("is read with its thread if it cannot be read by itself for now", async () => {
    setWindow([message(0)]);
    readMessage = () => {
      throw new ApiError("no answer");
    };
    cache.apply(shortened());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.message).toHaveLength(1);
    expect(client.getQueryState(keys.messages(CONVERSATION))?.isInvalidated).toBe(true);
  });

  it("is left alone if it is not to be had", async () => {
    setWindow([message(0)]);
    readMessage = () => {
      throw new ApiError("not found", { status: 404 });
    };
    cache.apply(shortened());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.message).toHaveLength(1);
    expect(client.getQueryState(keys.messages(CONVERSATION))?.isInvalidated).toBe(false);
  });
});

describe("a new message", () => {
  it("is in the thread and on top of the list, without a request", async () => {
    setWindow([message(0)]);
    setList({ view: "all" }, [entry(OTHER, 20), entry(CONVERSATION, 0)]);
    cache.apply(inbound(30));
    expect(shown()).toEqual([0, 30]);
    expect(list({ view: "all" })[0]).toMatchObject({
      conversation_sid: CONVERSATION,
      unread: 30,
      last_message: { body: "text 30", author: BOB, kind: "text" },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads).toEqual({ message: [], readState: [] });
  });

  it("counts once, however often its events come", () => {
    setWindow([message(0)]);
    setList({ view: "all" }, [entry(CONVERSATION, 0)]);
    for (const told of [inbound(1), inbound(1), entryUpdated(CONVERSATION, 1), entryUpdated(CONVERSATION, 1)]) {
      cache.apply(told);
    }
    expect(shown()).toEqual([0, 1]);
    expect(list({ view: "all" })[0]?.unread).toBe(1);
  });

  it("counts once, also when its entry's event comes first", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 0)]);
    cache.apply(entryUpdated(CONVERSATION, 1));
    cache.apply(inbound(1));
    expect(list({ view: "all" })[0]?.unread).toBe(1);
  });

  it("does not go behind a window that was jumped to", () => {
    setWindow([message(5)], { hasOlder: true, hasNewer: true });
    cache.apply(inbound(90));
    expect(shown()).toEqual([5]);
  });

  it("raises what is unread of its read state", () => {
    const held = { last_read_message_index: 0, last_message_index: 0, unread: 0 };
    client.setQueryData(keys.readState(CONVERSATION), held);
    cache.apply(inbound(1));
    cache.apply(inbound(1));
    expect(client.getQueryData(keys.readState(CONVERSATION))).toMatchObject({ last_message_index: 1, unread: 1 });
  });

  it("keeps what is known of it when its first event comes again", () => {
    setWindow([message(0, { delivery: { ...DELIVERY, delivered: "all" } as Message["delivery"] })]);
    cache.apply(outbound(0, ANN));
    expect(window()?.messages[0]?.delivery?.delivered).toBe("all");
  });

  it("is read by itself when it does not fit into an event", async () => {
    setWindow([]);
    readMessage = () => message(0, { body: "long" });
    cache.apply(inbound(0, { Omitted: "Body", Body: "" }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(window()?.messages[0]?.body).toBe("long");
  });

  it("takes a scheduled message out of those that are still to be sent", () => {
    const one = { sid: "SD1", author: LINE, body: "text 1", send_at: "2026-11-28T12:00:00Z" };
    client.setQueryData(keys.scheduled(CONVERSATION), [one, { ...one, sid: "SD2", send_at: "2026-12-01T12:00:00Z" }]);
    cache.apply(outbound(1, ANN));
    expect(client.getQueryData(keys.scheduled(CONVERSATION))).toMatchObject([{ sid: "SD2" }]);
  });
});

describe("a message of one's own", () => {
  const row = () => list({ view: "all" })[0];
  const written = (index: number, by = ANN) => ({
    LastMessage: JSON.stringify({ ...entry(CONVERSATION, index).last_message, author: LINE, written_by: by }),
  });

  it("is no news, whatever else is there", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 0)]);
    setList({ view: "unread" }, []);
    for (const [event, unread] of [
      [outbound(1, ANN), 0],
      [outbound(2, "ben"), 1],
      [outbound(3, ANN), 1],
      [inbound(4, { Author: ANN }), 1],
    ] as const) {
      cache.apply(event);
      expect(row()?.unread).toBe(unread);
      expect(sids({ view: "unread" })).toEqual([]);
    }
    expect(row()?.own_indexes).toEqual([1, 3, 4]);
  });

  it("does not count, whichever of its events comes first", () => {
    for (const [events, unread] of [
      [[entryUpdated(CONVERSATION, 1, written(1)), outbound(1, ANN)], 0],
      [[outbound(1, ANN), entryUpdated(CONVERSATION, 1, written(1))], 0],
      [[entryUpdated(CONVERSATION, 2, written(2)), outbound(1, ANN), outbound(2, ANN)], 0],
      [[entryUpdated(CONVERSATION, 2), outbound(1, ANN), outbound(1, ANN), inbound(2)], 1],
      [[entryUpdated(CONVERSATION, 2, written(2)), inbound(1), outbound(2, ANN)], 1],
      [[entryUpdated(CONVERSATION, 2, written(2, "ben")), outbound(1, ANN), outbound(2, "ben")], 1],
    ] as const) {
      setList({ view: "all" }, [entry(CONVERSATION, 0)]);
      for (const one of events) cache.apply(one);
      expect(row()?.unread).toBe(unread);
    }
  });

  it("takes nothing off that was read before its event comes", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 3, { unread: 1 })]);
    cache.apply(outbound(1, ANN));
    expect(row()?.unread).toBe(1);
  });

  it("stays out of the count when the person reads up to a message before it, or deletes it", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 4, { unread: 0, own_indexes: [2, 4] })]);
    cache.apply(event("onReadStateUpdated", { LastReadMessageIndex: "1", MarkedUnread: "false" }));
    expect(row()?.unread).toBe(1);
    cache.apply({ ...outbound(4, ANN), type: "onMessageRemoved" });
    expect(row()?.unread).toBe(1);
    cache.apply({ ...inbound(3), type: "onMessageRemoved" });
    expect(row()?.unread).toBe(0);
  });

  it("raises nothing in its read state", () => {
    const held = { last_read_message_index: 0, last_message_index: 0, unread: 0 };
    client.setQueryData(keys.readState(CONVERSATION), held);
    cache.apply(outbound(1, ANN));
    expect(client.getQueryData(keys.readState(CONVERSATION))).toMatchObject({ last_message_index: 1, unread: 0 });
  });
});

describe("a reaction", () => {
  const row = () => list({ view: "all" })[0];

  it("is not unread, in the list or in the read state", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 1, { unread: 1 })]);
    setList({ view: "unread" }, []);
    const held = { last_read_message_index: 0, last_message_index: 1, unread: 1 };
    client.setQueryData(keys.readState(CONVERSATION), held);
    cache.apply(reaction(2, 0));
    expect(row()).toMatchObject({ unread: 1, seen_index: 2, tapback_indexes: [2] });
    expect(row()?.last_message?.tapback).toEqual({ kind: "like", removed: false, emoji: null });
    expect(sids({ view: "unread" })).toEqual([]);
    expect(client.getQueryData(keys.readState(CONVERSATION))).toMatchObject({ last_message_index: 2, unread: 1 });
    cache.apply(inbound(3));
    expect(row()).toMatchObject({ unread: 2, last_message: { tapback: null } });
  });

  it("does not count, whichever of its events comes first", () => {
    const told = { TapbackIndexes: "[1]" };
    for (const events of [
      [entryUpdated(CONVERSATION, 1, told), reaction(1, 0)],
      [reaction(1, 0), entryUpdated(CONVERSATION, 1, told)],
      [entryUpdated(CONVERSATION, 2, told), inbound(2), reaction(1, 0)],
    ]) {
      setList({ view: "all" }, [entry(CONVERSATION, 0)]);
      for (const one of events) cache.apply(one);
      expect(row()).toMatchObject({ unread: events.length - 2, tapback_indexes: [1] });
    }
  });

  it("does not count in a conversation that has just begun", () => {
    setList({ view: "all" }, []);
    cache.apply(entryUpdated(CONVERSATION, 1, { TapbackIndexes: "[1]", DateCreated: "2026-11-28T12:00:00Z" }));
    expect(row()?.unread).toBe(1);
  });

  it("stays out of the count when the person reads up to a message before it, or something is deleted", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 9, { unread: 0, tapback_indexes: [3, 7, 9] })]);
    const readUpTo = (index: number) =>
      cache.apply(event("onReadStateUpdated", { LastReadMessageIndex: String(index), MarkedUnread: "false" }));
    for (const [index, unread] of [
      [9, 0],
      [8, 0],
      [6, 1],
      [5, 2],
      [2, 4],
    ] as const) {
      readUpTo(index);
      expect(row()?.unread).toBe(unread);
    }
    readUpTo(5);
    cache.apply({ ...inbound(7), type: "onMessageRemoved" });
    expect(row()?.unread).toBe(2);
    cache.apply({ ...inbound(5), type: "onMessageRemoved" });
    expect(row()?.unread).toBe(2);
    cache.apply({ ...inbound(6), type: "onMessageRemoved" });
    expect(row()?.unread).toBe(1);
  });

  it("is only what comes as a text: attributes anyone can give", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 0)]);
    cache.apply(reaction(1, 0, { Source: "SDK", Author: "ben" }));
    expect(row()).toMatchObject({ unread: 1, tapback_indexes: [], last_message: { tapback: null } });
  });
});

describe("a message that changes", () => {
  it("shows its new text, in the list too", () => {
    setWindow([message(1)]);
    setList({ view: "all" }, [entry(CONVERSATION, 1)]);
    const at = "2026-11-28T12:01:00.250Z";
    cache.apply({ ...inbound(1, { Body: "edited", DateUpdated: at }), type: "onMessageUpdated" });
    expect(window()?.messages[0]).toMatchObject({ body: "edited", date_updated: at });
    expect(list({ view: "all" })[0]?.last_message?.body).toBe("edited");
  });

  it("is not set back by an event that is older than the answer", () => {
    setWindow([message(1, { body: "newest", date_updated: "2026-11-28T12:05:00Z" })]);
    cache.apply({
      ...inbound(1, { Body: "older", DateUpdated: "2026-11-28T12:01:00.250Z" }),
      type: "onMessageUpdated",
    });
    expect(window()?.messages[0]?.body).toBe("newest");
  });

  it("keeps the link of a file, and is read when a file is still missing", async () => {
    const file = {
      sid: "ME1",
      content_type: "image/png",
      filename: "a.png",
      size: 3,
      state: "ready",
      link: "/l",
    } as const;
    setWindow([message(1, { media: [file] })]);
    const media = (size: number | null) =>
      JSON.stringify([{ Sid: "ME1", ContentType: "image/png", Filename: "a.png", Size: size }]);
    const at = "2026-11-28T12:01:00.250Z";
    const told = (size: number | null) => inbound(1, { Body: "x", Media: media(size), DateUpdated: at });
    cache.apply({ ...told(3), type: "onMessageUpdated" });
    expect(window()?.messages[0]?.media).toEqual([file]);
    readMessage = () => message(1, { media: [{ ...file, state: "failed", link: null }] });
    cache.apply({ ...told(null), type: "onMessageUpdated" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.message).toEqual([sidOfMessage(1)]);
    expect(window()?.messages[0]?.media?.[0]?.state).toBe("failed");
  });

  it("is gone when it is deleted, and counts no more", () => {
    setWindow([message(0), message(1)]);
    setList({ view: "all" }, [entry(CONVERSATION, 1, { unread: 1 })]);
    cache.apply({ ...inbound(1), type: "onMessageRemoved" });
    cache.apply(entryUpdated(CONVERSATION, 0, { LastMessageIndex: "1" }));
    expect(shown()).toEqual([0]);
    expect(list({ view: "all" })[0]).toMatchObject({ unread: 0, last_message: { index: 0 }, seen_index: 1 });
    cache.apply(inbound(2));
    expect(list({ view: "all" })[0]?.unread).toBe(1);
  });
});

describe("receipts", () => {
  it("add up to the summary of a message that came by an event, without a request", async () => {
    setWindow([]);
    cache.apply(outbound(0, ANN));
    expect(window()?.messages[0]?.delivery).toEqual(DELIVERY);
    cache.apply(delivery(0, "MB1", "sent"));
    cache.apply(delivery(0, "MB1", "delivered"));
    expect(window()?.messages[0]?.delivery).toMatchObject({ total: 2, sent: "some", delivered: "some" });
    cache.apply(delivery(0, "MB2", "failed"));
    expect(window()?.messages[0]?.delivery).toMatchObject({ sent: "some", delivered: "some", failed: "some" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reads.message).toEqual([]);
  });

  it("never go back", () => {
    setWindow([]);
    cache.apply(outbound(0, ANN));
    cache.apply(delivery(0, "MB1", "delivered"));
    cache.apply(delivery(0, "MB1", "sent"));
    expect(window()?.messages[0]?.delivery?.delivered).toBe("some");
  });

  it("are read where the summary does not say who has it already", async () => {
    const some = { ...DELIVERY, sent: "all", delivered: "some" } as Message["delivery"];
    setWindow([message(0, { delivery: some })]);
    readMessage = () => message(0, { delivery: { ...DELIVERY, sent: "all", delivered: "all" } as Message["delivery"] });
    cache.apply(delivery(0, "MB2", "delivered"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.message).toEqual([sidOfMessage(0)]);
    expect(window()?.messages[0]?.delivery?.delivered).toBe("all");
  });

  it("are put into the list of a message", () => {
    client.setQueryData<Receipt[]>(keys.receipts(CONVERSATION, sidOfMessage(0)), []);
    cache.apply(delivery(0, "MB1", "sent", 20));
    cache.apply(delivery(0, "MB1", "failed", 30));
    cache.apply(delivery(0, "MB1", "sent", 20));
    const receipts = client.getQueryData<Receipt[]>(keys.receipts(CONVERSATION, sidOfMessage(0)));
    expect(receipts).toMatchObject([{ participant_sid: "MB1", status: "failed", error_code: 30003 }]);
  });
});

describe("a list", () => {
  it("has each conversation where it belongs", () => {
    const views = ["all", "mine", "unassigned", "unread", "done"] as const;
    for (const view of views) setList({ view }, []);
    setList({ view: "all", line: "+12065550101" }, []);
    setList({ view: "all", q: "elm" }, []);
    cache.apply(entryUpdated(CONVERSATION, 1, { Assignee: ANN }));
    expect(views.map((view) => [view, sids({ view }).length])).toEqual([
      ["all", 1],
      ["mine", 1],
      ["unassigned", 0],
      ["unread", 1],
      ["done", 0],
    ]);
    expect(sids({ view: "all", line: "+12065550101" })).toEqual([]);
    expect(sids({ view: "all", q: "elm" })).toEqual([]);
    cache.apply(entryUpdated(CONVERSATION, 1, { State: "inactive" }));
    expect(views.map((view) => sids({ view }).length)).toEqual([0, 0, 0, 0, 1]);
  });

  it("keeps what is read in the list of what is unread, until that is read again", () => {
    setList({ view: "unread" }, [entry(CONVERSATION, 1, { unread: 2 })]);
    cache.apply(event("onReadStateUpdated", { LastReadMessageIndex: "1", MarkedUnread: "false", Muted: "false" }));
    expect(list({ view: "unread" })).toMatchObject([{ unread: 0 }]);
  });

  it("does not show an old conversation behind others that were not read", () => {
    setList({ view: "all" }, [entry(OTHER, 50)], { PageToken: "more" });
    cache.apply(entryUpdated(CONVERSATION, 1));
    expect(sids({ view: "all" })).toEqual([OTHER]);
  });

  it("asks once how much is unread of an old conversation that comes into it", async () => {
    setList({ view: "all" }, [entry(OTHER, 50)]);
    readState = { last_read_message_index: 3 };
    cache.apply(entryUpdated(CONVERSATION, 60));
    cache.apply(entryUpdated(CONVERSATION, 60));
    expect(list({ view: "all" })[0]).toMatchObject({ conversation_sid: CONVERSATION, unread: 1 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(reads.readState).toEqual([CONVERSATION]);
    expect(list({ view: "all" })[0]?.unread).toBe(57);
  });

  it("asks nothing for a conversation that has just begun", async () => {
    setList({ view: "all" }, []);
    cache.apply(entryUpdated(CONVERSATION, 1, { DateCreated: "2026-11-28T12:00:00.250Z" }));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(list({ view: "all" })[0]?.unread).toBe(2);
    expect(reads.readState).toEqual([]);
  });

  it("is not set back by an entry's event that comes late", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 5)]);
    cache.apply(inbound(6));
    cache.apply(entryUpdated(CONVERSATION, 5));
    expect(list({ view: "all" })[0]).toMatchObject({ last_message: { index: 6 }, unread: 1 });
  });

  it("loses a conversation that is not to be seen any more", () => {
    setList({ view: "all" }, [entry(OTHER, 2), entry(CONVERSATION, 1), entry(THIRD, 0)]);
    setWindow([message(0)]);
    cache.apply({ type: "error", code: 20404, status: 404, message: "", conversation: CONVERSATION });
    expect(sids({ view: "all" })).toEqual([OTHER, THIRD]);
    expect(window()).toBeUndefined();
  });
});

describe("what was read", () => {
  it("is the same in all lists and in the read state", () => {
    setList({ view: "all" }, [entry(CONVERSATION, 9, { unread: 4 })]);
    client.setQueryData(keys.readState(CONVERSATION), { last_message_index: 9, last_read_message_index: 5, unread: 4 });
    cache.apply(event("onReadStateUpdated", { LastReadMessageIndex: "9", MarkedUnread: "false", Muted: "true" }));
    expect(list({ view: "all" })[0]).toMatchObject({ unread: 0, muted: true, marked_unread: false });
    expect(client.getQueryData(keys.readState(CONVERSATION))).toMatchObject({ unread: 0, muted: true });
    cache.apply(event("onReadStateUpdated", { LastReadMessageIndex: "9", MarkedUnread: "true", Muted: "false" }));
    expect(list({ view: "all" })[0]).toMatchObject({ unread: 1, marked_unread: true });
  });
});

describe("notes and activities", () => {
  const activity = () =>
    client
      .getQueryData<{ pages: Page<Activity>[] }>(keys.activity(CONVERSATION))
      ?.pages.flatMap(({ entries }) => entries.map(({ kind, body, message_index }) => [kind, body, message_index]));
  const note = (type: `on${string}`, body: string) =>
    event(type, { NoteSid: "NT000000000201a20bc2953ce8d0962caf", Author: "ben", Body: body, DateCreated: "x" });

  beforeEach(() => {
    const page = { entries: [], next: null };
    client.setQueryData(keys.activity(CONVERSATION), { pages: [page, page], pageParams: [null, {}] });
  });

  it("come once, change and go", () => {
    for (const body of ["They have a dog.", "They have a dog."]) cache.apply(note("onNoteAdded", body));
    expect(activity()).toEqual([["note", "They have a dog.", 1]]);
    cache.apply(note("onNoteUpdated", "They have two."));
    expect(activity()).toEqual([["note", "They have two.", 1]]);
    cache.apply(note("onNoteRemoved", ""));
    expect(activity()).toEqual([]);
  });

  it("tell of a change of state once, though its event does not know the activity", () => {
    setWindow([message(3)]);
    const told = event("onConversationStateUpdated", {
      StateFrom: "inactive",
      StateTo: "active",
      StateUpdated: "2026-11-28T12:00:30.250Z",
    });
    cache.apply(told);
    cache.apply(told);
    expect(activity()).toEqual([["state_changed", null, 3]]);
  });
});

describe("an opt-out", () => {
  const member = (number: string) => [{ sid: "MB1", messaging_binding: { type: "sms", address: number } }];
  const isStale = (key: readonly unknown[]) => client.getQueryState(key)?.isInvalidated;
  const told = (kind: string, given: Record<string, string> = {}) =>
    event("onActivityAdded", { ActivitySid: `AT${"1".repeat(32)}`, Kind: kind, Address: BOB, ...given }, OTHER);

  it("makes what is known of who gets nothing old, in every conversation of the phone", () => {
    for (const [sid, number] of [
      [CONVERSATION, BOB],
      [OTHER, BOB],
      [THIRD, KAY],
    ] as const) {
      client.setQueryData(keys.participants(sid), member(number));
    }
    const kept = [CONVERSATION, OTHER, THIRD].flatMap((sid) => [
      keys.preview(sid, LINE, "", "gsm"),
      keys.silenced(sid),
    ]);
    for (const kind of ["opted_out", "opted_in", "do_not_disturb_set", "do_not_disturb_cleared"]) {
      for (const key of [...kept, keys.firstPreview("{}")]) client.setQueryData(key, {});
      cache.apply(told(kind));
      expect(kept.map(isStale)).toEqual([true, true, true, true, false, false]);
      expect(isStale(keys.firstPreview("{}"))).toBe(true);
    }
  });

  it("asks again at once for a text that is being written", async () => {
    client.setQueryData(keys.participants(CONVERSATION), member(BOB));
    const answers = ["everyone", "nobody"];
    const key = keys.preview(CONVERSATION, LINE, "", "gsm");
    const shown = new QueryObserver(client, { queryKey: key, queryFn: async () => answers.shift() });
    const close = shown.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(0);
    cache.apply(told("opted_out"));
    await vi.advanceTimersByTimeAsync(0);
    expect(client.getQueryData(key)).toBe("nobody");
    close();
  });

  it("is asked for again after the connection was away", () => {
    client.setQueryData(keys.preview(CONVERSATION, LINE, "", "gsm"), {});
    cache.reread();
    expect(isStale(keys.preview(CONVERSATION, LINE, "", "gsm"))).toBe(true);
  });
});

describe("users", () => {
  it("come and change their names", () => {
    client.setQueryData<User[]>(keys.users(), []);
    const told = (name: string) => event("onUserUpdated", { UserSid: "US1", Identity: "ben", FriendlyName: name });
    cache.apply(told("Ben"));
    cache.apply(told("Ben B."));
    expect(client.getQueryData(keys.users())).toMatchObject([{ identity: "ben", friendly_name: "Ben B." }]);
  });
});

describe("an answer that is being read while events come", () => {
  it("does not lose them", async () => {
    let answer = (_: MessageWindow) => {};
    const observer = new QueryObserver<MessageWindow>(client, {
      queryKey: keys.messages(CONVERSATION),
      queryFn: () => new Promise<MessageWindow>((resolve) => (answer = resolve)),
    });
    const stop = observer.subscribe(() => {});
    cache.apply(inbound(1));
    answer(buildWindow([message(0)], AT_END));
    await vi.advanceTimersByTimeAsync(0);
    expect(shown()).toEqual([0, 1]);
    stop();
  });

  it("is still to be read again when it was before", async () => {
    setWindow([message(0)]);
    cache.reread();
    cache.apply(inbound(1));
    expect(client.getQueryState(keys.messages(CONVERSATION))?.isInvalidated).toBe(true);
  });
});

describe("after the connection was opened again", () => {
  it("what is shown is read again, and the rest when it is shown", async () => {
    let count = 0;
    const observer = new QueryObserver(client, {
      queryKey: keys.inbox({ view: "all" }),
      queryFn: async () => (count += 1),
    });
    const stop = observer.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(0);
    setWindow([message(0)]);
    client.setQueryData(keys.lines(), []);
    cache.reread();
    await vi.advanceTimersByTimeAsync(0);
    expect(count).toBe(2);
    expect(client.getQueryState(keys.messages(CONVERSATION))?.isInvalidated).toBe(true);
    expect(client.getQueryState(keys.lines())?.isInvalidated).toBe(false);
    stop();
  });
});
