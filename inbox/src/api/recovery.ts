/**
 * Reads again what could not be read for a while, as long as somebody looks at it.
 *
 * Everything that has failed shares one pause, which grows with each round in vain. After a pause one of them is tried,
 * each in turn, and the others follow once that has an answer. When there is reason to hope, all are read at once: the
 * network is back, the live connection is open, the tab is looked at.
 */

import { notifyManager, type Query, type QueryClient } from "@tanstack/preact-query";
import { useEffect, useRef } from "preact/hooks";
import { openings } from "./connection.ts";
import { isTemporary } from "./errors.ts";

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/** Rejects while it fails. */
type Read = () => Promise<unknown>;
type Ports = { isVisible: () => boolean; random: () => number };

/** What has failed, and the rounds in which it is read again. */
export class Recovery {
  #ports: Ports;
  #failed = new Map<object, Read>();
  #rounds = 0;
  #isUnderWay = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Look after the queries of a client. */
  watch(client: QueryClient): void {
    client.getQueryCache().subscribe(({ type, query }) => {
      if (type === "removed") this.remove(query);
      else if (needsReading(query)) this.add(query, () => readAgain(query));
      // A reading that has only begun changes nothing yet.
      else if (query.state.status !== "pending") this.remove(query);
    });
  }

  /** Read something again until it is removed. */
  add(owner: object, read: Read): void {
    this.#failed.set(owner, read);
    this.#schedule();
  }

  remove(owner: object): void {
    // Of most owners nothing has failed.
    if (!this.#failed.delete(owner) || this.#failed.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#rounds = 0;
  }

  /** There is reason to hope. */
  wake(): void {
    this.#rounds = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#run(() => this.#readAll());
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isUnderWay || this.#failed.size === 0) return;
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#rounds, LONGEST_PAUSE);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#rounds += 1;
        void this.#run(() => this.#tryOne());
      },
      pause * (0.5 + this.#ports.random() / 2),
    );
  }

  async #run(round: () => Promise<void>): Promise<void> {
    // A tab in the background goes on when it is looked at.
    if (this.#isUnderWay || this.#failed.size === 0 || !this.#ports.isVisible()) return;
    this.#isUnderWay = true;
    await round();
    this.#isUnderWay = false;
    this.#schedule();
  }

  async #tryOne(): Promise<void> {
    const [first] = this.#failed;
    if (!first) return;
    const [owner, read] = first;
    // The next round tries another one.
    this.#failed.delete(owner);
    this.#failed.set(owner, read);
    const hasAnswer = await read().then(
      () => true,
      (error) => !isTemporary(error),
    );
    if (hasAnswer) await this.#readAll(owner);
  }

  async #readAll(except?: object): Promise<void> {
    const others = [...this.#failed].filter(([owner]) => owner !== except);
    await Promise.allSettled(others.map(([, read]) => read()));
  }
}

export const recovery = new Recovery({
  isVisible: () => document.visibilityState === "visible",
  random: Math.random,
});

/** Look after a client's queries from now on. */
export function watchRecovery(client: QueryClient): void {
  const wake = () => recovery.wake();
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  // Behind what is read again after each opening anyway.
  openings.subscribe(() => queueMicrotask(wake));
  recovery.watch(client);
}

/** Do something again while it has failed. The component says by `hasFailed` that it has, and what came of it. */
export function useRecovery(hasFailed: boolean, read: Read): void {
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    if (!hasFailed) return;
    recovery.add(latest, () => latest.current());
    return () => recovery.remove(latest);
  }, [hasFailed]);
}

function needsReading(query: Query): boolean {
  return query.isActive() && query.state.status === "error" && isTemporary(query.state.error);
}

/** Read again what was read in vain: all of it, or the page that was asked for last. */
function readAgain(query: Query): Promise<unknown> {
  if (query.state.fetchStatus !== "idle") return query.fetch();
  const { error, status, fetchMeta } = query.state;
  return notifyManager.batch(() => {
    const reading = query.fetch(undefined, fetchMeta ? { meta: fetchMeta } : undefined);
    // The failure is shown until there is an answer: a screen would else flicker from one try to the next.
    query.setState({ error, status });
    return reading;
  });
}
