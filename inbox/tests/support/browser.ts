/** A browser with an outbox in each tab, and an API that creates a message once for each key. */

import { ApiError } from "../../../clients/javascript/rest.js";
import type { Message, Sid } from "../../src/api/types.ts";
import { OutboxDatabase } from "../../src/outbox/database.ts";
import type { OutboxEntry, SentAnswer, StoredEntry } from "../../src/outbox/entry.ts";
import { Outbox, type OutboxNotice, type Transport } from "../../src/outbox/outbox.ts";
import { message } from "./answers.ts";
import { Channel, Locks, Tab } from "./tabs.ts";

/** What happens to a request: it is answered, or lost on one of the two ways, or takes effect later, or is refused. */
export type Fate = "answered" | "lost before" | "lost after" | "hangs after" | "late" | Error;
/** Milliseconds after which a request without an answer is given up, as the REST client does. */
const ANSWER_TIMEOUT = 40_000;
/** Milliseconds after which a late request takes effect. */
const LATE = 5_000;

export const busy = () => new ApiError("Service Unavailable", { status: 503 });
export const refused = (code = 50407) => new ApiError("refused", { status: 400, code, details: { reason: "why" } });

/** An API with Idempotency-Keys. */
export class FakeApi {
  /** What was sent, in order, by conversation. */
  sent = new Map<Sid, Message[]>();
  requests: string[] = [];
  uploads = new Map<string, { sid: Sid; name: string }>();
  /** Decides about each request. */
  fate: (request: { kind: "post" | "upload"; key: string; conversation?: Sid }) => Fate = () => "answered";
  /** Is called with each new message, as live events are. */
  onMessage: (message: Message) => void = () => {};
  #byKey = new Map<string, Message>();

  transport: Transport = {
    post: async (entry, signal) => {
      const fate = this.fate({ kind: "post", key: entry.key, conversation: entry.conversation });
      this.requests.push(entry.key);
      await Promise.resolve();
      this.#lose(fate);
      if (fate === "late") {
        setTimeout(() => this.#create(entry), LATE);
        throw new ApiError("no answer");
      }
      const created = this.#create(entry);
      if (fate === "hangs after") await ends(signal);
      if (fate === "lost after") throw new ApiError("no answer");
      return created;
    },
    upload: async (file, _content, onProgress) => {
      const fate = this.fate({ kind: "upload", key: file.key });
      await Promise.resolve();
      this.#lose(fate);
      const stored = this.uploads.get(file.key) ?? { sid: `ME${this.uploads.size}`, name: file.name };
      this.uploads.set(file.key, stored);
      onProgress(0.5);
      if (fate === "lost after" || fate === "hangs after") throw new ApiError("no answer");
      return stored.sid;
    },
  };

  bodies(conversation: Sid): (string | null)[] {
    return (this.sent.get(conversation) ?? []).map(({ body }) => body);
  }

  #lose(fate: Fate): void {
    if (fate === "lost before") throw new ApiError("no answer");
    if (fate instanceof Error) throw fate;
  }

  #create(entry: StoredEntry): Message {
    const known = this.#byKey.get(entry.key);
    if (known && known.body !== entry.body) throw new ApiError("another request", { status: 422, code: 20001 });
    if (known) return known;
    const messages = this.sent.get(entry.conversation) ?? [];
    const created = message(messages.length, {
      conversation_sid: entry.conversation,
      body: entry.body,
      attributes: JSON.stringify({ client_ref: entry.key }),
      media: entry.files.map(({ sid, name, type, size }) => ({
        sid: sid ?? "",
        filename: name,
        content_type: type,
        size,
      })),
    });
    this.sent.set(entry.conversation, [...messages, created]);
    this.#byKey.set(entry.key, created);
    this.onMessage(created);
    return created;
  }
}

function ends(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    setTimeout(() => reject(new ApiError("no answer")), ANSWER_TIMEOUT);
  });
}

/** A tab with an outbox. */
export type OutboxTab = { tab: Tab; outbox: Outbox; shown: { key: string; answer: SentAnswer }[] };

/** A browser with one person's database. */
export class Browser {
  api = new FakeApi();
  databaseName = `test-${crypto.randomUUID()}`;
  tabs: OutboxTab[] = [];
  isOnline = true;
  /** Conversations that are not active yet, as tabs know. */
  initializing = new Set<string>();
  random = () => 1;
  #locks = new Locks();
  #channel = new Channel<OutboxNotice>();

  async open(): Promise<OutboxTab> {
    const opened = this.build();
    await opened.outbox.start();
    return opened;
  }

  /** Open a tab whose outbox has not begun yet. */
  build(): OutboxTab {
    const tab = new Tab();
    const shown: OutboxTab["shown"] = [];
    const database = new OutboxDatabase(this.databaseName);
    const outbox = new Outbox({
      database: tab.guard(database),
      transport: tab.guard(this.api.transport),
      withLock: (name, run) => this.#locks.run(tab, name, run),
      announce: (notice) => this.#channel.post(tab, notice),
      onSent: ({ key }: OutboxEntry, answer) => shown.push({ key, answer }),
      afterShown: (act) => setTimeout(act, 0),
      isOnline: () => this.isOnline,
      isInitializing: (conversation) => this.initializing.has(conversation),
      random: () => this.random(),
    });
    this.#channel.listen(tab, (notice) => outbox.receive(notice));
    tab.onKill(() => {
      outbox.stop();
      database.close();
      this.#channel.forget(tab);
      this.#locks.forget(tab);
      this.tabs = this.tabs.filter((one) => one.tab !== tab);
    });
    const opened = { tab, outbox, shown };
    this.tabs.push(opened);
    return opened;
  }

  activate(conversation: string): void {
    this.initializing.delete(conversation);
    for (const { outbox } of this.tabs) outbox.release(conversation);
  }

  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline;
    for (const { outbox } of this.tabs) outbox.setOnline(isOnline);
  }
}
