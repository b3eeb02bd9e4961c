// Partyline's live events: one WebSocket that stays open, and messages in order, none missed and none twice.
// No dependencies; for browsers and for Node 22 and newer. docs/live.md describes it, and the protocol below it.
//
//   const live = connect({
//     url: "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod",
//     token: async () => (await fetch("/my-token")).text(),
//     onEvent: (event) => console.log(event.type, event.parameters),
//     onState: (state) => console.log(state),
//   });
//   live.follow("CH...", 41);

// Milliseconds. API Gateway closes a connection that is idle for ten minutes.
const HEARTBEAT = 4 * 60 * 1000;
const PATIENCE = 30 * 1000;
const FIRST_BACKOFF = 500;
const LONGEST_BACKOFF = 60 * 1000;
// A connection that has held for so long was a good one: the next backoff begins anew.
const HELD = 10 * 1000;
const BETWEEN_TYPING = 3 * 1000;
// How long to wait when it was too much: a window of the quota, and a little.
const TOO_MANY = 20429;
const PAUSE = 11 * 1000;
// How many conversations one frame can resume.
const AT_ONCE = 50;

/**
 * Connect, and stay connected until `close` is called.
 *
 * @param {object} options
 * @param {string} options.url where live connections are made: the stack's output `LiveUrl`
 * @param {() => Promise<string>} options.token gives a fresh access token; asked before each connection
 * @param {(event: object) => void} options.onEvent is called with each event, and with `typing` and `error` frames
 * @param {(state: "connecting" | "open" | "waiting" | "closed", error?: Error) => void} [options.onState]
 * @param {typeof WebSocket} [options.WebSocket] for runtimes without one of their own
 * @returns {Live}
 */
export function connect(options) {
  const live = new Live(options);
  live.open();
  return live;
}

class Live {
  constructor({ url, token, onEvent, onState = () => {}, WebSocket = globalThis.WebSocket }) {
    if (!WebSocket) throw new Error("There is no WebSocket here: give one as an option.");
    this.options = { url, token, onEvent, onState, WebSocket };
    // SID to { last, asked, held }: the index told last, the one behind which was asked for (null when nothing is under
    // way), and what came meanwhile.
    this.followed = new Map();
    this.typed = new Map();
    this.failures = 0;
    this.socket = null;
    this.closed = false;
  }

  /**
   * Tell the messages of a conversation from behind an index (-1: all), then those that come, in order.
   * Following it again changes nothing; unfollow it first.
   */
  follow(conversation, lastIndex = -1) {
    if (this.followed.has(conversation)) return;
    this.followed.set(conversation, { last: lastIndex, asked: null, held: [] });
    this.resume([conversation]);
  }

  /** From now on events of this conversation are told as they come. */
  unfollow(conversation) {
    this.followed.delete(conversation);
  }

  /** The index of the last message that was told of a followed conversation. */
  lastIndex(conversation) {
    return this.followed.get(conversation)?.last;
  }

  /** Tell the others that a message is being written: call it on every keystroke. */
  typing(conversation) {
    const now = Date.now();
    if (!this.isOpen || now - (this.typed.get(conversation) ?? -Infinity) < BETWEEN_TYPING) return;
    this.typed.set(conversation, now);
    this.send({ action: "typing", conversation });
  }

  /** Close the connection for good. */
  close() {
    if (this.closed) return;
    this.closed = true;
    this.drop();
    clearTimeout(this.retry);
    this.tell("closed");
  }

  // --- the connection

  get isOpen() {
    return this.socket !== null && this.socket.readyState === 1;
  }

  async open() {
    this.tell("connecting");
    let socket;
    try {
      const token = await this.options.token();
      if (this.closed) return;
      const url = new URL(this.options.url);
      url.searchParams.set("token", token);
      socket = new this.options.WebSocket(url.href);
    } catch (error) {
      if (!this.closed) this.later(error);
      return;
    }
    this.socket = socket;
    // Whatever an abandoned socket still says is nobody's business.
    const ours = (act) => (event) => this.socket === socket && act(event);
    socket.onopen = ours(() => this.opened());
    socket.onmessage = ours((event) => this.heard(event.data));
    socket.onclose = ours((event) => this.lost(event.reason));
    socket.onerror = () => {};
  }

  opened() {
    this.since = Date.now();
    this.beat = setInterval(() => this.heartbeat(), HEARTBEAT);
    this.tell("open");
    this.resume([...this.followed.keys()]);
  }

  // Resuming also finds what was lost without a trace.
  heartbeat() {
    if (this.followed.size) this.resume([...this.followed.keys()]);
    else this.send({ action: "ping" });
    this.expect();
  }

  lost(reason) {
    if (this.since && Date.now() - this.since >= HELD) this.failures = 0;
    this.drop();
    this.later(reason ? new Error(reason) : undefined);
  }

  later(error) {
    this.tell("waiting", error);
    const longest = Math.min(FIRST_BACKOFF * 2 ** this.failures, LONGEST_BACKOFF);
    this.failures += 1;
    this.retry = setTimeout(() => this.open(), longest * (0.5 + Math.random() / 2));
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.since = null;
    clearInterval(this.beat);
    clearTimeout(this.patience);
    clearTimeout(this.pause);
    this.patience = this.pause = null;
    // What was held comes again: with the next connection everything is asked for behind the last index.
    for (const one of this.followed.values()) Object.assign(one, { asked: null, held: [] });
    socket?.close();
  }

  send(frame) {
    if (this.isOpen) this.socket.send(JSON.stringify(frame));
  }

  // Something must be heard soon, or the connection is taken for dead.
  expect() {
    this.patience ??= setTimeout(() => this.lost("no answer"), PATIENCE);
  }

  // --- what is heard

  heard(data) {
    clearTimeout(this.patience);
    this.patience = null;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    for (const one of frame.type === "events" ? frame.events : [frame]) this.take(one);
    if ([...this.followed.values()].some(({ asked }) => asked !== null)) this.expect();
  }

  take(frame) {
    const one = this.followed.get(frame.conversation);
    if (frame.type === "pong" || !frame.type) return;
    if (frame.type === "error" && frame.code === TOO_MANY) {
      this.wait();
      this.event(frame);
    } else if (frame.type === "resumed") {
      if (one && one.asked === frame.after) this.resumed(frame.conversation, one, frame);
    } else if (frame.type === "typing" || !one) {
      this.event(frame);
    } else if (frame.type === "error") {
      // It is not visible, or no more.
      this.followed.delete(frame.conversation);
      this.event(frame);
    } else if (one.asked !== null) {
      one.held.push(frame);
    } else {
      this.next(frame.conversation, one, frame);
    }
  }

  // An event of a followed conversation, when nothing is under way.
  next(conversation, one, frame) {
    const index = indexOf(frame);
    if (index === null || index === one.last + 1) {
      if (index !== null) one.last = index;
      this.event(frame);
    } else if (index > one.last) {
      // Something is missing before it, or was deleted: resuming tells which.
      one.held.push(frame);
      this.resume([conversation]);
    }
  }

  resume(conversations) {
    if (!this.isOpen) return;
    const idle = conversations.filter((sid) => this.followed.get(sid).asked === null);
    for (let start = 0; start < idle.length; start += AT_ONCE) {
      const asked = {};
      for (const sid of idle.slice(start, start + AT_ONCE)) {
        const one = this.followed.get(sid);
        asked[sid] = one.asked = one.last;
      }
      this.send({ action: "resume", conversations: asked });
    }
    if (idle.length) this.expect();
  }

  // Nothing more is asked for a while. What was refused is not named, so whatever is not answered by then is asked again.
  wait() {
    this.pause ??= setTimeout(() => {
      this.pause = null;
      const unanswered = [...this.followed].filter(([, { asked }]) => asked !== null).map(([sid]) => sid);
      for (const sid of unanswered) this.followed.get(sid).asked = null;
      this.resume(unanswered);
    }, PAUSE);
  }

  // All messages up to an index have come; what is not among them was deleted.
  resumed(conversation, one, { index: end, more }) {
    const held = one.held;
    const told = held.filter((frame) => indexOf(frame) !== null && indexOf(frame) <= end);
    told.sort((a, b) => indexOf(a) - indexOf(b));
    one.asked = null;
    one.held = more ? held.filter((frame) => !told.includes(frame)) : [];
    for (const frame of told) {
      if (indexOf(frame) <= one.last) continue;
      one.last = indexOf(frame);
      this.event(frame);
    }
    one.last = Math.max(one.last, end);
    // It may have been unfollowed by whoever was told.
    if (this.followed.get(conversation) !== one) return;
    if (more) this.resume([conversation]);
    else for (const frame of held) if (!told.includes(frame)) this.take(frame);
  }

  // --- who is told

  event(frame) {
    if (!this.closed) call(this.options.onEvent, frame);
  }

  tell(state, error) {
    call(this.options.onState, state, error);
  }
}

// The index of a new message; null of every other event.
function indexOf(frame) {
  return frame.type === "onMessageAdded" ? Number(frame.parameters.Index) : null;
}

// What a listener throws must not stop the others from being told; it surfaces as an uncaught error.
function call(listener, ...given) {
  try {
    listener(...given);
  } catch (error) {
    setTimeout(() => {
      throw error;
    }, 0);
  }
}
