/**
 * Messages on their way, each sent exactly once.
 *
 * An entry is stored before anything is requested, and every request for it has its key. So a request whose answer was
 * lost is made again, by this tab or another one, and the API does nothing twice.
 *
 * One tab at a time sends for a conversation: the one that holds the conversation's lock, which the browser releases when
 * the tab is gone. It makes one attempt for the first entry that waits, and notes in the database what became of it. A
 * pause is spent without the lock, so that a tab in the background, whose timers are slow, holds up no other. Every tab
 * asks for the lock when something is due; there is no leader that all would depend on.
 *
 * An entry is settled by whatever comes first: the answer, or a message with its key in a live event or an answer.
 */

import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { clientRefOf } from "../api/message-window.ts";
import type { Message, Sid } from "../api/types.ts";
import type { OutboxDatabase } from "./database.ts";
import {
  ACTIVATION_PATIENCE,
  choosePause,
  classify,
  type EntryFile,
  type EntryState,
  type Failure,
  findNext,
  isExpired,
  LONGEST_PAUSE,
  mayBeSent,
  NOT_STORED,
  type OutboxEntry,
  type OutgoingFile,
  type OutgoingMessage,
  type SentAnswer,
  type StoredEntry,
} from "./entry.ts";
import { continueBehind, makeKey } from "./key.ts";

/** What an outbox asks the API. Each rejects with ApiError, or with SessionEndedError. One request, no repeats. */
export interface Transport {
  upload(file: EntryFile, content: Blob, onProgress: (share: number) => void, signal: AbortSignal): Promise<Sid>;
  post(entry: StoredEntry, signal: AbortSignal): Promise<SentAnswer>;
}

/** What tabs tell each other about entries. */
export type OutboxNotice =
  | { kind: "changed" }
  | { kind: "phase"; key: string; state: EntryState | null }
  | { kind: "sent"; key: string; answer: SentAnswer };

export type OutboxPorts = {
  database: OutboxDatabase;
  transport: Transport;
  /** Run while no other tab runs under the same name. */
  withLock: (name: string, run: () => Promise<void>) => Promise<void>;
  /** Tell the other tabs. */
  announce: (notice: OutboxNotice) => void;
  /** Put what was sent where screens look. */
  onSent: (entry: OutboxEntry, answer: SentAnswer) => void;
  /** Call back when everything that shows the cache has been told of its last change. */
  afterShown: (act: () => void) => void;
  isOnline: () => boolean;
  /** Whether a conversation takes no texts yet, as far as it is known. `release` says when it does. */
  isInitializing?: (conversation: Sid) => boolean;
  now?: () => number;
  random?: () => number;
};

type Attempt = { key: string; abort: AbortController };

/** The messages of a person that are on their way. */
export class Outbox {
  #ports: Required<OutboxPorts>;
  /** What is stored, and what only this page knows: the phase, and what was just sent. */
  #stored = signal<ReadonlyMap<string, StoredEntry>>(new Map());
  #phases = signal<ReadonlyMap<string, EntryState>>(new Map());
  #isOnline = signal(true);
  #byConversation = new Map<Sid, ReadonlySignal<OutboxEntry[]>>();
  #attempts = new Map<Sid, Attempt>();
  #running = new Set<Sid>();
  #again = new Set<Sid>();
  #timers = new Map<Sid, ReturnType<typeof setTimeout>>();
  /** Messages that this tab is storing, or could not store, by key. The database does not have them. */
  #unstored = new Map<string, OutgoingMessage>();
  /** Keys that are done with. They do not come back, whatever was read of the database before. */
  #gone = new Set<string>();
  #isStopped = false;

  constructor(ports: OutboxPorts) {
    this.#ports = { now: Date.now, random: Math.random, isInitializing: () => false, ...ports };
    this.#isOnline.value = this.#ports.isOnline();
  }

  // --- what screens read

  /** The entries of a conversation, in the order of sending. */
  of(conversation: Sid): ReadonlySignal<OutboxEntry[]> {
    const known = this.#byConversation.get(conversation);
    if (known) return known;
    const created = computed(() => this.entries.value.filter((entry) => entry.conversation === conversation));
    this.#byConversation.set(conversation, created);
    return created;
  }

  /** All entries, in the order of sending. */
  readonly entries: ReadonlySignal<OutboxEntry[]> = computed(() => {
    const inOrder = [...this.#stored.value.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return inOrder.map((entry) => show(entry, this.#phases.value.get(entry.key), this.#isOnline.value));
  });

  // --- what a person does

  /** Send a message. It is in the list of its conversation when this returns. Returns its key. */
  enqueue(message: OutgoingMessage): string {
    const { entry, contents } = this.#build(message);
    this.#unstored.set(entry.key, message);
    this.#put(entry);
    void this.#store(entry, contents);
    return entry.key;
  }

  /** Send a message anew that was refused or has expired: as a new one, with a new key. Returns that key. */
  async retry(key: string): Promise<string | null> {
    const message = await this.#recover(key);
    if (!message) return null;
    if (this.#unstored.has(key)) {
      this.#drop(key);
      return this.enqueue(message);
    }
    const { entry, contents } = this.#build(message);
    const replaced = await this.#ports.database.replace(key, entry, contents, isRemovable);
    if (!replaced) return null;
    batch(() => {
      this.#drop(key);
      this.#put(entry);
    });
    this.#ports.announce({ kind: "changed" });
    this.#run(entry.conversation);
    return entry.key;
  }

  /** Take a message out, to write it anew. Null if it was sent meanwhile, or may have been. */
  async takeBack(key: string): Promise<OutgoingMessage | null> {
    const message = await this.#recover(key);
    return message && (await this.discard(key)) ? message : null;
  }

  /** Give a message up. False if it was sent meanwhile, or may have been. */
  async discard(key: string): Promise<boolean> {
    const held = this.#stored.peek().get(key);
    if (!held) return false;
    if (!this.#unstored.has(key)) {
      if (!(await this.#ports.database.remove(key, isRemovable))) return false;
      this.#ports.announce({ kind: "changed" });
    }
    const attempt = this.#attempts.get(held.conversation);
    if (attempt?.key === key) attempt.abort.abort();
    this.#drop(key);
    this.#run(held.conversation);
    return true;
  }

  // --- what happens

  /** Go on with what is stored. */
  async start(): Promise<void> {
    await this.#reload();
  }

  /** Send nothing from now on. What is stored stays. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { abort } of this.#attempts.values()) abort.abort();
  }

  /** There is a message in an event or an answer. If it was an entry, the entry is settled. */
  settle(message: Message): void {
    const key = clientRefOf(message);
    if (key !== null && this.#stored.peek().has(key)) this.#finish(key, message);
  }

  /** The network is back, or gone. */
  setOnline(isOnline: boolean): void {
    this.#isOnline.value = isOnline;
    if (isOnline) this.#hurry().catch(ignoreDatabase);
  }

  /** A conversation is active: what has waited for that is due. */
  release(conversation: Sid): void {
    const waits = ({ attempts, failures, not_before }: StoredEntry) => !attempts && !failures && not_before > 0;
    this.#hurry((entry) => entry.conversation === conversation && waits(entry)).catch(ignoreDatabase);
  }

  /** Another tab has changed something. */
  receive(notice: OutboxNotice): void {
    if (this.#isStopped) return;
    if (notice.kind === "changed") this.#reload().catch(ignoreDatabase);
    else if (notice.kind === "phase") this.#setPhase(notice.key, notice.state);
    else if (this.#stored.peek().has(notice.key)) this.#show(notice.key, notice.answer);
  }

  // --- sending

  async #store(entry: StoredEntry, contents: [string, Blob][]): Promise<void> {
    try {
      await this.#ports.database.add(entry, contents);
    } catch {
      if (!this.#isStopped) this.#put({ ...entry, status: "not-sent", refusal: NOT_STORED_REFUSAL });
      return;
    }
    this.#unstored.delete(entry.key);
    this.#ports.announce({ kind: "changed" });
    // It may have become active while this was stored.
    if (entry.not_before > 0 && !this.#ports.isInitializing(entry.conversation)) this.release(entry.conversation);
    this.#run(entry.conversation);
  }

  async #reload(): Promise<void> {
    const read = await this.#ports.database.readEntries();
    if (this.#isStopped) return;
    const last = read.at(-1);
    if (last) continueBehind(last.key);
    const stored = new Map<string, StoredEntry>();
    for (const entry of read) if (!this.#gone.has(entry.key)) stored.set(entry.key, entry);
    // What the database does not have stays: what is being stored, and what was sent a moment ago.
    for (const [key, entry] of this.#stored.peek()) {
      if (this.#unstored.has(key) || this.#phases.peek().get(key)?.kind === "sent") stored.set(key, entry);
    }
    this.#stored.value = stored;
    for (const conversation of new Set(read.map((entry) => entry.conversation))) this.#run(conversation);
  }

  #build(message: OutgoingMessage): { entry: StoredEntry; contents: [string, Blob][] } {
    const now = this.#ports.now();
    return build(message, now, this.#ports.isInitializing(message.conversation) ? now + ACTIVATION_PATIENCE : 0);
  }

  /** Try now what is in a pause: everything, or some of it. */
  async #hurry(isMeant: (entry: StoredEntry) => boolean = () => true): Promise<void> {
    const queued = [...this.#stored.peek().values()].filter((entry) => entry.status === "queued" && isMeant(entry));
    const toNow = (entry: StoredEntry) =>
      entry.status === "queued" && entry.not_before > 0 ? { ...entry, not_before: 0, failures: 0 } : null;
    await Promise.all(
      queued.map(async ({ key }) => {
        const changed = await this.#ports.database.change(key, toNow);
        if (changed) this.#put(changed);
      }),
    );
    for (const conversation of new Set(queued.map((entry) => entry.conversation))) this.#run(conversation);
  }

  /** Send what is due in a conversation, when no other tab does. */
  #run(conversation: Sid): void {
    if (this.#isStopped) return;
    if (this.#running.has(conversation)) {
      this.#again.add(conversation);
      return;
    }
    clearTimeout(this.#timers.get(conversation));
    this.#running.add(conversation);
    void this.#ports
      .withLock(conversation, () => this.#sendDue(conversation))
      // The database does not answer.
      .catch(() => this.#runLater(conversation, LONGEST_PAUSE))
      .finally(() => {
        this.#running.delete(conversation);
        if (this.#again.delete(conversation)) this.#run(conversation);
      });
  }

  async #sendDue(conversation: Sid): Promise<void> {
    while (!this.#isStopped) {
      this.#again.delete(conversation);
      const next = findNext(await this.#ports.database.readEntries(), conversation);
      if (!next || this.#isStopped) return;
      const now = this.#ports.now();
      if (isExpired(next, now)) {
        await this.#change(next.key, (entry) => ({ ...entry, status: "expired" }));
        this.#ports.announce({ kind: "changed" });
        continue;
      }
      if (next.not_before > now) {
        this.#runLater(conversation, next.not_before - now);
        return;
      }
      if (!(await this.#attempt(next))) return;
    }
  }

  #runLater(conversation: Sid, pause: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timers.get(conversation));
    const timer = setTimeout(() => this.#run(conversation), pause);
    this.#timers.set(conversation, timer);
  }

  /** Make one attempt. Returns whether to go on with what is due. */
  async #attempt(entry: StoredEntry): Promise<boolean> {
    const attempt = { key: entry.key, abort: new AbortController() };
    this.#attempts.set(entry.conversation, attempt);
    try {
      const ready = await this.#upload(entry, attempt.abort.signal);
      // From here on it may have been sent. If it is gone, it was settled or discarded meanwhile.
      const begun = ready && (await this.#change(entry.key, countAttempt));
      if (!begun) return true;
      this.#tell(entry.key, { kind: "sending" });
      this.#finish(entry.key, await this.#ports.transport.post(begun, attempt.abort.signal));
      return true;
    } catch (error) {
      if (this.#isStopped) return false;
      const file = error instanceof UploadError ? error.file : null;
      return await this.#fail(entry, classify(error instanceof UploadError ? error.cause : error, file));
    } finally {
      this.#attempts.delete(entry.conversation);
    }
  }

  /** Upload the files that are still here. Returns the entry as it is then; null if it is gone. */
  async #upload(entry: StoredEntry, signal: AbortSignal): Promise<StoredEntry | null> {
    const progress = entry.files.map(({ sid }): number => (sid ? 1 : 0));
    let current: StoredEntry | null = entry;
    for (const [at, file] of entry.files.entries()) {
      if (file.sid || !current) continue;
      const showProgress = (share: number) => {
        progress[at] = share;
        this.#setPhase(entry.key, { kind: "uploading", progress: [...progress] });
      };
      showProgress(0);
      this.#tell(entry.key, { kind: "uploading", progress: [...progress] });
      const content = await this.#ports.database.readFile(file.key);
      if (!content) {
        // Files go with their entry, so it is gone. If it is not, it cannot be sent.
        const refusal = { ...NOT_STORED_REFUSAL, file: file.name };
        await this.#change(entry.key, (stored) => ({ ...stored, status: "not-sent", refusal }));
        return null;
      }
      const sid = await this.#ports.transport.upload(file, content, showProgress, signal).catch((cause) => {
        throw new UploadError(file.name, cause);
      });
      progress[at] = 1;
      current = await this.#change(entry.key, (stored) => ({
        ...stored,
        files: stored.files.map((one) => (one.key === file.key ? { ...one, sid } : one)),
      }));
    }
    return current;
  }

  async #fail(entry: StoredEntry, failure: Failure): Promise<boolean> {
    this.#tell(entry.key, null);
    if (failure.kind === "session") return false;
    if (failure.kind === "gone") {
      await this.#ports.database.remove(entry.key);
      this.#drop(entry.key);
    } else if (failure.kind === "refused") {
      const { refusal } = failure;
      const status = mayBeSent(entry, refusal) ? "expired" : "not-sent";
      await this.#change(entry.key, (stored) => ({ ...stored, status, refusal }));
    } else {
      const pause = choosePause(entry.failures, failure.after, this.#ports.random());
      const not_before = this.#ports.now() + pause;
      await this.#change(entry.key, (stored) => ({ ...stored, failures: stored.failures + 1, not_before }));
    }
    this.#ports.announce({ kind: "changed" });
    return true;
  }

  async #change(key: string, change: (entry: StoredEntry) => StoredEntry | null): Promise<StoredEntry | null> {
    const changed = await this.#ports.database.change(key, change);
    if (changed && this.#stored.peek().has(key)) this.#put(changed);
    return changed;
  }

  /** It was sent. */
  #finish(key: string, answer: SentAnswer): void {
    const entry = this.#stored.peek().get(key);
    if (!entry || this.#phases.peek().get(key)?.kind === "sent") return;
    this.#show(key, answer);
    this.#ports.announce({ kind: "sent", key, answer });
    const attempt = this.#attempts.get(entry.conversation);
    const goOn = () => {
      // The request that is still under way for it has nothing to tell any more.
      if (attempt?.key === key) attempt.abort.abort();
      this.#run(entry.conversation);
    };
    this.#ports.database.remove(key).then(goOn).catch(ignoreDatabase);
  }

  /** Show a message in the place of its entry, and let the entry go once it is there. */
  #show(key: string, answer: SentAnswer): void {
    const shown = this.entries.peek().find((entry) => entry.key === key);
    this.#setPhase(key, { kind: "sent", answer });
    if (shown) this.#ports.onSent(shown, answer);
    this.#ports.afterShown(() => this.#drop(key));
  }

  // --- what this page knows

  #put(entry: StoredEntry): void {
    this.#stored.value = new Map(this.#stored.peek()).set(entry.key, entry);
  }

  #drop(key: string): void {
    this.#gone.add(key);
    this.#unstored.delete(key);
    const stored = new Map(this.#stored.peek());
    stored.delete(key);
    const phases = new Map(this.#phases.peek());
    phases.delete(key);
    batch(() => {
      this.#stored.value = stored;
      this.#phases.value = phases;
    });
  }

  /** Set the phase of an entry here and in the other tabs. */
  #tell(key: string, state: EntryState | null): void {
    this.#setPhase(key, state);
    this.#ports.announce({ kind: "phase", key, state });
  }

  #setPhase(key: string, state: EntryState | null): void {
    // What was sent stays so until it goes away.
    if (this.#phases.peek().get(key)?.kind === "sent" || this.#gone.has(key)) return;
    const phases = new Map(this.#phases.peek());
    if (state) phases.set(key, state);
    else phases.delete(key);
    this.#phases.value = phases;
  }

  /** The message that an entry was made of. */
  async #recover(key: string): Promise<OutgoingMessage | null> {
    const entry = this.#stored.peek().get(key);
    const unstored = this.#unstored.get(key);
    if (!entry || unstored) return unstored ?? null;
    const files: OutgoingFile[] = [];
    for (const { key: file, name, type, size, sid } of entry.files) {
      const blob = await this.#ports.database.readFile(file);
      // Its upload may be too old by now, so a file that is here is uploaded again.
      if (blob) files.push({ name, type, size, blob });
      else if (sid) files.push({ name, type, size, sid });
    }
    const { conversation, author, body, send_at: sendAt } = entry;
    return { conversation, author, body, files, sendAt };
  }
}

/**
 * The database does not answer: another tab signs out, or the browser stores nothing. What is in it, if anything, goes on
 * with the next page, and its key sees to it that nothing is sent twice.
 */
function ignoreDatabase(): void {}

class UploadError extends Error {
  file: string;

  constructor(file: string, cause: unknown) {
    super("upload", { cause });
    this.file = file;
  }
}

const NOT_STORED_REFUSAL = { status: 0, code: NOT_STORED, message: "not stored", details: {}, file: null };

/** Whether an entry can be given up: it was certainly not sent, or the person knows that it may have been. */
function isRemovable({ status, attempts }: StoredEntry): boolean {
  return status !== "queued" || attempts === 0;
}

function countAttempt(entry: StoredEntry): StoredEntry | null {
  return entry.status === "queued" ? { ...entry, attempts: entry.attempts + 1 } : null;
}

function build(
  message: OutgoingMessage,
  now: number,
  notBefore: number,
): { entry: StoredEntry; contents: [string, Blob][] } {
  const contents: [string, Blob][] = [];
  const files = (message.files ?? []).map((file): EntryFile => {
    const { name, type, size } = file;
    if ("sid" in file) return { key: makeKey(now), name, type, size, sid: file.sid };
    const key = file.key ?? makeKey(now);
    contents.push([key, file.blob]);
    return { key, name, type, size, sid: null };
  });
  const entry: StoredEntry = {
    key: makeKey(now),
    conversation: message.conversation,
    author: message.author,
    body: message.body,
    files,
    send_at: message.sendAt ?? null,
    created: now,
    status: "queued",
    attempts: 0,
    failures: 0,
    not_before: notBefore,
    refusal: null,
  };
  return { entry, contents };
}

/** What a person sees of an entry. */
function show(entry: StoredEntry, phase: EntryState | undefined, isOnline: boolean): OutboxEntry {
  const { status, failures: _, not_before: __, refusal, ...shown } = entry;
  return { ...shown, state: describe(status, refusal, phase, isOnline) };
}

function describe(
  status: StoredEntry["status"],
  refusal: StoredEntry["refusal"],
  phase: EntryState | undefined,
  isOnline: boolean,
): EntryState {
  if (phase?.kind === "sent") return phase;
  if (status === "expired") return { kind: "expired" };
  if (status === "not-sent" && refusal) return { kind: "not-sent", refusal };
  if (phase && isOnline) return phase;
  return { kind: isOnline ? "waiting" : "offline" };
}
