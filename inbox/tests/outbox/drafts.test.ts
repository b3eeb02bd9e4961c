import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nameOfDatabase, OutboxDatabase, removeOtherDatabases } from "../../src/outbox/database.ts";
import { type Draft, Drafts } from "../../src/outbox/drafts.ts";
import { LIFE, type StoredEntry } from "../../src/outbox/entry.ts";
import { CONVERSATION } from "../support/answers.ts";
import { settleDown } from "../support/settle-down.ts";

const draft = (body: string): Draft => ({ body, author: null, files: [] });
let database: OutboxDatabase;
let announced: string[];
let drafts: Drafts;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  database = new OutboxDatabase(`drafts-${crypto.randomUUID()}`);
  announced = [];
  drafts = new Drafts({ database, announce: (name) => announced.push(name) });
});
afterEach(() => {
  drafts.close();
  database.close();
  vi.useRealTimers();
});

async function reopen(): Promise<Drafts> {
  const again = new Drafts({ database, announce: () => {} });
  await again.load();
  return again;
}

describe("a draft", () => {
  it("is stored once, a moment after the last keystroke", async () => {
    for (const body of ["S", "Su", "Sun"]) {
      drafts.save(CONVERSATION, draft(body));
      await settleDown(100);
    }
    expect(announced).toEqual([]);
    await settleDown(300);
    expect(announced).toEqual([CONVERSATION]);
    expect((await reopen()).of(CONVERSATION).value?.body).toBe("Sun");
  });

  it("is stored at once when the page is left", async () => {
    drafts.save(CONVERSATION, draft("Sun"));
    await drafts.flush();
    expect((await reopen()).of(CONVERSATION).value?.body).toBe("Sun");
  });

  it("is removed when it is empty", async () => {
    drafts.save(CONVERSATION, draft("Sun"));
    await drafts.flush();
    drafts.save(CONVERSATION, draft(""));
    await drafts.flush();
    expect(drafts.of(CONVERSATION).value).toBeNull();
    expect((await reopen()).of(CONVERSATION).value).toBeNull();
  });

  it("keeps its files", async () => {
    const blob = new Blob(["abc"], { type: "image/png" });
    drafts.save(CONVERSATION, { ...draft(""), files: [{ name: "a.png", type: "image/png", size: 3, blob }] });
    await drafts.flush();
    expect((await reopen()).of(CONVERSATION).value?.files).toMatchObject([{ name: "a.png", size: 3 }]);
  });

  it("comes from another tab, unless it is being written here", async () => {
    await database.writeDraft(CONVERSATION, draft("there"));
    await drafts.reload(CONVERSATION);
    expect(drafts.of(CONVERSATION).value?.body).toBe("there");
    drafts.save(CONVERSATION, draft("here"));
    await drafts.reload(CONVERSATION);
    expect(drafts.of(CONVERSATION).value?.body).toBe("here");
  });

  it("is not written any more after the end", async () => {
    drafts.save(CONVERSATION, draft("Sun"));
    drafts.close();
    drafts.save(CONVERSATION, draft("Sunday"));
    await settleDown(1_000);
    expect((await reopen()).of(CONVERSATION).value).toBeNull();
  });
});

describe("a database", () => {
  const old = (name: string) => indexedDB.databases().then((all) => all.some((one) => one.name === name));
  const entry = (created: number) => ({ key: `k${created}`, created, files: [] as unknown[] }) as StoredEntry;

  it("is empty after a sign-out, and gone, though another tab has it open", async () => {
    const name = nameOfDatabase("IS1", "US1");
    const [mine, other] = [new OutboxDatabase(name), new OutboxDatabase(name)];
    await mine.writeDraft(CONVERSATION, draft("secret"));
    await other.readDrafts();
    await mine.destroy();
    await settleDown(10);
    expect(await old(name)).toBe(false);
    await expect(other.writeDraft(CONVERSATION, draft("late"))).rejects.toThrow();
    await expect(mine.destroy()).resolves.toBeUndefined();
  });

  it("of another person goes, unless messages in it may still be sent", async () => {
    const [mine, gone, kept] = ["US1", "US2", "US3"].map((user) => nameOfDatabase("IS1", user));
    if (!mine || !gone || !kept) throw new Error("three names");
    const now = Date.now();
    for (const [name, created] of [
      [gone, now - LIFE],
      [kept, now - 1],
    ] as const) {
      const theirs = new OutboxDatabase(name);
      await theirs.add(entry(created), []);
      theirs.close();
    }
    await removeOtherDatabases(mine, now);
    expect([await old(gone), await old(kept)]).toEqual([false, true]);
  });
});
