export type Value = string | number | boolean | Date | object | null | undefined;
export type Parameters = Record<string, Value | Value[]>;
export type Answer = Record<string, any>;
export type RestOptions = {
    /**
     * the base URL of the API: the stack's output `ApiUrl`
     */
    url: string;
    /**
     * returns an access token. It is called once, and again when the API refuses the
     * token as expired or revoked
     */
    token: () => Promise<string>;
    /**
     * the SID of a Service. Without it the account's default Service is used
     */
    service?: string;
    /**
     * for runtimes and tests that bring their own
     */
    fetch?: typeof fetch;
    /**
     * how often a request is made at most; 5 without it
     */
    attempts?: number;
};
export type CallOptions = {
    /**
     * the Idempotency-Key. Without it a key is made for each call that creates something which
     * the API can create once only; store one of your own to repeat a call after a restart
     */
    key?: string;
    /**
     * ends the call, also while it waits to try again
     */
    signal?: AbortSignal;
};
export type RawRequest = {
    method: "GET" | "POST" | "PUT" | "DELETE";
    /**
     * behind the base URL, such as `/v1/Conversations`
     */
    path: string;
    query?: Parameters;
    form?: Parameters;
    /**
     * instead of a form
     */
    body?: Blob | BufferSource;
    /**
     * of `body`
     */
    contentType?: string;
    /**
     * the Idempotency-Key. A write without one is made once only
     */
    key?: string;
    /**
     * whether the request changes nothing, as every GET
     */
    isSafe?: boolean;
    signal?: AbortSignal;
};
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
export declare class ApiError extends Error {
    /** The HTTP status. */
    status: number;
    /** Twilio's error code. */
    code: number;
    /** What the API says besides, such as the `reason`. */
    details: Record<string, any>;
    /** The request's ID in the logs of API Gateway. */
    requestId: string;
    /** Milliseconds after which the API wants to be asked again (`Retry-After`); null if it did not say. */
    retryAfter: number | null;
    /**
     * @param {string} message
     * @param {{ status?: number, code?: number, details?: Record<string, any>, requestId?: string,
     *   retryAfter?: number | null, cause?: unknown }} about
     */
    constructor(message: string, { status, code, details, requestId, retryAfter, cause }?: {
        status?: number;
        code?: number;
        details?: Record<string, any>;
        requestId?: string;
        retryAfter?: number | null;
        cause?: unknown;
    });
}
/** The API of one stack, for one person. */
export declare class Rest {
    #private;
    /** @param {RestOptions} options */
    constructor({ url, token, service, fetch, attempts }: RestOptions);
    /** Conversations. */
    get conversations(): Resource;
    /** Conversations that are created together with their participants. */
    get conversationWithParticipants(): Resource;
    /** Contacts. */
    get contacts(): Resource;
    /**
     * The list that staff work from: the conversations that the person sees, by last activity.
     *
     * @returns {Pick<Resource, "list">}
     */
    get inbox(): Pick<Resource, "list">;
    /**
     * The search in the texts of all conversations that the person sees. `list({ Q: "leaking roof" })` has what it finds,
     * in a Service with `TextSearch=on`.
     *
     * @returns {Pick<Resource, "list">}
     */
    get search(): Pick<Resource, "list">;
    /** Your numbers. */
    get lines(): Resource;
    /** Users of the Service. */
    get users(): Resource;
    /** Files: `upload` and `download`. */
    get media(): Media;
    /**
     * The participants of a conversation.
     *
     * @param {string} conversation a SID or a unique name
     */
    participants(conversation: string): Resource;
    /**
     * The messages of a conversation.
     *
     * @param {string} conversation a SID or a unique name
     */
    messages(conversation: string): Resource;
    /**
     * The notes of a conversation, which staff write to each other.
     *
     * @param {string} conversation a SID or a unique name
     */
    notes(conversation: string): Resource;
    /**
     * The scheduled messages of a conversation. `messages(conversation).create` with `SendAt` makes one.
     *
     * @param {string} conversation a SID or a unique name
     */
    scheduledMessages(conversation: string): Resource;
    /**
     * What a message would become, as texts with their costs, and what would refuse it. Nothing is sent.
     *
     * @param {Parameters} form the parameters of a message; without a conversation also those of its first one (`Address`)
     * @param {{ conversation?: string, signal?: AbortSignal }} [options] `conversation` is a SID or a unique name
     * @returns {Promise<Answer>}
     */
    preview(form: Parameters, { conversation, signal }?: {
        conversation?: string;
        signal?: AbortSignal;
    }): Promise<Answer>;
    /**
     * Make any request. Its answer is JSON, or null when there is none.
     *
     * A network error, a 429, a 5xx and a 409 with `Retry-After` are tried again after a pause, if the request is safe or
     * has a key. A refused token is replaced once, and then the request is made again.
     *
     * @param {RawRequest} request
     * @returns {Promise<any>} Rejects with an ApiError, or with the reason of `signal`.
     */
    request(request: RawRequest): Promise<any>;
    /**
     * Read a file by a link that needs no token.
     *
     * @param {string} link
     * @param {AbortSignal} [signal]
     * @returns {Promise<Blob>}
     */
    download(link: string, signal?: AbortSignal): Promise<Blob>;
}
/** A list of the API and its entries. */
export declare class Resource {
    #private;
    /**
     * Use the properties of `Rest`.
     *
     * @param {Rest} rest
     * @param {string} path
     * @param {{ isIdempotent?: boolean }} [options] whether the API creates an entry once for each Idempotency-Key
     */
    constructor(rest: Rest, path: string, { isIdempotent }?: {
        isIdempotent?: boolean;
    });
    /**
     * The path of an entry, or of something beneath it.
     *
     * @param {...string} segments
     */
    path(...segments: string[]): string;
    /**
     * All entries of the list, page by page as they are asked for.
     *
     * @param {Parameters} [query] filters, and `PageSize`
     * @param {{ signal?: AbortSignal }} [options]
     * @returns {AsyncGenerator<Answer, void, void>}
     */
    list(query?: Parameters, { signal }?: {
        signal?: AbortSignal;
    }): AsyncGenerator<Answer, void, void>;
    /**
     * @param {string} id a SID, or another name that the resource has
     * @param {CallOptions} [options]
     * @returns {Promise<Answer>}
     */
    fetch(id: string, { signal }?: CallOptions): Promise<Answer>;
    /**
     * @param {Parameters} form
     * @param {CallOptions} [options]
     * @returns {Promise<Answer>}
     */
    create(form: Parameters, { key, signal }?: CallOptions): Promise<Answer>;
    /**
     * Change an entry. It is made once only: look what became of it when there was no answer.
     *
     * @param {string} id
     * @param {Parameters} form
     * @param {CallOptions} [options]
     * @returns {Promise<Answer>}
     */
    update(id: string, form: Parameters, { signal }?: CallOptions): Promise<Answer>;
    /**
     * Delete an entry. It is made once only.
     *
     * @param {string} id
     * @param {CallOptions} [options]
     * @returns {Promise<void>}
     */
    remove(id: string, { signal }?: CallOptions): Promise<void>;
}
/** The files of messages. */
export declare class Media {
    #private;
    /**
     * Use the property of `Rest`.
     *
     * @param {Rest} rest
     * @param {string} path
     */
    constructor(rest: Rest, path: string);
    /**
     * Upload a file of at most 4 MB. Its `sid` is a message's `MediaSid`.
     *
     * @param {Blob | BufferSource} file
     * @param {CallOptions & { contentType?: string, filename?: string }} [options] without them, those of a `File`
     * @returns {Promise<Answer>}
     */
    upload(file: Blob | BufferSource, { contentType, filename, key, signal }?: CallOptions & {
        contentType?: string;
        filename?: string;
    }): Promise<Answer>;
    /**
     * @param {string} sid
     * @param {CallOptions} [options]
     * @returns {Promise<Answer>}
     */
    fetch(sid: string, options?: CallOptions): Promise<Answer>;
    /**
     * Read a file's content.
     *
     * @param {string} sid
     * @param {CallOptions} [options]
     * @returns {Promise<Blob>}
     */
    download(sid: string, options?: CallOptions): Promise<Blob>;
}
export type Outcome = {
    error?: ApiError;
    body?: any;
};
