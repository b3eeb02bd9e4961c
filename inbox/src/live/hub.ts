/**
 * One live connection for all tabs of a browser: an identity may have 20, and a person may have more tabs.
 *
 * The leading tab has the connection and passes its events on. All tabs tell it which conversations they show; it follows
 * them all. When another tab leads, it connects anew and asks the tabs what they show.
 *
 * Events reach a tab at least once. Those of a conversation that it follows come in order, and none is missed.
 */

import type { connect, Live, LiveEvent, LiveState } from "../../../clients/javascript/live.js";
import type { ConnectionKind, ConnectionState } from "../api/connection.ts";
import type { Sid } from "../api/types.ts";
import { Leadership } from "./leadership.ts";

/** What tabs tell each other. `after`: the index of the last message that the tab has. */
type Notice =
  | { kind: "joined" | "ping"; tab: string }
  | { kind: "follow"; tab: string; conversation: Sid; after: number }
  | { kind: "unfollow"; tab: string; conversation: Sid }
  | { kind: "typing"; conversation: Sid }
  // Those of the leader.
  | { kind: "leading" }
  | { kind: "pong"; isVisible: boolean }
  | { kind: "state"; state: ConnectionState; isOpening: boolean }
  | { kind: "event"; event: LiveEvent };

/** The part of a BroadcastChannel that is used. */
export type NoticeChannel = {
  postMessage: (notice: unknown) => void;
  onmessage: ((event: MessageEvent) => void) | null;
  close: () => void;
};

export type HubPorts = {
  /** One for each person: tabs of another person share nothing with these. */
  name: string;
  url: string;
  /** `isFresh`: whether a token that was given before is not enough. */
  token: (isFresh: boolean) => Promise<string>;
  connect: typeof connect;
  locks: LockManager;
  channel: NoticeChannel;
  isOnline: () => boolean;
  isVisible: () => boolean;
  onEvent: (event: LiveEvent) => void;
  /** `isOpening`: the connection was just opened, so what happened before it was not told. */
  onState: (state: ConnectionState, isOpening: boolean) => void;
};

/** What a tab shows of a conversation: in how many places, and the index of the last message that it has. */
type Shown = { places: number; after: number };

/** The live events of one tab. */
export class Hub {
  #ports: HubPorts;
  #tab = crypto.randomUUID();
  #leadership: Leadership;
  #shown = new Map<Sid, Shown>();
  #state: ConnectionState = { kind: "connecting", since: Date.now() };
  #connection: Connection | null = null;
  #isStopped = false;

  constructor(ports: HubPorts) {
    this.#ports = ports;
    ports.channel.onmessage = ({ data }) => this.#receive(data);
    // The leader learns by this lock that a tab is gone.
    void ports.locks.request(lockOfTab(ports.name, this.#tab), () => new Promise<void>(this.#keep)).catch(() => {});
    this.#leadership = new Leadership({
      name: `${ports.name}.leader`,
      locks: ports.locks,
      isVisible: ports.isVisible,
      ping: () => this.#post({ kind: "ping", tab: this.#tab }),
      onLead: () => this.#lead(),
      onLose: () => this.#disconnect(),
    });
    this.#setState(this.#state, false);
    this.#post({ kind: "joined", tab: this.#tab });
  }

  /**
   * Show a conversation: from now on its messages come in order, all of them behind an index.
   *
   * @returns what ends it
   */
  follow(conversation: Sid, after: number): () => void {
    const shown = this.#shown.get(conversation);
    this.#shown.set(conversation, {
      places: (shown?.places ?? 0) + 1,
      after: Math.min(after, shown?.after ?? after),
    });
    this.#tell({ kind: "follow", tab: this.#tab, conversation, after });
    let isFollowed = true;
    return () => {
      if (isFollowed) this.#unfollow(conversation);
      isFollowed = false;
    };
  }

  /** Show others that the person is writing. Call it on every keystroke. */
  typing(conversation: Sid): void {
    this.#tell({ kind: "typing", conversation });
  }

  /** The browser has a network again, or none. */
  setOnline(isOnline: boolean): void {
    this.#connection?.setOnline(isOnline);
  }

  stop(): void {
    this.#isStopped = true;
    this.#disconnect();
    this.#leadership.stop();
    this.#release();
    this.#ports.channel.onmessage = null;
    this.#ports.channel.close();
  }

  #release = () => {};
  #keep = (release: () => void) => {
    this.#release = release;
    if (this.#isStopped) release();
  };

  #unfollow(conversation: Sid): void {
    const shown = this.#shown.get(conversation);
    if (!shown) return;
    if (shown.places > 1) {
      this.#shown.set(conversation, { ...shown, places: shown.places - 1 });
      return;
    }
    this.#shown.delete(conversation);
    this.#tell({ kind: "unfollow", tab: this.#tab, conversation });
  }

  // --- leading

  #lead(): void {
    if (this.#isStopped) return;
    const { name, locks } = this.#ports;
    this.#connection = new Connection({
      ...this.#ports,
      onState: (state, isOpening) => {
        this.#setState(state, isOpening);
        this.#post({ kind: "state", state, isOpening });
      },
      onEvent: (event) => {
        this.#pass(event);
        this.#post({ kind: "event", event });
      },
      whenGone: (tab, act) => void locks.request(lockOfTab(name, tab), act).catch(() => {}),
    });
    for (const [conversation, { after }] of this.#shown) this.#connection.follow(this.#tab, conversation, after);
    this.#post({ kind: "leading" });
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  // --- notices

  /** Tell the leader, which may be this tab. */
  #tell(notice: Notice): void {
    if (this.#connection) this.#connection.receive(notice);
    else this.#post(notice);
  }

  #post(notice: Notice): void {
    if (!this.#isStopped) this.#ports.channel.postMessage(notice);
  }

  #receive(notice: Notice): void {
    if (notice.kind === "event" || notice.kind === "state" || notice.kind === "leading" || notice.kind === "pong") {
      // A leader that was frozen may speak before it learns that it leads no more.
      if (this.#connection) return;
      this.#leadership.hear();
      if (notice.kind === "event") this.#pass(notice.event);
      else if (notice.kind === "state") this.#setState(notice.state, notice.isOpening);
      else if (notice.kind === "leading") this.#tellShown();
      // A browser slows the timers of a tab in the background, so it would wait for long until it tries again.
      else if (!notice.isVisible && this.#state.kind === "waiting") this.#leadership.take();
    } else if (this.#connection) {
      if (notice.kind === "joined") this.#post({ kind: "state", state: this.#state, isOpening: false });
      else if (notice.kind === "ping") this.#post({ kind: "pong", isVisible: this.#ports.isVisible() });
      else this.#connection.receive(notice);
    }
  }

  #tellShown(): void {
    for (const [conversation, { after }] of this.#shown) {
      this.#post({ kind: "follow", tab: this.#tab, conversation, after });
    }
  }

  #pass(event: LiveEvent): void {
    if (event.type === "onMessageAdded") this.#moveOn(event.conversation ?? "", Number(event.parameters.Index));
    this.#ports.onEvent(event);
  }

  /** A followed conversation goes on from its last message when another tab leads. */
  #moveOn(conversation: Sid, index: number): void {
    const shown = this.#shown.get(conversation);
    if (shown && index > shown.after) this.#shown.set(conversation, { ...shown, after: index });
  }

  #setState(state: ConnectionState, isOpening: boolean): void {
    this.#state = state;
    this.#ports.onState(state, isOpening);
  }
}

function lockOfTab(name: string, tab: string): string {
  return `${name}.tab.${tab}`;
}

type ConnectionPorts = Pick<HubPorts, "url" | "token" | "connect" | "isOnline" | "onEvent" | "onState"> & {
  whenGone: (tab: string, act: () => void) => void;
};

/** The connection of the leading tab. */
class Connection {
  #ports: ConnectionPorts;
  #live: Live;
  /** Which conversations each tab shows. */
  #followers = new Map<string, Set<Sid>>();
  #state: ConnectionState | null = null;
  #liveState: LiveState = "connecting";
  #isOnline: boolean;
  #hasToken = false;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#isOnline = ports.isOnline();
    this.#live = this.#connect();
  }

  follow(tab: string, conversation: Sid, after: number): void {
    const followed = this.#followers.get(tab);
    if (followed) {
      followed.add(conversation);
    } else {
      this.#followers.set(tab, new Set([conversation]));
      this.#ports.whenGone(tab, () => this.#forget(tab));
    }
    const last = this.#live.lastIndex(conversation);
    // Another tab is further on: what this one lacks is passed on to both again.
    if (last !== undefined && last > after) this.#live.unfollow(conversation);
    this.#live.follow(conversation, after);
  }

  receive(notice: Notice): void {
    if (notice.kind === "follow") this.follow(notice.tab, notice.conversation, notice.after);
    else if (notice.kind === "unfollow") this.#unfollow(notice.tab, notice.conversation);
    else if (notice.kind === "typing") this.#live.typing(notice.conversation);
  }

  setOnline(isOnline: boolean): void {
    const isAsBefore = isOnline === this.#isOnline;
    this.#isOnline = isOnline;
    // Without a network the connection is dead, though nothing has said so. If it opens all the same, as to this machine,
    // it is not tried again.
    if (!isAsBefore && !(isOnline && this.#liveState === "open")) this.#reconnect();
    this.#report(false);
  }

  close(): void {
    this.#live.close();
  }

  /** Connect at once instead of after a pause. */
  #reconnect(): void {
    const before = this.#live;
    const positions = [...this.#followed()].map((sid) => [sid, before.lastIndex(sid)] as const);
    before.close();
    this.#live = this.#connect();
    for (const [sid, last] of positions) if (last !== undefined) this.#live.follow(sid, last);
  }

  #connect(): Live {
    const live: Live = this.#ports.connect({
      url: this.#ports.url,
      token: () => {
        // After a first one, the token may be what the connection was refused for.
        const isFresh = this.#hasToken;
        this.#hasToken = true;
        return this.#ports.token(isFresh);
      },
      onEvent: (event) => this.#ports.onEvent(event),
      // The first report comes before `connect` returns.
      onState: (state) => {
        if (state === "closed") return;
        this.#liveState = state;
        this.#report(state === "open");
      },
    });
    return live;
  }

  #report(isOpening: boolean): void {
    const kind = kindOf(this.#liveState, this.#isOnline);
    const before = this.#state;
    if (kind === before?.kind && !isOpening) return;
    // Without a connection, what counts is since when.
    const isSame = before !== null && kind !== "open" && before.kind !== "open";
    this.#state = { kind, since: isSame ? before.since : Date.now() };
    this.#ports.onState(this.#state, isOpening);
  }

  #unfollow(tab: string, conversation: Sid): void {
    this.#followers.get(tab)?.delete(conversation);
    if (!this.#followed().has(conversation)) this.#live.unfollow(conversation);
  }

  #forget(tab: string): void {
    const followed = this.#followers.get(tab) ?? new Set();
    this.#followers.delete(tab);
    const others = this.#followed();
    for (const conversation of followed) if (!others.has(conversation)) this.#live.unfollow(conversation);
  }

  #followed(): Set<Sid> {
    return new Set([...this.#followers.values()].flatMap((one) => [...one]));
  }
}

function kindOf(state: LiveState, isOnline: boolean): ConnectionKind {
  return isOnline || state === "open" ? state : "offline";
}
