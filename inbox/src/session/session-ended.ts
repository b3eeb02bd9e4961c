/** Thrown where a request needs a session and there is none. */
export class SessionEndedError extends Error {}

/** Thrown where the server gives no access token for now. Whether there is a session is not known. */
export class NoTokenError extends Error {}
