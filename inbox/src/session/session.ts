/**
 * The session of the person at this browser. Its cookie is the server's affair; the access token is in this module's
 * memory and nowhere else.
 */

import { effect, signal } from "@preact/signals";
import { NoAnswerError, SessionEndedError } from "./session-ended.ts";

export { SessionEndedError };

/** Who is signed in, and what this deployment offers. */
export type Session = {
  account_sid: string;
  service_sid: string;
  user: { sid: string; identity: string; friendly_name: string | null };
  role: { sid: string; friendly_name: string; permissions: string[] } | null;
  live_url: string;
  features: { group_limit: number; reachability_enabled: boolean };
  date_started: string;
  date_expires: string;
};

export type SessionState =
  | { kind: "loading" }
  | { kind: "signed-in"; session: Session }
  | { kind: "signed-out" } // no session yet
  | { kind: "ended" } // it was there: what the person was writing is kept
  | { kind: "no-access" }
  | { kind: "unreachable" };

/** The base of the API: the page is at `{API}/inbox/`. */
export const API_URL = new URL("..", document.baseURI).href.replace(/\/$/, "");
export const SIGN_IN_URL = `${API_URL}/session/start`;

export const sessionState = signal<SessionState>({ kind: "loading" });

type AccessToken = { token: string; identity: string; date_expires: string };
let current: AccessToken | null = null;
let underWay: Promise<string> | null = null;

// However it has ended, and in whichever tab: a token outlives its session by up to an hour.
effect(() => {
  if (isOver(sessionState.value)) current = null;
});

function isOver({ kind }: SessionState): boolean {
  return kind === "signed-out" || kind === "ended" || kind === "no-access";
}

/** Ask who is signed in. */
export async function loadSession(): Promise<void> {
  sessionState.value = { kind: "loading" };
  await readSession();
}

/** Ask again. What is shown stays until there is an answer; without one it rejects. */
export async function retrySession(): Promise<void> {
  await readSession();
  if (sessionState.peek().kind === "unreachable") throw new NoAnswerError("no session");
}

async function readSession(): Promise<void> {
  // Everything else needs one, so it is asked for at the same time.
  accessToken().catch(() => {});
  try {
    const answer = await fetch(`${API_URL}/session`, { cache: "no-store" });
    if (answer.ok) begin(await answer.json());
    else if (answer.status === 401 || answer.status === 403) noteRefusal(answer.status);
    else sessionState.value = { kind: "unreachable" };
  } catch {
    sessionState.value = { kind: "unreachable" };
  }
}

/** A token that was given before may be of another person, who has been signed in at this browser until now. */
function begin(session: Session): void {
  if (current && current.identity !== session.user.identity) current = null;
  sessionState.value = { kind: "signed-in", session };
}

/** A new access token. Several callers at once share one request. Rejects with SessionEndedError without a session. */
export function refreshToken(): Promise<string> {
  underWay ??= requestToken().finally(() => {
    underWay = null;
  });
  return underWay;
}

/** The access token; a new one when it ends within a minute. */
export async function accessToken(): Promise<string> {
  if (current && Date.parse(current.date_expires) - Date.now() > 60_000) return current.token;
  return await refreshToken();
}

async function requestToken(): Promise<string> {
  for (;;) {
    const answer = await postToSession("token").catch((cause) => {
      throw new NoAnswerError("no answer", { cause });
    });
    if (answer.ok) {
      const given: AccessToken = await answer.json();
      if (isOver(sessionState.peek())) throw new SessionEndedError("the session has ended meanwhile");
      if (isOfAnother(given)) {
        sessionState.value = { kind: "ended" };
        throw new SessionEndedError("another person has signed in");
      }
      current = given;
      return given.token;
    }
    current = null;
    if (answer.status === 401 || answer.status === 403) {
      noteRefusal(answer.status);
      throw new SessionEndedError("the session has ended");
    }
    const pause = answer.headers.get("Retry-After");
    if (pause === null) throw new NoAnswerError(`no access token: ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, Number(pause) * 1000));
  }
}

/** There is no session. The first answer of 403 takes the cookie with it, so a request beside it may be answered 401. */
function noteRefusal(status: 401 | 403): void {
  const { kind } = sessionState.peek();
  if (status === 403) sessionState.value = { kind: "no-access" };
  else if (kind === "signed-in") sessionState.value = { kind: "ended" };
  else if (kind !== "no-access") sessionState.value = { kind: "signed-out" };
}

/** Whether another person has signed in at this browser meanwhile: what is on this page is not theirs. */
function isOfAnother({ identity }: AccessToken): boolean {
  const state = sessionState.peek();
  return state.kind === "signed-in" && state.session.user.identity !== identity;
}

/** End the session here and at the server. Rejects if the server does not answer: the session goes on then. */
export async function endSession(): Promise<void> {
  const answer = await postToSession("end");
  if (!answer.ok && answer.status !== 401) throw new Error(`the session has not ended: ${answer.status}`);
  sessionState.value = { kind: "signed-out" };
}

function postToSession(path: "token" | "end"): Promise<Response> {
  return fetch(`${API_URL}/session/${path}`, { method: "POST", headers: { "X-Partyline-Session": "1" } });
}
