// Partyline's live events: one WebSocket that stays open, and messages in order, none missed and none twice.
// No dependencies; for browsers and for Node 22 and newer (Node 20 with the package `ws`). README.md has examples.
// docs/live.md describes the client, and the protocol below it.

// Milliseconds. API Gateway closes a connection that is idle for ten minutes.
const HEARTBEAT = 4 * 60 * 1000;
const ANSWER_TIMEOUT = 30 * 1000;
const FIRST_BACKOFF = 500;
const LONGEST_BACKOFF = 60 * 1000;
// The backoff starts again at its first value after a connection that was open for so long.
const STABLE = 10 * 1000;
const TYPING_INTERVAL = 3 * 1000;
// The code of a request beyond the quota, and how long to wait then: a window of the quota, and a little.
const TOO_MANY_REQUESTS = 20429;
const QUOTA_PAUSE = 11 * 1000;
// How many conversations one frame can resume.
const RESUME_LIMIT = 50;

/**
 * A change in a conversation or of a user, with the parameters that a webhook has.
 *
 * @typedef {object} ChangeEvent
 * @property {`on${string}`} type for example `onMessageAdded`
 * @property {string} [conversation] the conversation's SID
 * @property {string} [user] the user's SID
 * @property {Record<string, string>} parameters
 */

/**
 * A participant writes a message.
 *
 * @typedef {object} TypingEvent
 * @property {"typing"} type
 * @property {string} conversation the conversation's SID
 * @property {string} identity the participant's identity
 */

/**
 * A request was refused. One with a `conversation` ends following it.
 *
 * @typedef {object} ErrorEvent
 * @property {"error"} type
 * @property {number} code Twilio's error code
 * @property {number} status the HTTP status that the REST API has for it
 * @property {string} message
 * @property {string} [conversation] the conversation's SID
 */

/** @typedef {ChangeEvent | TypingEvent | ErrorEvent} LiveEvent */

/** @typedef {"connecting" | "open" | "waiting" | "closed"} LiveState */

/**
 * What the client uses of a WebSocket. The browser's, Node's and that of the package `ws` all fit.
 *
 * @typedef {object} Socket
 * @property {number} readyState
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {((event: any) => void) | null} onerror
 * @property {(text: string) => void} send
 * @property {() => void} close
 */

/**
 * @typedef {object} Options
 * @property {string} url where live connections are made: the stack's output `LiveUrl`
 * @property {() => Promise<string>} token returns a fresh access token; called before each connection
 * @property {(event: LiveEvent) => void} onEvent is called with each event
 * @property {(state: LiveState, error?: Error) => void} [onState] is called when the connection's state changes
 * @property {new (url: string) => Socket} [WebSocket] for runtimes without one of their own
 */

/**
 * A followed conversation: the index of the last message passed on, the index behind which messages were asked for
 * (null when no request is under way), and the events that arrived meanwhile.
 *
 * @typedef {{ last: number, asked: number | null, held: ChangeEvent[] }} Followed
 */

/** @typedef {{ type: "resumed", conversation: string, after: number, index: number, more: boolean }} Resumed */

/** @typedef {LiveEvent | Resumed | { type: "pong" }} Frame */

/**
 * Connect, and stay connected until `close` is called.
 *
 * @param {Options} options
 * @returns {Live}
 */
export function connect(options) {
  return new Live(options);
}

/** A connection that is made again whenever it breaks. */
export class Live {
  /** @type {Required<Options>} */
  #options;
  /** @type {Map<string, Followed>} by the conversation's SID */
  #followed = new Map();
  /** @type {Map<string, number>} when typing was last sent, by the conversation's SID */
  #typed = new Map();
  #failures = 0;
  /** @type {Socket | null} */
  #socket = null;
  /** @type {number | null} */
  #openedAt = null;
  #isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reconnectTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #heartbeatTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #answerTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #quotaTimer;

  /**
   * Use `connect`.
   *
   * @param {Options} options
   */
  constructor({ url, token, onEvent, onState = () => {}, WebSocket = globalThis.WebSocket }) {
    if (!WebSocket) throw new Error("There is no WebSocket here: give one as an option.");
    this.#options = { url, token, onEvent, onState, WebSocket };
    this.#open();
  }

  /**
   * Pass on the messages of a conversation behind an index (-1: all), then the new ones, in order.
   * Following it again changes nothing; unfollow it first.
   *
   * @param {string} conversation the conversation's SID
   * @param {number} [lastIndex]
   */
  follow(conversation, lastIndex = -1) {
    if (this.#followed.has(conversation)) return;
    this.#followed.set(conversation, { last: lastIndex, asked: null, held: [] });
    this.#resume([conversation]);
  }

  /**
   * From now on pass on events of this conversation as they arrive.
   *
   * @param {string} conversation the conversation's SID
   */
  unfollow(conversation) {
    this.#followed.delete(conversation);
  }

  /**
   * The index of the last message of a followed conversation that was passed on.
   *
   * @param {string} conversation the conversation's SID
   * @returns {number | undefined}
   */
  lastIndex(conversation) {
    return this.#followed.get(conversation)?.last;
  }

  /**
   * Show the other participants that a message is being written. Call it on every keystroke.
   *
   * @param {string} conversation the conversation's SID
   */
  typing(conversation) {
    const now = Date.now();
    if (!this.#isOpen || now - (this.#typed.get(conversation) ?? -Infinity) < TYPING_INTERVAL) return;
    this.#typed.set(conversation, now);
    this.#send({ action: "typing", conversation });
  }

  /** Close the connection for good. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drop();
    clearTimeout(this.#reconnectTimer);
    this.#reportState("closed");
  }

  // --- the connection

  get #isOpen() {
    return this.#socket !== null && this.#socket.readyState === 1;
  }

  async #open() {
    this.#reportState("connecting");
    /** @type {Socket} */
    let socket;
    try {
      const token = await this.#options.token();
      if (this.#isClosed) return;
      const url = new URL(this.#options.url);
      url.searchParams.set("token", token);
      socket = new this.#options.WebSocket(url.href);
    } catch (error) {
      if (!this.#isClosed) this.#reconnectLater(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#socket = socket;
    /**
     * Ignore the events of a socket that was abandoned.
     *
     * @param {(event: any) => void} act
     * @returns {(event: any) => void}
     */
    const whileOurs = (act) => (event) => {
      if (this.#socket === socket) act(event);
    };
    socket.onopen = whileOurs(() => this.#handleOpen());
    socket.onmessage = whileOurs((event) => this.#handleData(event.data));
    socket.onclose = whileOurs((event) => this.#handleLoss(event.reason));
    socket.onerror = () => {};
  }

  #handleOpen() {
    this.#openedAt = Date.now();
    this.#heartbeatTimer = setInterval(() => this.#sendHeartbeat(), HEARTBEAT);
    this.#reportState("open");
    this.#resume([...this.#followed.keys()]);
  }

  // Resuming also finds events that were lost without a trace.
  #sendHeartbeat() {
    if (this.#followed.size) this.#resume([...this.#followed.keys()]);
    else this.#send({ action: "ping" });
    this.#expectAnswer();
  }

  /** @param {string} [reason] */
  #handleLoss(reason) {
    if (this.#openedAt && Date.now() - this.#openedAt >= STABLE) this.#failures = 0;
    this.#drop();
    this.#reconnectLater(reason ? new Error(reason) : undefined);
  }

  /** @param {Error} [error] */
  #reconnectLater(error) {
    this.#reportState("waiting", error);
    const longest = Math.min(FIRST_BACKOFF * 2 ** this.#failures, LONGEST_BACKOFF);
    this.#failures += 1;
    this.#reconnectTimer = setTimeout(() => this.#open(), longest * (0.5 + Math.random() / 2));
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#openedAt = null;
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#quotaTimer);
    this.#answerTimer = this.#quotaTimer = undefined;
    // Held events arrive again: the next connection asks for everything behind the last index.
    for (const one of this.#followed.values()) Object.assign(one, { asked: null, held: [] });
    socket?.close();
  }

  /** @param {object} frame */
  #send(frame) {
    if (this.#isOpen) this.#socket?.send(JSON.stringify(frame));
  }

  // Any frame is an answer. Without one the connection counts as lost.
  #expectAnswer() {
    this.#answerTimer ??= setTimeout(() => this.#handleLoss("no answer"), ANSWER_TIMEOUT);
  }

  // --- frames

  /** @param {string} data */
  #handleData(data) {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = undefined;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    for (const one of frame.type === "events" ? frame.events : [frame]) this.#handleFrame(one);
    if ([...this.#followed.values()].some(({ asked }) => asked !== null)) this.#expectAnswer();
  }

  /** @param {Frame} frame */
  #handleFrame(frame) {
    if (frame.type === "pong" || !frame.type) return;
    const conversation = frame.conversation ?? "";
    const one = this.#followed.get(conversation);
    if (frame.type === "error" && frame.code === TOO_MANY_REQUESTS) {
      this.#pauseForQuota();
      this.#emit(frame);
    } else if (frame.type === "resumed") {
      if (one && one.asked === frame.after) this.#completeResume(conversation, one, frame);
    } else if (frame.type === "typing" || !one) {
      this.#emit(frame);
    } else if (frame.type === "error") {
      // The conversation is not visible, or no more.
      this.#followed.delete(conversation);
      this.#emit(frame);
    } else if (one.asked !== null) {
      one.held.push(frame);
    } else {
      this.#handleChange(conversation, one, frame);
    }
  }

  /**
   * Pass on an event of a followed conversation for which no request is under way.
   *
   * @param {string} conversation
   * @param {Followed} one
   * @param {ChangeEvent} event
   */
  #handleChange(conversation, one, event) {
    const index = indexOf(event);
    if (index === null || index === one.last + 1) {
      if (index !== null) one.last = index;
      this.#emit(event);
    } else if (index > one.last) {
      // A message before it is missing, or was deleted: resuming finds out.
      one.held.push(event);
      this.#resume([conversation]);
    }
  }

  /** @param {string[]} conversations */
  #resume(conversations) {
    if (!this.#isOpen) return;
    const named = new Set(conversations);
    const idle = [...this.#followed].filter(([sid, { asked }]) => asked === null && named.has(sid));
    for (let start = 0; start < idle.length; start += RESUME_LIMIT) {
      /** @type {Record<string, number>} */
      const asked = {};
      for (const [sid, one] of idle.slice(start, start + RESUME_LIMIT)) asked[sid] = one.asked = one.last;
      this.#send({ action: "resume", conversations: asked });
    }
    if (idle.length) this.#expectAnswer();
  }

  // The refusal names no request, so every request without an answer by then is made again.
  #pauseForQuota() {
    this.#quotaTimer ??= setTimeout(() => {
      this.#quotaTimer = undefined;
      const unanswered = [...this.#followed].filter(([, { asked }]) => asked !== null);
      for (const [, one] of unanswered) one.asked = null;
      this.#resume(unanswered.map(([sid]) => sid));
    }, QUOTA_PAUSE);
  }

  /**
   * All messages up to an index have arrived; one that is not among them was deleted.
   *
   * @param {string} conversation
   * @param {Followed} one
   * @param {Resumed} frame
   */
  #completeResume(conversation, one, { index: end, more }) {
    const held = one.held;
    /** @type {[number, ChangeEvent][]} */
    const messages = [];
    for (const event of held) {
      const index = indexOf(event);
      if (index !== null && index <= end) messages.push([index, event]);
    }
    messages.sort(([a], [b]) => a - b);
    const passed = new Set(messages.map(([, event]) => event));
    const rest = held.filter((event) => !passed.has(event));
    one.asked = null;
    one.held = more ? rest : [];
    for (const [index, event] of messages) {
      if (index <= one.last) continue;
      one.last = index;
      this.#emit(event);
    }
    one.last = Math.max(one.last, end);
    // A listener may have unfollowed it.
    if (this.#followed.get(conversation) !== one) return;
    if (more) this.#resume([conversation]);
    else for (const event of rest) this.#handleFrame(event);
  }

  // --- listeners

  /** @param {LiveEvent} event */
  #emit(event) {
    if (!this.#isClosed) callListener(() => this.#options.onEvent(event));
  }

  /**
   * @param {LiveState} state
   * @param {Error} [error]
   */
  #reportState(state, error) {
    callListener(() => this.#options.onState(state, error));
  }
}

/**
 * The index of a new message; null for every other event.
 *
 * @param {ChangeEvent} event
 */
function indexOf(event) {
  return event.type === "onMessageAdded" ? Number(event.parameters.Index) : null;
}

/**
 * Call a listener. What it throws does not stop the client; it surfaces as an uncaught error.
 *
 * @param {() => void} listener
 */
function callListener(listener) {
  try {
    listener();
  } catch (error) {
    setTimeout(() => {
      throw error;
    }, 0);
  }
}
