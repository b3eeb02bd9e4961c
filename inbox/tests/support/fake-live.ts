/** A browser's locks and channels as the live hub uses them, and connections that a test opens, breaks and speaks on. */

import type { LiveEvent, LiveState } from "../../../clients/javascript/live.js";
import type { ConnectionState } from "../../src/api/connection.ts";
import { Hub, type HubPorts, type NoticeChannel } from "../../src/live/hub.ts";

type Request = { grant: () => void; refuse: (reason: unknown) => void; owner: object };

/** Web Locks, as far as they are used: waiting, giving up, stealing. */
export class FakeLocks {
  #held = new Map<string, Request>();
  #waiting = new Map<string, Request[]>();

  /** The lock manager of one tab. */
  of(owner: object): LockManager {
    const request = (name: string, ...given: unknown[]) => {
      const act = given.at(-1) as () => unknown;
      const options = (given.length > 1 ? given[0] : {}) as LockOptions;
      return this.#request(owner, name, options, act);
    };
    return { request, query: () => Promise.resolve({}) } as unknown as LockManager;
  }

  /** A tab is gone. */
  forget(owner: object): void {
    for (const [name, queue] of this.#waiting) {
      this.#waiting.set(
        name,
        queue.filter((one) => one.owner !== owner),
      );
    }
    for (const [name, held] of [...this.#held]) if (held.owner === owner) this.#release(name, held);
  }

  #request(owner: object, name: string, { steal, signal }: LockOptions, act: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const one: Request = {
        owner,
        refuse: reject,
        grant: () => {
          this.#held.set(name, one);
          Promise.resolve()
            .then(act)
            .then(resolve, reject)
            .finally(() => this.#release(name, one));
        },
      };
      const held = this.#held.get(name);
      if (steal) {
        held?.refuse(new DOMException("stolen", "AbortError"));
        one.grant();
      } else if (held) {
        this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), one]);
        signal?.addEventListener("abort", () => {
          const queue = this.#waiting.get(name) ?? [];
          if (!queue.includes(one)) return;
          this.#waiting.set(
            name,
            queue.filter((other) => other !== one),
          );
          reject(signal.reason);
        });
      } else {
        one.grant();
      }
    });
  }

  #release(name: string, one: Request): void {
    if (this.#held.get(name) !== one) return;
    this.#held.delete(name);
    const [next, ...rest] = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, rest);
    next?.grant();
  }
}

/** A connection to the live API. */
export class FakeLive {
  followed = new Map<string, number>();
  typed: string[] = [];
  isClosed = false;
  #onEvent: (event: LiveEvent) => void;
  #onState: (state: LiveState) => void;

  constructor(onEvent: (event: LiveEvent) => void, onState: (state: LiveState) => void) {
    this.#onEvent = onEvent;
    this.#onState = onState;
    onState("connecting");
  }

  report(state: LiveState): void {
    this.#onState(state);
  }

  /** An event arrives. */
  say(event: LiveEvent): void {
    if (this.isClosed) return;
    if (event.type === "onMessageAdded" && this.followed.has(event.conversation ?? "")) {
      this.followed.set(event.conversation ?? "", Number(event.parameters.Index));
    }
    this.#onEvent(event);
  }

  follow(conversation: string, after = -1): void {
    if (!this.followed.has(conversation)) this.followed.set(conversation, after);
  }

  unfollow(conversation: string): void {
    this.followed.delete(conversation);
  }

  lastIndex(conversation: string): number | undefined {
    return this.followed.get(conversation);
  }

  typing(conversation: string): void {
    this.typed.push(conversation);
  }

  close(): void {
    this.isClosed = true;
    this.#onState("closed");
  }
}

/** A browser with several tabs of one person. */
export class LiveBrowser {
  connections: FakeLive[] = [];
  tabs: LiveTab[] = [];
  tokens: boolean[] = [];
  isOnline = true;
  locks = new FakeLocks();

  /** The connections that are open or being made. */
  get current(): FakeLive[] {
    return this.connections.filter(({ isClosed }) => !isClosed);
  }

  open(): LiveTab {
    const tab = new LiveTab(this);
    this.tabs.push(tab);
    return tab;
  }

  post(from: LiveTab, notice: unknown): void {
    if (from.isFrozen) return;
    const data = structuredClone(notice);
    for (const tab of this.tabs) if (tab !== from) queueMicrotask(() => tab.receive(data));
  }
}

export class LiveTab {
  events: LiveEvent[] = [];
  states: ConnectionState[] = [];
  openings = 0;
  isVisible = true;
  isFrozen = false;
  hub: Hub;
  #browser: LiveBrowser;
  #channel: NoticeChannel;

  constructor(browser: LiveBrowser) {
    this.#browser = browser;
    this.#channel = { postMessage: (notice) => browser.post(this, notice), onmessage: null, close: () => {} };
    const connect = ((options: Parameters<HubPorts["connect"]>[0]) => {
      void options.token();
      const live = new FakeLive(options.onEvent, options.onState ?? (() => {}));
      browser.connections.push(live);
      return live;
    }) as unknown as HubPorts["connect"];
    this.hub = new Hub({
      name: "test",
      url: "wss://live.example",
      connect,
      locks: browser.locks.of(this),
      channel: this.#channel,
      token: (isFresh) => Promise.resolve(String(browser.tokens.push(isFresh))),
      isOnline: () => browser.isOnline,
      isVisible: () => this.isVisible,
      onEvent: (event) => this.events.push(event),
      onState: (state, isOpening) => {
        this.states.push(state);
        if (isOpening) this.openings += 1;
      },
    });
  }

  get kind(): string | undefined {
    return this.states.at(-1)?.kind;
  }

  receive(data: unknown): void {
    if (!this.isFrozen) this.#channel.onmessage?.({ data } as MessageEvent);
  }

  /** The browser closes the tab, or it crashes: its code runs no more. */
  kill(): void {
    this.isFrozen = true;
    this.isVisible = false;
    this.#browser.tabs = this.#browser.tabs.filter((one) => one !== this);
    this.#browser.locks.forget(this);
  }
}
