// The JavaScript client against a WebSocket that the test controls, and a clock that stands still.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { connect } from "../../../clients/javascript/live.js";

const A = "CHaaaa";
const B = "CHbbbb";

class Socket {
  static made = /** @type {Socket[]} */ ([]);
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;

  constructor(url) {
    this.url = new URL(url);
    this.readyState = 0;
    this.sent = [];
    Socket.made.push(this);
  }

  send(text) {
    assert.equal(this.readyState, 1);
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
    this.closed = true;
  }

  // --- what the other side does

  open() {
    this.readyState = 1;
    this.onopen?.({});
    return this;
  }

  says(...frames) {
    for (const frame of frames) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  breaks(reason = "") {
    this.readyState = 3;
    this.onclose?.({ reason });
  }

  get asked() {
    return this.sent.filter((frame) => frame.action === "resume").map((frame) => frame.conversations);
  }
}

let events;
let states;
let tokens;
let live;

const added = (conversation, index) => ({ type: "onMessageAdded", conversation, parameters: { Index: String(index) } });
const resumed = (conversation, after, index, more = false) => ({ type: "resumed", conversation, after, index, more });
const receivedIndexes = (conversation = A) =>
  events.filter((event) => event.conversation === conversation).map((event) => Number(event.parameters?.Index));
/** @returns {Socket} */
function latest() {
  const socket = Socket.made.at(-1);
  assert.ok(socket);
  return socket;
}
// The token is asked for before the socket is made.
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function begin(options = {}) {
  live = connect({
    url: "wss://live.example/prod",
    token: async () => `token-${++tokens}`,
    onEvent: (event) => events.push(event),
    onState: (state, error) => states.push(error ? [state, error.message] : state),
    WebSocket: Socket,
    ...options,
  });
  await settled();
}

async function opened(...followed) {
  await begin();
  for (const [conversation, last] of followed) live.follow(conversation, last);
  return latest().open();
}

async function pass(milliseconds) {
  mock.timers.tick(milliseconds);
  await settled();
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  [Socket.made, events, states, tokens] = [[], [], [], 0];
});

afterEach(() => {
  live?.close();
  mock.timers.reset();
});

test("it connects with a token, and says how it is doing", async () => {
  const socket = await opened();

  assert.equal(socket.url.href, "wss://live.example/prod?token=token-1");
  live.close();
  assert.deepEqual(states, ["connecting", "open", "closed"]);
  assert.ok(socket.closed);
});

test("what is followed is resumed from its last index, and delivered in order", async () => {
  const socket = await opened([A, 4]);

  assert.deepEqual(socket.asked, [{ [A]: 4 }]);
  socket.says({ type: "events", events: [added(A, 5), added(A, 6)] }, resumed(A, 4, 6));
  socket.says(added(A, 7));
  assert.deepEqual(receivedIndexes(), [5, 6, 7]);
  assert.equal(live.lastIndex(A), 7);
});

test("what comes during a resume waits for its turn", async () => {
  const socket = await opened([A, 0]);
  const updated = { type: "onMessageUpdated", conversation: A, parameters: { Index: "1" } };

  socket.says(added(A, 3), updated, added(A, 1));
  assert.deepEqual(events, []);
  socket.says(added(A, 2), resumed(A, 0, 2));
  assert.deepEqual(events, [added(A, 1), added(A, 2), added(A, 3), updated]);
});

test("repeats are dropped", async () => {
  const socket = await opened([A, -1]);
  socket.says(added(A, 0), added(A, 0), resumed(A, -1, 0));

  socket.says(added(A, 0), added(A, 1), added(A, 1), added(A, 0));

  assert.deepEqual(receivedIndexes(), [0, 1]);
});

test("messages that come in the wrong order are delivered in the right one", async () => {
  const socket = await opened([A, -1]);
  socket.says(resumed(A, -1, -1));

  socket.says(added(A, 1), added(A, 0));
  assert.deepEqual(events, []);
  assert.deepEqual(socket.asked.at(-1), { [A]: -1 });
  socket.says(added(A, 0), added(A, 1), resumed(A, -1, 1), added(A, 2));
  assert.deepEqual(receivedIndexes(), [0, 1, 2]);
});

test("a gap is filled before what came behind it, and what was deleted is not waited for", async () => {
  const socket = await opened([A, 0]);
  socket.says(resumed(A, 0, 0));

  socket.says(added(A, 5));
  assert.deepEqual(receivedIndexes(), []);
  socket.says(added(A, 2), added(A, 4), resumed(A, 0, 4));
  assert.deepEqual(receivedIndexes(), [2, 4, 5]);
  assert.equal(socket.asked.length, 2);
});

test("what is still missing behind a resume is asked for again", async () => {
  const socket = await opened([A, 0]);

  socket.says(added(A, 9), resumed(A, 0, 3));
  assert.deepEqual(socket.asked, [{ [A]: 0 }, { [A]: 3 }]);
  assert.deepEqual(receivedIndexes(), []);
  socket.says(added(A, 7), added(A, 9), resumed(A, 3, 9));
  assert.deepEqual(receivedIndexes(), [7, 9]);
});

test("a long gap comes in parts", async () => {
  const socket = await opened([A, -1]);

  socket.says(added(A, 0), added(A, 1), resumed(A, -1, 1, true));
  assert.deepEqual(receivedIndexes(), [0, 1]);
  socket.says(added(A, 5));
  assert.deepEqual(socket.asked, [{ [A]: -1 }, { [A]: 1 }]);
  socket.says(added(A, 2), resumed(A, 1, 4));
  assert.deepEqual(receivedIndexes(), [0, 1, 2, 5]);
});

test("after a break it comes back with a new token and asks for what it missed", async () => {
  const socket = await opened([A, 0], [B, 7]);
  socket.says(added(A, 1), resumed(A, 0, 1), resumed(B, 7, 7));

  socket.breaks();
  assert.equal(states.at(-1), "waiting");
  await pass(500);
  const again = latest().open();
  assert.notEqual(again, socket);
  assert.equal(again.url.searchParams.get("token"), "token-2");
  assert.deepEqual(again.asked, [{ [A]: 1, [B]: 7 }]);
  again.says(added(A, 1), added(A, 2), resumed(A, 1, 2));
  assert.deepEqual(receivedIndexes(), [1, 2]);
});

test("what was held when the connection broke is delivered once", async () => {
  const socket = await opened([A, 0]);
  socket.says(added(A, 2));
  socket.breaks();
  await pass(500);

  latest()
    .open()
    .says(added(A, 1), added(A, 2), resumed(A, 0, 2));

  assert.deepEqual(receivedIndexes(), [1, 2]);
});

test("an abandoned socket is not listened to", async () => {
  const socket = await opened([A, 0]);
  socket.breaks();
  await pass(500);
  latest()
    .open()
    .says(resumed(A, 0, 0));

  socket.says(added(A, 1));
  socket.breaks();

  assert.deepEqual(receivedIndexes(), []);
  assert.equal(states.at(-1), "open");
});

test("it tries again with growing pauses, and with short ones after a connection that held", async () => {
  await begin();
  mock.method(Math, "random", () => 1);
  for (const pause of [500, 1000, 2000]) {
    latest().breaks();
    const made = Socket.made.length;
    await pass(pause - 1);
    assert.equal(Socket.made.length, made);
    await pass(1);
    assert.equal(Socket.made.length, made + 1);
  }
  latest().open();
  await pass(10_000);
  latest().breaks();
  const made = Socket.made.length;
  await pass(500);
  assert.equal(Socket.made.length, made + 1);
  mock.restoreAll();
});

test("a token that cannot be had is asked for again", async () => {
  let wants = 0;
  await begin({
    token: async () => {
      wants += 1;
      if (wants === 1) throw new Error("no network");
      return "token";
    },
  });

  assert.deepEqual(states, ["connecting", ["waiting", "no network"]]);
  await pass(500);
  latest().open();
  assert.equal(states.at(-1), "open");
});

test("its heart beats, and finds what was lost without a trace", async () => {
  const socket = await opened();
  await pass(4 * 60 * 1000);
  assert.deepEqual(socket.sent, [{ action: "ping" }]);
  socket.says({ type: "pong" });

  live.follow(A, 3);
  socket.says(resumed(A, 3, 3));
  await pass(4 * 60 * 1000);
  assert.deepEqual(socket.asked, [{ [A]: 3 }, { [A]: 3 }]);
  socket.says(added(A, 4), resumed(A, 3, 4));
  assert.deepEqual(receivedIndexes(), [4]);
  assert.deepEqual(events.length, 1);
});

test("a connection that does not answer is taken for dead", async () => {
  const socket = await opened([A, 0]);

  await pass(30 * 1000);
  assert.ok(socket.closed);
  await pass(500);
  assert.notEqual(latest(), socket);
});

test("many are resumed in frames of fifty", async () => {
  const socket = await opened(...Array.from({ length: 120 }, (_, number) => [`CH${number}`, number]));

  assert.deepEqual(
    socket.asked.map((asked) => Object.keys(asked).length),
    [50, 50, 20],
  );
  assert.equal(socket.asked[2].CH119, 119);
});

test("what is not followed is delivered as it comes", async () => {
  const socket = await opened();

  socket.says(added(B, 9), { type: "onUserUpdated", user: "US1", parameters: {} }, { type: "typing", conversation: B });

  assert.deepEqual(
    events.map((event) => event.type),
    ["onMessageAdded", "onUserUpdated", "typing"],
  );
});

test("what is unfollowed is not resumed, and an answer that is under way does no harm", async () => {
  const socket = await opened([A, 0]);
  live.unfollow(A);
  live.follow(A, 10);

  socket.says(added(A, 11), resumed(A, 0, 11));
  assert.deepEqual(receivedIndexes(), []);
  socket.says(resumed(A, 10, 11));
  assert.deepEqual(receivedIndexes(), [11]);
  live.unfollow(A);
  socket.breaks();
  await pass(500);
  assert.deepEqual(latest().open().asked, []);
});

test("a conversation that is not to be seen is not followed any longer", async () => {
  const socket = await opened([A, 0], [B, 0]);

  socket.says({ type: "error", code: 20404, status: 404, message: "", conversation: A }, resumed(B, 0, 0));

  assert.equal(live.lastIndex(A), undefined);
  assert.deepEqual(
    events.map((event) => event.code),
    [20404],
  );
  socket.breaks();
  await pass(500);
  assert.deepEqual(latest().open().asked, [{ [B]: 0 }]);
});

test("typing is sent every few seconds at most", async () => {
  const socket = await opened();

  live.typing(A);
  live.typing(A);
  live.typing(B);
  await pass(3000);
  live.typing(A);

  const typing = { action: "typing", conversation: A };
  assert.deepEqual(socket.sent, [typing, { ...typing, conversation: B }, typing]);
});

test("what was too much is asked for again after a while", async () => {
  const socket = await opened([A, 0], [B, 5]);

  socket.says(resumed(B, 5, 5), { type: "error", code: 20429, status: 429, message: "Too Many Requests" });
  await pass(10 * 1000);
  assert.deepEqual(socket.asked, [{ [A]: 0, [B]: 5 }]);
  await pass(1000);

  assert.deepEqual(socket.asked.slice(1), [{ [A]: 0 }]);
  socket.says(added(A, 1), resumed(A, 0, 1));
  assert.deepEqual(receivedIndexes(), [1]);
  assert.deepEqual(
    events.map((event) => event.code),
    [20429, undefined],
  );
});

test("whatever else comes is passed over", async () => {
  const socket = await opened([A, 0]);

  socket.says("not JSON", { message: "Internal server error" }, { type: "pong" }, resumed(B, 0, 1), resumed(A, 0, 0));

  assert.deepEqual(events, []);
  assert.equal(states.at(-1), "open");
});

test("nothing is delivered after it was closed, not even what is being delivered", async () => {
  await begin({
    onEvent: (event) => {
      events.push(event);
      live.close();
    },
  });
  live.follow(A, -1);
  const socket = latest().open();

  socket.says(added(A, 0), added(A, 1), resumed(A, -1, 1));
  await pass(60 * 60 * 1000);

  assert.deepEqual(receivedIndexes(), [0]);
  assert.equal(Socket.made.length, 1);
});

test("a listener that throws keeps nothing from the others", async () => {
  await begin({
    onEvent: (event) => {
      events.push(event);
      throw new Error("theirs");
    },
  });
  live.follow(A, -1);

  latest()
    .open()
    .says(added(A, 0), added(A, 1), resumed(A, -1, 1));

  assert.deepEqual(receivedIndexes(), [0, 1]);
  assert.throws(() => mock.timers.tick(1), /theirs/);
});
