/** What tabs of one browser share: locks and channels, which a killed tab lets go of. */

type Waiting = { tab: Tab; grant: () => void };

/** The locks of a browser. */
export class Locks {
  #held = new Map<string, Tab>();
  #waiting = new Map<string, Waiting[]>();

  async run(tab: Tab, name: string, act: () => Promise<void>): Promise<void> {
    if (this.#held.has(name)) {
      await new Promise<void>((grant) => {
        const queue = this.#waiting.get(name) ?? [];
        queue.push({ tab, grant });
        this.#waiting.set(name, queue);
      });
    }
    if (!tab.isAlive) return await new Promise(() => {});
    this.#held.set(name, tab);
    try {
      await act();
    } finally {
      if (this.#held.get(name) === tab) this.#release(name);
    }
  }

  /** Let go of what a tab holds or waits for. */
  forget(tab: Tab): void {
    for (const [name, queue] of this.#waiting) {
      this.#waiting.set(
        name,
        queue.filter((one) => one.tab !== tab),
      );
    }
    for (const [name, holder] of [...this.#held]) if (holder === tab) this.#release(name);
  }

  #release(name: string): void {
    this.#held.delete(name);
    const next = this.#waiting.get(name)?.shift();
    if (!next) return;
    // Held from now on, so that no one comes between.
    this.#held.set(name, next.tab);
    next.grant();
  }
}

/** The channel that the tabs of a browser share. */
export class Channel<T> {
  #listeners = new Map<Tab, (notice: T) => void>();

  listen(tab: Tab, listener: (notice: T) => void): void {
    this.#listeners.set(tab, listener);
  }

  post(from: Tab, notice: T): void {
    if (!from.isAlive) return;
    const copy = structuredClone(notice);
    for (const [tab, listener] of this.#listeners) {
      if (tab !== from) queueMicrotask(() => tab.isAlive && listener(copy));
    }
  }

  forget(tab: Tab): void {
    this.#listeners.delete(tab);
  }
}

/** A tab. Nothing that it does after it was killed has an effect. */
export class Tab {
  isAlive = true;
  #ends: (() => void)[] = [];

  onKill(end: () => void): void {
    this.#ends.push(end);
  }

  kill(): void {
    this.isAlive = false;
    for (const end of this.#ends) end();
  }

  /** An object whose methods do nothing, and never return, once the tab is dead. */
  guard<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (held, name) => {
        const value = Reflect.get(held, name, held);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          if (!this.isAlive) return await new Promise(() => {});
          const answer = await value.apply(held, given);
          return this.isAlive ? answer : await new Promise(() => {});
        };
      },
    });
  }
}
