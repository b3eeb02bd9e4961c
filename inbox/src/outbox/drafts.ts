/**
 * What people are writing. A draft has the name of its place: a conversation's SID for a message in it, anything else for
 * other places. It is stored a moment after the last keystroke, and when the page is left.
 */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { PhoneNumber } from "../api/types.ts";
import type { OutboxDatabase } from "./database.ts";
import type { OutgoingFile } from "./entry.ts";

export type Draft = { body: string; author: PhoneNumber | null; files: OutgoingFile[] };

/** Milliseconds from the last keystroke until a draft is stored. */
const PAUSE = 300;

type Ports = {
  database: OutboxDatabase;
  /** Tell other tabs that a draft has been stored. */
  announce: (name: string) => void;
};

/** The drafts of a person. */
export class Drafts {
  #ports: Ports;
  #drafts = new Map<string, Signal<Draft | null>>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #isClosed = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Read what is stored. What was written before is kept. */
  async load(): Promise<void> {
    for (const [name, draft] of await this.#ports.database.readDrafts()) {
      if (!this.#timers.has(name)) this.#of(name).value = draft;
    }
  }

  of(name: string): ReadonlySignal<Draft | null> {
    return this.#of(name);
  }

  /** Keep a draft; null, or one without content, removes it. */
  save(name: string, draft: Draft | null): void {
    if (this.#isClosed) return;
    this.#of(name).value = draft && (draft.body || draft.files.length) ? draft : null;
    clearTimeout(this.#timers.get(name));
    this.#timers.set(
      name,
      setTimeout(() => void this.#store(name), PAUSE),
    );
  }

  /** Store at once what is not stored yet: the page may be gone in a moment. */
  async flush(): Promise<void> {
    await Promise.all([...this.#timers.keys()].map((name) => this.#store(name)));
  }

  /** Another tab has stored a draft. One that is being written here stays. */
  async reload(name: string): Promise<void> {
    if (this.#isClosed || this.#timers.has(name)) return;
    const draft = await this.#ports.database.readDraft(name);
    if (!this.#timers.has(name)) this.#of(name).value = draft;
  }

  /** Write nothing from now on. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #of(name: string): Signal<Draft | null> {
    const known = this.#drafts.get(name);
    if (known) return known;
    const created = signal<Draft | null>(null);
    this.#drafts.set(name, created);
    return created;
  }

  async #store(name: string): Promise<void> {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    try {
      await this.#ports.database.writeDraft(name, this.#of(name).peek());
    } catch {
      // The browser stores nothing, or another tab signs out: the draft is in this page only.
      return;
    }
    this.#ports.announce(name);
  }
}
