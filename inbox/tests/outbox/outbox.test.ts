import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../clients/javascript/rest.js";
import { OutboxDatabase } from "../../src/outbox/database.ts";
import { LIFE, type OutgoingMessage } from "../../src/outbox/entry.ts";
import { SessionEndedError } from "../../src/session/session-ended.ts";
import { CONVERSATION, LINE } from "../support/answers.ts";
import { Browser, busy, type OutboxTab, refused } from "../support/browser.ts";
import { settleDown } from "../support/settle-down.ts";

const OTHER = `CH${"2".repeat(32)}`;
const text = (body: string, conversation = CONVERSATION): OutgoingMessage => ({ conversation, author: LINE, body });
const states = ({ outbox }: OutboxTab, conversation = CONVERSATION) =>
  outbox.of(conversation).value.map(({ body, state }) => [body, state.kind]);

let browser: Browser;
let api: Browser["api"];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: Date.parse("2026-11-28T12:00:00Z") });
  browser = new Browser();
  ({ api } = browser);
});
afterEach(() => {
  for (const { tab } of browser.tabs) tab.kill();
  vi.useRealTimers();
});

describe("a message", () => {
  it("is in the outbox at once, then sent, then gone", async () => {
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    expect(states(tab)).toEqual([["Sunday?", "waiting"]]);
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
    expect(tab.shown.map((one) => one.key)).toEqual([key]);
    expect(states(tab)).toEqual([]);
  });

  it("is stored before it is requested", async () => {
    const tab = await browser.open();
    api.fate = () => {
      throw new Error("requested too early");
    };
    const key = tab.outbox.enqueue(text("Sunday?"));
    tab.tab.kill();
    api.fate = () => "answered";
    await browser.open();
    await settleDown();
    expect(api.requests).toEqual([key]);
  });

  it("is sent once though its answer is lost, under the same key", async () => {
    const fates = ["lost after" as const, busy(), "lost before" as const];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown(4_000);
    expect(api.requests).toEqual([key, key, key, key]);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
    expect(states(tab)).toEqual([]);
  });

  it("waits half a second at first, and at most a minute", async () => {
    api.fate = () => busy();
    const tab = await browser.open();
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown();
    expect(api.requests).toHaveLength(1);
    await settleDown(500);
    expect(api.requests).toHaveLength(2);
    await settleDown(600_000);
    const before = api.requests.length;
    await settleDown(60_000);
    expect(api.requests.length - before).toBe(1);
  });

  it("waits as long as the API asks", async () => {
    const underWay = new ApiError("under way", { status: 409, code: 20409, retryAfter: 5_000 });
    const fates = [underWay];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown(4_900);
    expect(api.requests).toHaveLength(1);
    await settleDown(100);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });

  it("waits for the event that its conversation is active, in every tab", async () => {
    const [tab, other] = [await browser.open(), await browser.open()];
    browser.initializing.add(CONVERSATION);
    const keys = [tab.outbox.enqueue(text("Sunday?")), tab.outbox.enqueue(text("At noon?"))];
    await settleDown(7_000);
    expect(api.requests).toEqual([]);
    tab.tab.kill();
    browser.activate(CONVERSATION);
    await settleDown(10);
    expect(api.requests).toEqual(keys);
    expect(states(other)).toEqual([]);
  });

  it("waits no longer if the event has come before it was stored", async () => {
    const tab = await browser.open();
    browser.initializing.add(CONVERSATION);
    tab.outbox.enqueue(text("Sunday?"));
    browser.activate(CONVERSATION);
    await settleDown(10);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });

  it("waits some seconds for an event that does not come", async () => {
    const tab = await browser.open();
    browser.initializing.add(CONVERSATION);
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown(8_100);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });

  it("can be taken back while its conversation is not active", async () => {
    const tab = await browser.open();
    browser.initializing.add(CONVERSATION);
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown(1_000);
    expect(await tab.outbox.takeBack(key)).toMatchObject({ body: "Sunday?" });
    browser.activate(CONVERSATION);
    await settleDown(10_000);
    expect(api.requests).toEqual([]);
  });

  it("is refused until its conversation is active, where that is not known", async () => {
    const fates = [refused(50386), refused(50386)];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown(2_000);
    expect(api.requests).toEqual([key, key, key]);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });

  it("is settled by its live event, and the next one goes out though the answer hangs", async () => {
    const tab = await browser.open();
    api.onMessage = (created) => setTimeout(() => tab.outbox.settle(created), 0);
    const fates = ["hangs after" as const];
    api.fate = () => fates.shift() ?? "answered";
    tab.outbox.enqueue(text("one"));
    tab.outbox.enqueue(text("two"));
    await settleDown(10);
    expect(api.bodies(CONVERSATION)).toEqual(["one", "two"]);
    expect(states(tab)).toEqual([]);
    expect(tab.shown).toHaveLength(2);
  });

  it("is never shown as waiting again once it was sent", async () => {
    const tab = await browser.open();
    const seen: string[] = [];
    tab.outbox.of(CONVERSATION).subscribe((entries) => seen.push(...entries.map(({ state }) => state.kind)));
    tab.outbox.enqueue(text("Sunday?"));
    tab.outbox.receive({ kind: "changed" });
    await settleDown();
    expect(seen.indexOf("sent")).toBeGreaterThan(0);
    expect(seen.slice(seen.indexOf("sent")).every((kind) => kind === "sent")).toBe(true);
  });
});

describe("order", () => {
  it("is that of the presses, one request at a time", async () => {
    const fates = ["lost before" as const];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    for (const body of ["one", "two", "three"]) tab.outbox.enqueue(text(body));
    await settleDown();
    expect(api.requests).toHaveLength(1);
    await settleDown(500);
    expect(api.bodies(CONVERSATION)).toEqual(["one", "two", "three"]);
  });

  it("holds up no other conversation", async () => {
    api.fate = ({ key }) => (key === first ? busy() : "answered");
    const tab = await browser.open();
    const first = tab.outbox.enqueue(text("stuck"));
    tab.outbox.enqueue(text("free", OTHER));
    await settleDown();
    expect(api.bodies(OTHER)).toEqual(["free"]);
    expect(states(tab)).toEqual([["stuck", "waiting"]]);
  });

  it("goes on behind a message that was refused", async () => {
    const fates = [refused()];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue(text("one"));
    tab.outbox.enqueue(text("two"));
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["two"]);
    expect(states(tab)).toEqual([["one", "not-sent"]]);
  });
});

describe("a refused message", () => {
  async function refuse(): Promise<OutboxTab & { key: string }> {
    const fates = [refused(50436)];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown();
    return { ...tab, key };
  }

  it("says why", async () => {
    const { outbox } = await refuse();
    const refusal = { status: 400, code: 50436, message: "refused", details: { reason: "why" }, file: null };
    expect(outbox.of(CONVERSATION).value[0]?.state).toEqual({ kind: "not-sent", refusal });
  });

  it("is not tried again unasked, also not after a reload", async () => {
    const { tab } = await refuse();
    tab.kill();
    const again = await browser.open();
    await settleDown(120_000);
    expect(api.requests).toHaveLength(1);
    expect(states(again)).toEqual([["Sunday?", "not-sent"]]);
  });

  it("is retried as a new message with a new key", async () => {
    const { outbox, key } = await refuse();
    const renewed = await outbox.retry(key);
    await settleDown();
    expect(renewed).not.toBe(key);
    expect(api.requests).toEqual([key, renewed]);
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });

  it("is taken back to be written anew", async () => {
    const tab = await refuse();
    expect(await tab.outbox.takeBack(tab.key)).toMatchObject({ body: "Sunday?", author: LINE });
    expect(states(tab)).toEqual([]);
    tab.tab.kill();
    expect(states(await browser.open())).toEqual([]);
  });
});

describe("a message whose repeat is refused", () => {
  async function refuseRepeat(status: number): Promise<OutboxTab> {
    const fates = ["lost after" as const, new ApiError("refused", { status, code: 50107 })];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown(500);
    return tab;
  }

  it("may have been sent, where the person lost access meanwhile", async () => {
    expect(states(await refuseRepeat(403))).toEqual([["Sunday?", "expired"]]);
  });

  it("was not sent, where a message that was sent would have been answered again", async () => {
    expect(states(await refuseRepeat(400))).toEqual([["Sunday?", "not-sent"]]);
  });

  it("goes when it turns out that it was sent", async () => {
    const tab = await refuseRepeat(403);
    const [sent] = api.sent.get(CONVERSATION) ?? [];
    if (sent) tab.outbox.settle(sent);
    await settleDown();
    expect(states(tab)).toEqual([]);
  });

  it("was sent, where it has been deleted since", async () => {
    const gone = `The requested resource Messages/IM${"0".repeat(32)} was not found`;
    const fates = ["lost after" as const, new ApiError(gone, { status: 404, code: 20404 })];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown(500);
    expect(states(tab)).toEqual([]);
  });
});

describe("a message that is given up", () => {
  it("is not sent, if no request was begun", async () => {
    const fates = [busy()];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue(text("one"));
    const key = tab.outbox.enqueue(text("two"));
    await settleDown();
    expect(await tab.outbox.discard(key)).toBe(true);
    await settleDown(500);
    expect(api.bodies(CONVERSATION)).toEqual(["one"]);
  });

  it("is kept, if it may have been sent", async () => {
    api.fate = () => "lost after";
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown();
    expect(await tab.outbox.discard(key)).toBe(false);
    expect(await tab.outbox.takeBack(key)).toBeNull();
    expect(await tab.outbox.retry(key)).toBeNull();
    expect(states(tab)).toEqual([["Sunday?", "waiting"]]);
  });
});

describe("the network", () => {
  it("brings what waits as soon as it is back", async () => {
    api.fate = () => (browser.isOnline ? "answered" : "lost before");
    const tab = await browser.open();
    browser.setOnline(false);
    tab.outbox.enqueue(text("one"));
    tab.outbox.enqueue(text("two"));
    await settleDown(200_000);
    expect(states(tab)).toEqual([
      ["one", "offline"],
      ["two", "offline"],
    ]);
    browser.setOnline(true);
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["one", "two"]);
  });
});

describe("a session that ends", () => {
  it("keeps what waits until the person is signed in again", async () => {
    api.fate = () => new SessionEndedError();
    const tab = await browser.open();
    tab.outbox.enqueue(text("Sunday?"));
    await settleDown(600_000);
    expect(api.requests).toHaveLength(1);
    tab.tab.kill();
    api.fate = () => "answered";
    await browser.open();
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });
});

describe("a message that is a day old", () => {
  it("is not sent unasked, since its key may be forgotten", async () => {
    api.fate = () => "lost after";
    const tab = await browser.open();
    const key = tab.outbox.enqueue(text("Sunday?"));
    tab.outbox.enqueue(text("Monday?"));
    await settleDown();
    tab.tab.kill();
    vi.setSystemTime(Date.now() + LIFE);
    api.fate = () => "answered";
    const later = await browser.open();
    await settleDown(120_000);
    expect(api.requests).toEqual([key]);
    expect(states(later)).toEqual([
      ["Sunday?", "expired"],
      ["Monday?", "expired"],
    ]);
    await later.outbox.discard(key);
    expect(states(later)).toEqual([["Monday?", "expired"]]);
  });
});

describe("files", () => {
  const picture = { name: "kitchen.png", type: "image/png", size: 3, blob: new Blob(["abc"]) };

  it("are uploaded once each, before the message", async () => {
    const fates = ["lost after" as const, "answered" as const, busy()];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    tab.outbox.enqueue({
      ...text(""),
      files: [picture, { name: "a.pdf", type: "application/pdf", size: 9, sid: "ME9" }],
    });
    await settleDown(5_000);
    expect([...api.uploads.values()].map(({ name }) => name)).toEqual(["kitchen.png"]);
    expect(api.sent.get(CONVERSATION)?.map(({ media }) => media?.map(({ sid }) => sid))).toEqual([["ME0", "ME9"]]);
  });

  it("survive a reload", async () => {
    api.fate = () => "lost before";
    const tab = await browser.open();
    tab.outbox.enqueue({ ...text(""), files: [picture] });
    await settleDown();
    tab.tab.kill();
    api.fate = () => "answered";
    await browser.open();
    await settleDown(1_000);
    expect(api.uploads.size).toBe(1);
    expect(api.sent.get(CONVERSATION)).toHaveLength(1);
  });

  it("say which one was refused, and come back with the text", async () => {
    const fates = [refused(50509)];
    api.fate = () => fates.shift() ?? "answered";
    const tab = await browser.open();
    const key = tab.outbox.enqueue({ ...text("look"), files: [picture] });
    await settleDown();
    expect(tab.outbox.of(CONVERSATION).value[0]?.state).toMatchObject({
      refusal: { code: 50509, file: "kitchen.png" },
    });
    expect((await tab.outbox.takeBack(key))?.files).toMatchObject([
      { name: "kitchen.png", type: "image/png", size: 3 },
    ]);
  });
});

describe("a second tab", () => {
  it("sees what the first one sends, and when it is sent", async () => {
    const [one, two] = [await browser.open(), await browser.open()];
    const fates = [busy()];
    api.fate = () => fates.shift() ?? "answered";
    one.outbox.enqueue(text("Sunday?"));
    await settleDown();
    expect(states(two)).toEqual([["Sunday?", "waiting"]]);
    await settleDown(500);
    expect(two.shown).toHaveLength(1);
    expect(states(two)).toEqual([]);
    expect(api.requests).toHaveLength(2);
  });

  it("makes no request beside the one that is under way", async () => {
    const tabs = [await browser.open(), await browser.open(), await browser.open()];
    api.fate = () => "hangs after";
    tabs[0]?.outbox.enqueue(text("one"));
    tabs[1]?.outbox.enqueue(text("two"));
    await settleDown(30_000);
    expect(api.requests).toHaveLength(1);
  });

  it("goes on when the first one is killed", async () => {
    const [one, two] = [await browser.open(), await browser.open()];
    const fates = ["hangs after" as const];
    api.fate = () => fates.shift() ?? "answered";
    one.outbox.enqueue(text("one"));
    one.outbox.enqueue(text("two"));
    await settleDown();
    one.tab.kill();
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["one", "two"]);
    expect(states(two)).toEqual([]);
  });
});

describe("a database that another tab deletes", () => {
  it("ends what is under way without an error", async () => {
    api.fate = () => "lost before";
    const [one, two] = [await browser.open(), await browser.open()];
    one.outbox.enqueue(text("Sunday?"));
    await settleDown();
    const other = new OutboxDatabase(browser.databaseName);
    two.outbox.stop();
    await other.destroy();
    one.outbox.receive({ kind: "changed" });
    one.outbox.setOnline(true);
    await settleDown(60_000);
    expect(api.bodies(CONVERSATION)).toEqual([]);
  });
});

describe("a browser that stores nothing", () => {
  it("keeps the text in reach, and sends nothing that a reload would lose", async () => {
    const tab = await browser.open();
    const add = vi
      .spyOn(OutboxDatabase.prototype, "add")
      .mockRejectedValue(new DOMException("full", "QuotaExceededError"));
    const key = tab.outbox.enqueue(text("Sunday?"));
    await settleDown();
    expect(states(tab)).toEqual([["Sunday?", "not-sent"]]);
    expect(api.requests).toEqual([]);
    add.mockRestore();
    await tab.outbox.retry(key);
    await settleDown();
    expect(api.bodies(CONVERSATION)).toEqual(["Sunday?"]);
  });
});
