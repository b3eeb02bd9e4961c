// The REST client against a fetch that answers as it is told, and a clock that is moved on by hand.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { ApiError, Rest } from "../../../clients/javascript/rest.js";

const URL_ = "https://api.example/prod";

/** @typedef {Response | Error | ((request: Made) => Response | Promise<Response>)} Told */
/** @typedef {{ url: URL, method: string, headers: Headers, body: any, init: RequestInit }} Made */

/** @type {Made[]} */
let made = [];
/** @type {Told[]} */
let told = [];

const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const refused = (status, code, headers = {}) =>
  json({ code, message: `refused ${code}`, details: { reason: "why" }, status }, status, headers);

async function answer(input, init = {}) {
  const request = {
    url: new URL(input),
    method: init.method ?? "GET",
    headers: new Headers(init.headers),
    body: init.body,
    init,
  };
  made.push(request);
  const next = told.shift();
  if (!next) throw new Error(`nothing is told for ${input}`);
  if (next instanceof Error) throw next;
  return typeof next === "function" ? next(request) : next;
}

function client(options = {}) {
  return new Rest({ url: URL_, token: async () => "token", fetch: answer, ...options });
}

// Lets everything that waits for no clock happen, and then moves the clock, until the call has ended.
async function ended(promise) {
  const outcome = promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  let isOver = false;
  outcome.then(() => {
    isOver = true;
  });
  for (let round = 0; round < 200 && !isOver; round += 1) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (!isOver) mock.timers.tick(1000);
  }
  assert.ok(isOver, "the call did not end");
  return outcome;
}

async function value(promise) {
  const outcome = await ended(promise);
  if (outcome.error) throw outcome.error;
  return outcome.value;
}

async function error(promise) {
  const outcome = await ended(promise);
  assert.ok(outcome.error instanceof ApiError, String(outcome.error ?? "no error"));
  return outcome.error;
}

beforeEach(() => {
  made = [];
  told = [];
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});
afterEach(() => mock.timers.reset());

test("a form has the API's names, repeats arrays, and leaves out what is not given", async () => {
  told = [json({ sid: "CH1" }, 201)];
  const form = {
    FriendlyName: "Elm & Oak",
    Participant: [{ identity: "ann" }, { identity: "bob" }],
    Count: 3,
    Last: true,
    DateCreated: new Date("2026-11-28T05:00:00Z"),
    Empty: "",
    No: undefined,
    Nothing: null,
  };
  assert.deepEqual(await value(client().conversations.create(form)), { sid: "CH1" });

  const [{ url, method, headers, body, init }] = made;
  assert.equal(url.href, `${URL_}/v1/Conversations`);
  assert.equal(method, "POST");
  assert.equal(headers.get("Authorization"), "Bearer token");
  assert.equal(headers.get("Content-Type"), "application/x-www-form-urlencoded");
  assert.equal(init.credentials, "omit");
  assert.deepEqual(
    [...new URLSearchParams(body)],
    [
      ["FriendlyName", "Elm & Oak"],
      ["Participant", '{"identity":"ann"}'],
      ["Participant", '{"identity":"bob"}'],
      ["Count", "3"],
      ["Last", "true"],
      ["DateCreated", "2026-11-28T05:00:00.000Z"],
      ["Empty", ""],
    ],
  );
});

test("names in paths are encoded, and a Service is part of the path", async () => {
  told = [json({}), json({}), json({}), json({}), json({}), json({})];
  const rest = client({ url: `${URL_}/`, service: "IS1" });
  await value(rest.conversations.fetch("a/b?c#+"));
  await value(rest.messages("my room").fetch("IM1"));
  await value(rest.participants("CH1").update("MB1", { Identity: "bob" }));
  await value(rest.scheduledMessages("CH1").fetch("SD1"));
  await value(rest.preview({ Body: "Hi" }, { conversation: "CH1" }));
  await value(rest.preview({ Address: ["+12065550150", "+12065550110"], Body: "Hi" }));

  assert.deepEqual(
    made.map(({ method, url }) => `${method} ${url.pathname}`),
    [
      "GET /prod/v1/Services/IS1/Conversations/a%2Fb%3Fc%23%2B",
      "GET /prod/v1/Services/IS1/Conversations/my%20room/Messages/IM1",
      "POST /prod/v1/Services/IS1/Conversations/CH1/Participants/MB1",
      "GET /prod/v1/Services/IS1/Conversations/CH1/ScheduledMessages/SD1",
      "POST /prod/v1/Services/IS1/Conversations/CH1/Preview",
      "POST /prod/v1/Services/IS1/Preview",
    ],
  );
});

test("the inbox and the search are lists of the Service", async () => {
  told = [
    json({ entries: [{ title: "12 Elm Street" }], meta: { key: "entries", next_page_url: null } }),
    json({ hits: [{ index: 4 }], meta: { key: "hits", next_page_url: null } }),
  ];
  const rest = client({ service: "IS1" });
  const found = await value(
    (async () => {
      const read = [];
      for await (const entry of rest.inbox.list({ View: "mine" })) read.push(entry);
      for await (const hit of rest.search.list({ Q: "leaking roof" })) read.push(hit);
      return read;
    })(),
  );
  assert.deepEqual(found, [{ title: "12 Elm Street" }, { index: 4 }]);
  assert.deepEqual(
    made.map(({ url }) => url.pathname + url.search),
    ["/prod/v1/Services/IS1/Inbox?View=mine", "/prod/v1/Services/IS1/Search?Q=leaking+roof"],
  );
});

test("a list goes on from page to page, and no further than it is read", async () => {
  const page = (sids, next) =>
    json({ lines: sids.map((sid) => ({ sid })), meta: { key: "lines", next_page_url: next } });
  told = [
    page(["L1", "L2"], "https://elsewhere.example/v1/Lines?PageSize=2&PageToken=a%2Bb&Users=x&Users=y"),
    page([], "https://elsewhere.example/v1/Lines?PageToken=c"),
    page(["L3"], null),
  ];
  const sids = [];
  await value(
    (async () => {
      for await (const line of client().lines.list({ PageSize: 2 })) sids.push(line.sid);
    })(),
  );
  assert.deepEqual(sids, ["L1", "L2", "L3"]);
  assert.deepEqual(
    made.map(({ url }) => url.href),
    [
      `${URL_}/v1/Lines?PageSize=2`,
      `${URL_}/v1/Lines?PageSize=2&PageToken=a%2Bb&Users=x&Users=y`,
      `${URL_}/v1/Lines?PageToken=c`,
    ],
  );

  made = [];
  told = [page(["L1"], "https://elsewhere.example/v1/Lines?PageToken=a")];
  await value(
    (async () => {
      for await (const _ of client().lines.list()) break;
    })(),
  );
  assert.equal(made.length, 1);
});

for (const [name, again] of /** @type {[string, () => Told][]} */ ([
  ["a network error", () => new TypeError("Failed to fetch")],
  ["a 409 with Retry-After", () => refused(409, 20409, { "Retry-After": "1" })],
  ["a 429", () => refused(429, 20429)],
  ["a 500", () => refused(500, 20500)],
  ["a 503 that is no JSON", () => new Response("<html>", { status: 503 })],
  ["an answer that was cut off", () => new Response('{"sid": "I', { status: 201 })],
])) {
  test(`a message is repeated under one key after ${name}`, async () => {
    told = [again(), again(), json({ sid: "IM1" }, 201)];
    assert.equal((await value(client().messages("CH1").create({ Body: "Hi" }))).sid, "IM1");
    const keys = made.map(({ headers }) => headers.get("Idempotency-Key"));
    assert.match(keys[0] ?? "", /^[0-9a-f]{32}$/);
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
    assert.equal(new Set(made.map(({ body }) => body)).size, 1);
  });

  test(`a note is repeated under one key after ${name}`, async () => {
    told = [again(), json({ sid: "NT1" }, 201)];
    assert.equal((await value(client().notes("CH1").create({ Body: "Hi" }))).sid, "NT1");
    assert.equal(made[1].url.pathname, "/prod/v1/Conversations/CH1/Notes");
    assert.equal(new Set(made.map(({ headers }) => headers.get("Idempotency-Key"))).size, 1);
    assert.match(made[0].headers.get("Idempotency-Key") ?? "", /^[0-9a-f]{32}$/);
  });

  test(`a write without a key is not repeated after ${name}`, async () => {
    const rest = client();
    const writes = [
      () => rest.conversations.create({ FriendlyName: "Elm" }),
      () => rest.participants("CH1").create({ Identity: "ann" }),
      () => rest.conversations.update("CH1", { State: "closed" }),
      () => rest.conversations.remove("CH1"),
      () => rest.request({ method: "POST", path: "/v1/Anything", form: {} }),
    ];
    for (const write of writes) {
      made = [];
      told = [again()];
      await error(write());
      assert.equal(made.length, 1);
      assert.equal(made[0].headers.get("Idempotency-Key"), null);
    }
  });
}

test("two calls have two keys, and a call can bring its own", async () => {
  told = [json({}), json({}), json({})];
  const { contacts } = client();
  for (const key of [undefined, undefined, "mine"]) await value(contacts.create({ FriendlyName: "Ann" }, { key }));
  const keys = made.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
});

test("what is safe is repeated, and pauses grow to an end", async () => {
  for (const read of [
    () => client().lines.fetch("+12065550100"),
    () => client().preview({ Body: "Hi" }, { conversation: "CH1" }),
  ]) {
    made = [];
    const at = [];
    const busy = () => {
      at.push(Date.now());
      return refused(503, 20503);
    };
    told = [busy, busy, busy, busy, busy, busy];
    assert.equal((await error(read())).status, 503);
    assert.equal(made.length, 5);
    // The clock is moved on by seconds, so a pause is seen to a second.
    const pauses = at.slice(1).map((moment, index) => moment - at[index]);
    assert.ok(
      pauses.every((pause, index) => pause >= 250 * 2 ** index && pause <= 500 * 2 ** index + 1000),
      String(pauses),
    );
  }
});

test("Retry-After is waited for, unless it is too long", async () => {
  const at = [];
  told = [
    () => {
      at.push(Date.now());
      return refused(429, 20429, { "Retry-After": "7" });
    },
    () => {
      at.push(Date.now());
      return json({});
    },
  ];
  await value(client().lines.fetch("L1"));
  assert.ok(at[1] - at[0] >= 7000);

  told = [refused(429, 20429, { "Retry-After": "3600" })];
  const { status, retryAfter } = await error(client().lines.fetch("L1"));
  assert.deepEqual([status, retryAfter], [429, 3600_000]);
});

test("a refusal is an error with what the API says, and is not repeated", async () => {
  for (const status of [400, 403, 404, 409, 422]) {
    told = [refused(status, 50433, { "X-Amzn-RequestId": "r-1" })];
    const { name, status: is, code, message, details, requestId } = await error(client().messages("CH1").create({}));
    assert.deepEqual(
      { name, is, code, message, details, requestId },
      {
        name: "ApiError",
        is: status,
        code: 50433,
        message: "refused 50433",
        details: { reason: "why" },
        requestId: "r-1",
      },
    );
  }
  told = [new TypeError("Failed to fetch")];
  const lost = await error(client().conversations.create({}));
  assert.deepEqual([lost.status, lost.code, lost.details, lost.retryAfter], [0, 0, {}, null]);
  assert.ok(lost.cause instanceof TypeError);
});

test("one token serves all calls, and one new token those that it is refused to", async () => {
  let count = 0;
  const rest = client({ token: async () => `token-${++count}` });
  told = [json({}), json({})];
  await value(Promise.all([rest.lines.fetch("L1"), rest.lines.fetch("L2")]));
  assert.equal(count, 1);

  made = [];
  const byToken = ({ headers }) =>
    headers.get("Authorization") === "Bearer token-1" ? refused(401, 20104) : json({ sid: "IM1" });
  told = [byToken, byToken, byToken, byToken, byToken, byToken];
  // Also a write without a key: it was refused before anything was done.
  await value(Promise.all([rest.lines.fetch("L1"), rest.lines.fetch("L2"), rest.conversations.create({})]));
  assert.equal(count, 2);
  assert.equal(made.length, 6);
});

test("a token that is refused again, or for another reason, is an error", async () => {
  let count = 0;
  const rest = client({ token: async () => `token-${++count}` });
  told = [refused(401, 20104), refused(401, 20104)];
  assert.equal((await error(rest.lines.fetch("L1"))).code, 20104);
  assert.equal(count, 2);
  told = [refused(401, 20003)];
  assert.equal((await error(rest.lines.fetch("L1"))).code, 20003);
  assert.equal(count, 2);
});

test("a token that cannot be had is asked for again by the next call", async () => {
  let count = 0;
  const rest = client({
    token: async () => {
      count += 1;
      if (count === 1) throw new Error("signed out");
      return "token";
    },
  });
  assert.match(String((await ended(rest.lines.fetch("L1"))).error), /signed out/);
  told = [json({ sid: "L1" })];
  assert.equal((await value(rest.lines.fetch("L1"))).sid, "L1");
});

test("a signal ends a call before it begins, in flight and in a pause", async () => {
  const reason = new Error("left the page");
  const early = AbortSignal.abort(reason);
  assert.equal((await ended(client().lines.fetch("L1", { signal: early }))).error, reason);
  assert.equal(made.length, 0);

  const flying = new AbortController();
  told = [
    ({ init }) =>
      new Promise((_, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        flying.abort(reason);
      }),
  ];
  assert.equal((await ended(client().lines.fetch("L1", { signal: flying.signal }))).error, reason);

  const waiting = new AbortController();
  told = [refused(503, 20503)];
  const call = client().lines.fetch("L1", { signal: waiting.signal });
  call.catch(() => {});
  while (told.length) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  waiting.abort(reason);
  assert.equal((await ended(call)).error, reason);
});

test("an attempt without an answer ends, later for a file, and is repeated like a network error", async () => {
  const limits = /** @type {[number, AbortController][]} */ ([]);
  const limit = mock.method(AbortSignal, "timeout", (milliseconds) => {
    limits.push([milliseconds, new AbortController()]);
    return limits[limits.length - 1][1].signal;
  });
  const silent = ({ init }) =>
    new Promise((_, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      limits[limits.length - 1][1].abort(new DOMException("too late", "TimeoutError"));
    });
  told = [silent, json({ sid: "L1" }), silent, json({ sid: "ME1" }, 201)];
  assert.equal((await value(client().lines.fetch("L1"))).sid, "L1");
  assert.equal((await value(client().media.upload(new Blob(["bytes"])))).sid, "ME1");
  const [reading, , uploading] = limits.map(([milliseconds]) => milliseconds);
  assert.ok(reading > 29_000 && uploading > reading, `${reading} ${uploading}`);
  limit.mock.restore();
});

test("a file is uploaded with its name and type, and read by its link without the token", async () => {
  const file = new File(["bytes"], "roof & wall.jpg", { type: "image/jpeg" });
  const link = "https://api.example/prod/media/signed?e=1";
  told = [
    new TypeError("lost"),
    json({ sid: "ME1" }, 201),
    json({ links: { content_direct_temporary: link } }),
    new Response("bytes"),
  ];
  const { media } = client();
  assert.equal((await value(media.upload(file))).sid, "ME1");
  assert.equal(await (await value(media.download("ME1"))).text(), "bytes");

  const [first, second, described, read] = made;
  assert.equal(second.url.searchParams.get("Filename"), "roof & wall.jpg");
  assert.equal(second.headers.get("Content-Type"), "image/jpeg");
  assert.equal(second.body, file);
  assert.equal(first.headers.get("Idempotency-Key"), second.headers.get("Idempotency-Key"));
  assert.equal(described.url.pathname, "/prod/v1/Media/ME1");
  assert.equal(read.url.href, link);
  assert.equal(read.headers.get("Authorization"), null);

  told = [json({ links: { content_direct_temporary: link } }), refused(404, 20404)];
  assert.equal((await error(media.download("ME1"))).status, 404);
});
