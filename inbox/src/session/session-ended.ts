/** Thrown where a request needs a session and there is none. */
export class SessionEndedError extends Error {}
