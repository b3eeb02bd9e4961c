import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../clients/javascript/rest.js";
import type { OutgoingFile } from "../../src/outbox/entry.ts";
import { SessionEndedError } from "../../src/session/session-ended.ts";
import { LINE } from "../support/answers.ts";
import { Browser, busy, type Fate, type OutboxTab, refused } from "../support/browser.ts";
import { seeded } from "../support/random.ts";
import { settleDown } from "../support/settle-down.ts";

const CONVERSATIONS = ["1", "2"].map((digit) => `CH${digit.repeat(32)}`);
const MESSAGES = 12;
const SEEDS = Number(process.env.OUTBOX_SEEDS ?? 25);
const FIRST_SEED = Number(process.env.OUTBOX_FIRST_SEED ?? 1);

/** A person who writes while everything goes wrong. */
class Run {
  browser = new Browser();
  /** What was written in each conversation, in order. A text that was refused and sent again is behind the others. */
  written = new Map<string, string[]>(CONVERSATIONS.map((sid) => [sid, []]));
  #random: () => number;
  /** Whether the API refuses a message, by its key. It does so whenever it is asked. */
  #isRefused = new Map<string, boolean>();
  #isCalm = false;
  #hasEnded = false;

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.browser.random = this.#random;
    this.browser.api.fate = ({ kind, key, conversation }) => this.#decide(kind === "post" ? key : null, conversation);
    this.browser.initializing.add(this.#choose(CONVERSATIONS));
    this.browser.api.onMessage = (message) => {
      // The live event comes sooner or later than the answer, to the tabs that are there then.
      const delay = this.#choose([0, 0, 50, 3_000]);
      setTimeout(() => {
        for (const { outbox } of this.browser.tabs) if (this.#random() < 0.7) outbox.settle(message);
      }, delay);
    };
  }

  async write(): Promise<void> {
    await this.browser.open();
    for (let count = 0; count < MESSAGES; ) {
      if (this.#random() < 0.4) {
        this.#press(`text ${count}`);
        count += 1;
      }
      await this.#disturb();
      // Two presses are not in the same millisecond.
      await settleDown(this.#choose([1, 1, 20, 700, 9_000]));
    }
  }

  /** Everything works again. The person sends what was refused once more. */
  async calm(): Promise<void> {
    this.#isCalm = true;
    this.#activate();
    this.browser.setOnline(true);
    await this.#signIn();
    await settleDown(130_000);
    for (const conversation of CONVERSATIONS) await this.#sendRefused(conversation);
    await settleDown(1_000);
  }

  async #sendRefused(conversation: string): Promise<void> {
    const [tab] = this.browser.tabs;
    for (const { key, body, state } of tab?.outbox.of(conversation).value ?? []) {
      if (state.kind !== "not-sent") continue;
      const before = this.written.get(conversation) ?? [];
      this.written.set(conversation, [...before.filter((one) => one !== body), body]);
      await tab?.outbox.retry(key);
      await settleDown(1);
    }
  }

  /** Its event does not come to every tab. */
  #activate(): void {
    const [conversation] = this.browser.initializing;
    if (!conversation) return;
    if (this.#random() < 0.5) this.browser.activate(conversation);
    else this.browser.initializing.delete(conversation);
  }

  #press(body: string): void {
    const conversation = this.#choose(CONVERSATIONS);
    const files: OutgoingFile[] = [{ name: "a.png", type: "image/png", size: 3, blob: new Blob(["abc"]) }];
    this.#tab().outbox.enqueue({ conversation, author: LINE, body, files: this.#random() < 0.2 ? files : [] });
    this.written.get(conversation)?.push(body);
  }

  async #disturb(): Promise<void> {
    if (this.#hasEnded) await this.#signIn();
    const chance = this.#random();
    if (chance < 0.12) this.browser.setOnline(!this.browser.isOnline);
    else if (chance < 0.24) await this.#reload();
    else if (chance < 0.27) this.#activate();
    else if (chance < 0.33 && this.browser.tabs.length < 3) await this.browser.open();
  }

  /** Kill a tab, whatever it is doing; there is always another one, or a new one. */
  async #reload(): Promise<void> {
    this.#tab().tab.kill();
    if (!this.browser.tabs.length) await this.browser.open();
  }

  /** The page goes to the provider and comes back, in every tab. */
  async #signIn(): Promise<void> {
    this.#hasEnded = false;
    for (const { tab } of [...this.browser.tabs]) tab.kill();
    await this.browser.open();
  }

  #tab(): OutboxTab {
    const tab = this.#choose(this.browser.tabs);
    if (!tab) throw new Error("no tab");
    return tab;
  }

  #decide(key: string | null, conversation: string | undefined): Fate {
    if (!this.browser.isOnline) return "lost before";
    if (key && !this.#isRefused.has(key)) this.#isRefused.set(key, !this.#isCalm && this.#random() < 0.05);
    if (conversation && this.browser.initializing.has(conversation)) return refused(50386);
    if (key && this.#isRefused.get(key)) return this.#random() < 0.5 && !this.#isCalm ? busy() : refused();
    if (this.#isCalm) return "answered";
    const chance = this.#random();
    if (chance < 0.03) {
      this.#hasEnded = true;
      return new SessionEndedError();
    }
    if (chance < 0.5) return "answered";
    const underWay = new ApiError("under way", { status: 409, code: 20409, retryAfter: 1_000 });
    const tooMany = new ApiError("too many", { status: 429, code: 20429 });
    return this.#choose<Fate>(["lost before", "lost after", "hangs after", "late", busy(), underWay, tooMany]);
  }

  #choose<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: Date.parse("2026-11-28T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("whatever goes wrong", () => {
  const seeds = Array.from({ length: SEEDS }, (_, count) => FIRST_SEED + count);

  it.each(seeds)("each message is sent exactly once, in order (seed %i)", async (seed) => {
    const run = new Run(seed);
    await run.write();
    await run.calm();
    for (const [conversation, written] of run.written) {
      expect(run.browser.api.bodies(conversation)).toEqual(written);
      for (const { outbox } of run.browser.tabs) expect(outbox.of(conversation).value).toEqual([]);
    }
    for (const { tab } of run.browser.tabs) tab.kill();
  });
});
