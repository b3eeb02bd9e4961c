// Partyline's REST API: forms in, JSON out, with retries that do nothing twice.
// No dependencies; for browsers and for Node 20 and newer. README.md has examples.

// Milliseconds. API Gateway ends a request after 29 seconds.
const ANSWER_TIMEOUT = 40 * 1000;
// For a file, which a slow connection takes minutes to carry.
const FILE_TIMEOUT = 5 * 60 * 1000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10 * 1000;
// A `Retry-After` above this is not waited for.
const LONGEST_RETRY_AFTER = 60 * 1000;
const ATTEMPTS = 5;
const UNAUTHORIZED = 401;
const CONFLICT = 409;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
// Twilio's code of an access token that has expired or was revoked.
const TOKEN_EXPIRED = 20104;

/** @typedef {string | number | boolean | Date | object | null | undefined} Value */

/**
 * Parameters of a form or a query, by the API's own names: `{ Body: "Hi", "MessagingBinding.Address": "+1..." }`. An
 * array repeats its name, an object is sent as JSON, and what is null or undefined is not sent.
 *
 * @typedef {Record<string, Value | Value[]>} Parameters
 */

/**
 * What the API answers: JSON with the names that the API's documentation has.
 *
 * @typedef {Record<string, any>} Answer
 */

/**
 * @typedef {object} RestOptions
 * @property {string} url the base URL of the API: the stack's output `ApiUrl`
 * @property {() => Promise<string>} token returns an access token. It is called once, and again when the API refuses the
 *   token as expired or revoked
 * @property {string} [service] the SID of a Service. Without it the account's default Service is used
 * @property {typeof fetch} [fetch] for runtimes and tests that bring their own
 * @property {number} [attempts] how often a request is made at most; 5 without it
 */

/**
 * @typedef {object} CallOptions
 * @property {string} [key] the Idempotency-Key. Without it a key is made for each call that creates something which
 *   the API can create once only; store one of your own to repeat a call after a restart
 * @property {AbortSignal} [signal] ends the call, also while it waits to try again
 */

/**
 * @typedef {object} RawRequest
 * @property {"GET" | "POST" | "PUT" | "DELETE"} method
 * @property {string} path behind the base URL, such as `/v1/Conversations`
 * @property {Parameters} [query]
 * @property {Parameters} [form]
 * @property {Blob | BufferSource} [body] instead of a form
 * @property {string} [contentType] of `body`
 * @property {string} [key] the Idempotency-Key. A write without one is made once only
 * @property {boolean} [isSafe] whether the request changes nothing, as every GET
 * @property {AbortSignal} [signal]
 */

/** A request that the API refused, or that got no answer: then `status` and `code` are 0 and `cause` says why. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: number, details?: Record<string, any>, requestId?: string,
   *   retryAfter?: number | null, cause?: unknown }} about
   */
  constructor(message, { status = 0, code = 0, details = {}, requestId = "", retryAfter = null, cause } = {}) {
    super(message, { cause });
    this.name = "ApiError";
    /** The HTTP status. */
    this.status = status;
    /** Twilio's error code. */
    this.code = code;
    /** What the API says besides, such as the `reason`. */
    this.details = details;
    /** The request's ID in the logs of API Gateway. */
    this.requestId = requestId;
    /** Milliseconds after which the API wants to be asked again (`Retry-After`); null if it did not say. */
    this.retryAfter = retryAfter;
  }
}

/** The API of one stack, for one person. */
export class Rest {
  #url;
  #service;
  #token;
  #fetch;
  #attempts;
  /** @type {Promise<string> | null} */
  #currentToken = null;

  /** @param {RestOptions} options */
  constructor({ url, token, service, fetch = globalThis.fetch, attempts = ATTEMPTS }) {
    this.#url = url.replace(/\/+$/, "");
    this.#service = service ? `/v1/Services/${encodeURIComponent(service)}` : "/v1";
    this.#token = token;
    // A browser's own is called without an object.
    this.#fetch = /** @type {typeof fetch} */ ((input, init) => fetch(input, init));
    this.#attempts = attempts;
  }

  /** Conversations. */
  get conversations() {
    return new Resource(this, `${this.#service}/Conversations`);
  }

  /** Conversations that are created together with their participants. */
  get conversationWithParticipants() {
    return new Resource(this, `${this.#service}/ConversationWithParticipants`, { isIdempotent: true });
  }

  /** Contacts. */
  get contacts() {
    return new Resource(this, `${this.#service}/Contacts`, { isIdempotent: true });
  }

  /**
   * The list that staff work from: the conversations that the person sees, by last activity.
   *
   * @returns {Pick<Resource, "list">}
   */
  get inbox() {
    return new Resource(this, `${this.#service}/Inbox`);
  }

  /**
   * The search in the texts of all conversations that the person sees. `list({ Q: "leaking roof" })` has what it finds,
   * in a Service with `TextSearch=on`.
   *
   * @returns {Pick<Resource, "list">}
   */
  get search() {
    return new Resource(this, `${this.#service}/Search`);
  }

  /** Your numbers. */
  get lines() {
    return new Resource(this, `${this.#service}/Lines`);
  }

  /** Users of the Service. */
  get users() {
    return new Resource(this, `${this.#service}/Users`);
  }

  /** Files: `upload` and `download`. */
  get media() {
    return new Media(this, `${this.#service}/Media`);
  }

  /**
   * The participants of a conversation.
   *
   * @param {string} conversation a SID or a unique name
   */
  participants(conversation) {
    return new Resource(this, this.conversations.path(conversation, "Participants"));
  }

  /**
   * The messages of a conversation.
   *
   * @param {string} conversation a SID or a unique name
   */
  messages(conversation) {
    return new Resource(this, this.conversations.path(conversation, "Messages"), { isIdempotent: true });
  }

  /**
   * The notes of a conversation, which staff write to each other.
   *
   * @param {string} conversation a SID or a unique name
   */
  notes(conversation) {
    return new Resource(this, this.conversations.path(conversation, "Notes"), { isIdempotent: true });
  }

  /**
   * The scheduled messages of a conversation. `messages(conversation).create` with `SendAt` makes one.
   *
   * @param {string} conversation a SID or a unique name
   */
  scheduledMessages(conversation) {
    return new Resource(this, this.conversations.path(conversation, "ScheduledMessages"));
  }

  /**
   * What a message would become, as texts with their costs, and what would refuse it. Nothing is sent.
   *
   * @param {Parameters} form the parameters of a message; without a conversation also those of its first one (`Address`)
   * @param {{ conversation?: string, signal?: AbortSignal }} [options] `conversation` is a SID or a unique name
   * @returns {Promise<Answer>}
   */
  preview(form, { conversation, signal } = {}) {
    const path = conversation ? this.conversations.path(conversation, "Preview") : `${this.#service}/Preview`;
    return this.request({ method: "POST", path, form, isSafe: true, signal });
  }

  /**
   * Make any request. Its answer is JSON, or null when there is none.
   *
   * A network error, a 429, a 5xx and a 409 with `Retry-After` are tried again after a pause, if the request is safe or
   * has a key. A refused token is replaced once, and then the request is made again.
   *
   * @param {RawRequest} request
   * @returns {Promise<any>} Rejects with an ApiError, or with the reason of `signal`.
   */
  async request(request) {
    const isRepeatable = request.method === "GET" || request.isSafe || Boolean(request.key);
    let hasNewToken = false;
    for (let attempt = 1; ; attempt += 1) {
      const token = await this.#readToken();
      const { error, body } = await this.#attempt(request, token);
      if (!error) return body;
      if (error.status === UNAUTHORIZED && error.code === TOKEN_EXPIRED && !hasNewToken) {
        // It was refused before anything was done, so every request can be made again.
        hasNewToken = true;
        await this.#forgetToken(token);
        attempt -= 1;
        continue;
      }
      const pause = isRepeatable && attempt < this.#attempts ? choosePause(error, attempt) : null;
      if (pause === null) throw error;
      await wait(pause, request.signal);
    }
  }

  /**
   * Read a file by a link that needs no token.
   *
   * @param {string} link
   * @param {AbortSignal} [signal]
   * @returns {Promise<Blob>}
   */
  async download(link, signal) {
    let response;
    try {
      response = await this.#fetch(link, { signal: limitTime(FILE_TIMEOUT, signal) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ApiError("no answer", { cause });
    }
    if (!response.ok) throw (await readAnswer(response)).error;
    return response.blob();
  }

  async #readToken() {
    const promise = this.#currentToken ?? this.#token();
    this.#currentToken = promise;
    try {
      return await promise;
    } catch (error) {
      // The next call asks again.
      if (this.#currentToken === promise) this.#currentToken = null;
      throw error;
    }
  }

  /**
   * Calls side by side are refused side by side, and one new token serves them all.
   *
   * @param {string} refused
   */
  async #forgetToken(refused) {
    const promise = this.#currentToken;
    if (promise && (await promise.catch(() => refused)) === refused && this.#currentToken === promise) {
      this.#currentToken = null;
    }
  }

  /**
   * @param {RawRequest} request
   * @param {string} token
   * @returns {Promise<Outcome>}
   */
  async #attempt({ method, path, query, form, body, contentType, key, signal }, token) {
    signal?.throwIfAborted();
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${token}` };
    if (key) headers["Idempotency-Key"] = key;
    if (form) headers["Content-Type"] = "application/x-www-form-urlencoded";
    else if (body) headers["Content-Type"] = contentType || "application/octet-stream";
    const search = encode(query).toString();
    try {
      const response = await this.#fetch(`${this.#url}${path}${search && `?${search}`}`, {
        method,
        headers,
        body: form ? encode(form).toString() : body,
        credentials: "omit",
        signal: limitTime(body ? FILE_TIMEOUT : ANSWER_TIMEOUT, signal),
      });
      return await readAnswer(response);
    } catch (cause) {
      signal?.throwIfAborted();
      return { error: new ApiError("no answer", { cause }) };
    }
  }
}

/** A list of the API and its entries. */
export class Resource {
  #rest;
  #path;
  #isIdempotent;

  /**
   * Use the properties of `Rest`.
   *
   * @param {Rest} rest
   * @param {string} path
   * @param {{ isIdempotent?: boolean }} [options] whether the API creates an entry once for each Idempotency-Key
   */
  constructor(rest, path, { isIdempotent = false } = {}) {
    this.#rest = rest;
    this.#path = path;
    this.#isIdempotent = isIdempotent;
  }

  /**
   * The path of an entry, or of something beneath it.
   *
   * @param {...string} segments
   */
  path(...segments) {
    return [this.#path, ...segments.map(encodeURIComponent)].join("/");
  }

  /**
   * All entries of the list, page by page as they are asked for.
   *
   * @param {Parameters} [query] filters, and `PageSize`
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {AsyncGenerator<Answer, void, void>}
   */
  async *list(query = {}, { signal } = {}) {
    /** @type {Parameters | null} */
    let next = query;
    while (next) {
      const page = await this.#rest.request({ method: "GET", path: this.#path, query: next, signal });
      yield* page[page.meta.key];
      // Only the parameters: the token goes to no other server, whatever an answer says.
      next = page.meta.next_page_url && readQuery(page.meta.next_page_url);
    }
  }

  /**
   * @param {string} id a SID, or another name that the resource has
   * @param {CallOptions} [options]
   * @returns {Promise<Answer>}
   */
  fetch(id, { signal } = {}) {
    return this.#rest.request({ method: "GET", path: this.path(id), signal });
  }

  /**
   * @param {Parameters} form
   * @param {CallOptions} [options]
   * @returns {Promise<Answer>}
   */
  create(form, { key = this.#isIdempotent ? makeKey() : undefined, signal } = {}) {
    return this.#rest.request({ method: "POST", path: this.#path, form, key, signal });
  }

  /**
   * Change an entry. It is made once only: look what became of it when there was no answer.
   *
   * @param {string} id
   * @param {Parameters} form
   * @param {CallOptions} [options]
   * @returns {Promise<Answer>}
   */
  update(id, form, { signal } = {}) {
    return this.#rest.request({ method: "POST", path: this.path(id), form, signal });
  }

  /**
   * Delete an entry. It is made once only.
   *
   * @param {string} id
   * @param {CallOptions} [options]
   * @returns {Promise<void>}
   */
  async remove(id, { signal } = {}) {
    await this.#rest.request({ method: "DELETE", path: this.path(id), signal });
  }
}

/** The files of messages. */
export class Media {
  #rest;
  #resource;
  #path;

  /**
   * Use the property of `Rest`.
   *
   * @param {Rest} rest
   * @param {string} path
   */
  constructor(rest, path) {
    this.#rest = rest;
    this.#resource = new Resource(rest, path);
    this.#path = path;
  }

  /**
   * Upload a file of at most 4 MB. Its `sid` is a message's `MediaSid`.
   *
   * @param {Blob | BufferSource} file
   * @param {CallOptions & { contentType?: string, filename?: string }} [options] without them, those of a `File`
   * @returns {Promise<Answer>}
   */
  upload(file, { contentType, filename, key = makeKey(), signal } = {}) {
    const named = /** @type {{ name?: string, type?: string }} */ (file);
    const query = { Filename: filename ?? named.name };
    const type = contentType ?? named.type;
    return this.#rest.request({
      method: "POST",
      path: this.#path,
      query,
      body: file,
      contentType: type,
      key,
      signal,
    });
  }

  /**
   * @param {string} sid
   * @param {CallOptions} [options]
   * @returns {Promise<Answer>}
   */
  fetch(sid, options) {
    return this.#resource.fetch(sid, options);
  }

  /**
   * Read a file's content.
   *
   * @param {string} sid
   * @param {CallOptions} [options]
   * @returns {Promise<Blob>}
   */
  async download(sid, options = {}) {
    const { links } = await this.fetch(sid, options);
    return this.#rest.download(links.content_direct_temporary, options.signal);
  }
}

/** @typedef {{ error?: ApiError, body?: any }} Outcome */

/**
 * @param {Response} response
 * @returns {Promise<Outcome & { error: ApiError } | { error?: undefined, body: any }>}
 */
async function readAnswer(response) {
  const text = await response.text();
  if (response.ok) return { body: text ? JSON.parse(text) : null };
  /** @type {Record<string, any>} */
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    // Not every server on the way answers in JSON.
  }
  const error = new ApiError(body.message || response.statusText || `HTTP ${response.status}`, {
    status: response.status,
    code: body.code,
    details: body.details,
    requestId: response.headers.get("X-Amzn-RequestId") ?? "",
    retryAfter: readRetryAfter(response.headers.get("Retry-After")),
  });
  return { error };
}

/**
 * Milliseconds; null without the header, and for its form as a date, which the API does not use.
 *
 * @param {string | null} header
 */
function readRetryAfter(header) {
  return header && /^\d+$/.test(header) ? Number(header) * 1000 : null;
}

/**
 * Milliseconds until the next attempt; null when another would be of no use.
 *
 * @param {ApiError} error
 * @param {number} attempt
 */
function choosePause({ status, retryAfter }, attempt) {
  const isTemporary = status === 0 || status === TOO_MANY_REQUESTS || status >= SERVER_ERROR;
  // Without Retry-After a conflict is an answer: another request under the same key has one.
  if (!isTemporary && !(status === CONFLICT && typeof retryAfter === "number")) return null;
  const longest = Math.min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE);
  const pause = longest * (0.5 + Math.random() / 2);
  if (typeof retryAfter !== "number") return pause;
  return retryAfter <= LONGEST_RETRY_AFTER ? Math.max(retryAfter, pause) : null;
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 */
function limitTime(milliseconds, signal) {
  const limit = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/** @param {Parameters} [parameters] */
function encode(parameters = {}) {
  const encoded = new URLSearchParams();
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of Array.isArray(given) ? given : [given]) {
      if (value !== null && value !== undefined) encoded.append(name, encodeValue(value));
    }
  }
  return encoded;
}

/** @param {string | number | boolean | Date | object} value */
function encodeValue(value) {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The parameters of a URL, each name with all its values.
 *
 * @param {string} url
 * @returns {Parameters}
 */
function readQuery(url) {
  const { searchParams } = new URL(url);
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
}

/** Not `randomUUID`, which a page has over HTTPS and on localhost only. */
function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
