/** Thrown where a request needs a session and there is none. */
export class SessionEndedError extends Error {}

/** Thrown where the server says nothing of the session for now. */
export class NoAnswerError extends Error {}
