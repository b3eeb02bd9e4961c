export type ChangeEvent = {
    /**
     * for example `onMessageAdded`
     */
    type: `on${string}`;
    /**
     * the conversation's SID
     */
    conversation?: string;
    /**
     * the user's SID
     */
    user?: string;
    parameters: Record<string, string>;
};
export type TypingEvent = {
    type: "typing";
    /**
     * the conversation's SID
     */
    conversation: string;
    /**
     * the participant's identity
     */
    identity: string;
};
export type ErrorEvent = {
    type: "error";
    /**
     * Twilio's error code
     */
    code: number;
    /**
     * the HTTP status that the REST API has for it
     */
    status: number;
    message: string;
    /**
     * the conversation's SID
     */
    conversation?: string;
};
export type LiveEvent = ChangeEvent | TypingEvent | ErrorEvent;
export type LiveState = "connecting" | "open" | "waiting" | "closed";
export type Socket = {
    readyState: number;
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send: (text: string) => void;
    close: () => void;
};
export type Options = {
    /**
     * where live connections are made: the stack's output `LiveUrl`
     */
    url: string;
    /**
     * returns a fresh access token; called before each connection
     */
    token: () => Promise<string>;
    /**
     * is called with each event
     */
    onEvent: (event: LiveEvent) => void;
    /**
     * is called when the connection's state changes
     */
    onState?: (state: LiveState, error?: Error) => void;
    /**
     * for runtimes without one of their own
     */
    WebSocket?: new (url: string) => Socket;
};
export type Followed = {
    last: number;
    asked: number | null;
    held: ChangeEvent[];
};
export type Resumed = {
    type: "resumed";
    conversation: string;
    after: number;
    index: number;
    more: boolean;
};
export type Frame = LiveEvent | Resumed | {
    type: "pong";
};
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
export declare function connect(options: Options): Live;
/** A connection that is made again whenever it breaks. */
export declare class Live {
    #private;
    /**
     * Use `connect`.
     *
     * @param {Options} options
     */
    constructor({ url, token, onEvent, onState, WebSocket }: Options);
    /**
     * Pass on the messages of a conversation behind an index (-1: all), then the new ones, in order.
     * Following it again changes nothing; unfollow it first.
     *
     * @param {string} conversation the conversation's SID
     * @param {number} [lastIndex]
     */
    follow(conversation: string, lastIndex?: number): void;
    /**
     * From now on pass on events of this conversation as they arrive.
     *
     * @param {string} conversation the conversation's SID
     */
    unfollow(conversation: string): void;
    /**
     * The index of the last message of a followed conversation that was passed on.
     *
     * @param {string} conversation the conversation's SID
     * @returns {number | undefined}
     */
    lastIndex(conversation: string): number | undefined;
    /**
     * Show the other participants that a message is being written. Call it on every keystroke.
     *
     * @param {string} conversation the conversation's SID
     */
    typing(conversation: string): void;
    /** Close the connection for good. */
    close(): void;
}
