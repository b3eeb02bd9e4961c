/**
 * A message on its way: what is stored of it, and what becomes of it. Pure.
 *
 * A key lives 24 hours at the API. Until then a request whose fate is unknown is made again under the same key, which
 * sends nothing twice. After that it might, so the person is asked.
 */

import { ApiError } from "../../../clients/javascript/rest.js";
import type { Message, PhoneNumber, ScheduledMessage, Sid } from "../api/types.ts";
import { SessionEndedError } from "../session/session-ended.ts";

/** A file of a message to send: uploaded already, or still here. `key` is that of an upload under way. */
export type OutgoingFile = { name: string; type: string; size: number } & ({ sid: Sid } | { blob: Blob; key?: string });

/** What a person wants to send. `author` is a line; null leaves the choice to the API. `sendAt` is an ISO 8601 time. */
export type OutgoingMessage = {
  conversation: Sid;
  author: PhoneNumber | null;
  body: string;
  files?: OutgoingFile[];
  sendAt?: string | null;
};

/** `key` is the Idempotency-Key of the upload, and the name of the stored file. */
export type EntryFile = { key: string; name: string; type: string; size: number; sid: Sid | null };

/** Why a message was not sent, as the API says it. `file` is the file that was refused; null for the message. */
export type Refusal = {
  status: number;
  code: number;
  message: string;
  details: Record<string, unknown>;
  file: string | null;
};
/** The code of a message that this browser could not store, which was therefore not sent. */
export const NOT_STORED = -1;
/** Twilio's code for a conversation whose members are still being looked up: texts wait until it is active. */
const INITIALIZING = 50386;

/**
 * An entry as it is stored.
 *
 * - `key`: its Idempotency-Key, and its place in the order of sending.
 * - `attempts`: how many requests for the message were begun. From the first one on it may have been sent.
 * - `failures`: how many attempts had no answer in a row; the pauses grow with it.
 * - `not_before`: when the next attempt is due, in milliseconds.
 */
export type StoredEntry = {
  key: string;
  conversation: Sid;
  author: PhoneNumber | null;
  body: string;
  files: EntryFile[];
  send_at: string | null;
  created: number;
  status: "queued" | "not-sent" | "expired";
  attempts: number;
  failures: number;
  not_before: number;
  refusal: Refusal | null;
};

/**
 * What a person sees of an entry.
 *
 * - `waiting`: for the message before it, or for the next attempt.
 * - `uploading`: `progress` of each file, from 0 to 1.
 * - `offline`: it goes on when the network is back.
 * - `not-sent`: it was refused; retry, take back or discard it.
 * - `expired`: it is not known whether it was sent, and it is too old to find out, or the person may not any more.
 * - `sent`: `answer` is the message, or the scheduled message. The entry goes away as soon as that is shown.
 */
export type EntryState =
  | { kind: "waiting" }
  | { kind: "uploading"; progress: number[] }
  | { kind: "sending" }
  | { kind: "offline" }
  | { kind: "not-sent"; refusal: Refusal }
  | { kind: "expired" }
  | { kind: "sent"; answer: SentAnswer };
export type SentAnswer = Message | ScheduledMessage;

export type OutboxEntry = Omit<StoredEntry, "status" | "failures" | "not_before" | "refusal"> & { state: EntryState };

/**
 * How long a message waits for the event that its conversation is active, in milliseconds. After that the API is asked,
 * which refuses it until then.
 */
export const ACTIVATION_PATIENCE = 8_000;
/** How long an entry is tried unasked, in milliseconds: the life of a key, less what the last attempt takes. */
export const LIFE = 24 * 3600_000 - 120_000;
const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 60_000;

/** Whether an entry is too old to be tried unasked. */
export function isExpired(entry: StoredEntry, now: number): boolean {
  return now - entry.created >= LIFE;
}

/** The entry of a conversation that is to be sent now: the first that waits, in the order of the keys. */
export function findNext(entries: StoredEntry[], conversation: Sid): StoredEntry | undefined {
  let next: StoredEntry | undefined;
  for (const entry of entries) {
    if (entry.conversation !== conversation || entry.status !== "queued") continue;
    if (!next || entry.key < next.key) next = entry;
  }
  return next;
}

/**
 * What an attempt without success means.
 *
 * - `again`: its fate is unknown, or it may succeed later.
 * - `session`: the person has to sign in again.
 * - `refused`: it was not sent, and will not be.
 * - `gone`: it was sent before, and has been deleted since.
 */
export type Failure =
  | { kind: "again"; after: number | null }
  | { kind: "session" }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "gone" };

/** Say what an error of an attempt means. `file` is the file that was uploaded, if it was not the message. */
export function classify(error: unknown, file: string | null = null): Failure {
  if (error instanceof SessionEndedError) return { kind: "session" };
  // Whatever else is thrown says nothing of what the API has done.
  if (!(error instanceof ApiError)) return { kind: "again", after: null };
  const { status, code, message, details, retryAfter } = error;
  const isUnderWay = status === 409 && retryAfter !== null;
  const isTemporary = status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
  if (isTemporary || isUnderWay || code === INITIALIZING) return { kind: "again", after: retryAfter };
  if (isOfDeleted(error)) return { kind: "gone" };
  return { kind: "refused", refusal: { status, code, message, details: details ?? {}, file } };
}

// A repeat whose message was deleted since is answered that this message is not found. No other answer to a new message
// names one.
function isOfDeleted({ status, message }: ApiError): boolean {
  return status === 404 && /Messages\/(IM|SD)[0-9a-f]{32} /.test(message);
}

/**
 * Whether a message may have been sent though a repeat was refused: the API repeats an answer for who may still write in
 * the conversation, and for no one else.
 *
 * @param entry as it was before the attempt that was refused
 */
export function mayBeSent(entry: StoredEntry, { status }: Refusal): boolean {
  return entry.attempts > 0 && (status === 403 || status === 404);
}

/** Milliseconds until the next attempt. `failures` counts those before it; `random` is from 0 to 1. */
export function choosePause(failures: number, after: number | null, random: number): number {
  const longest = Math.min(FIRST_PAUSE * 2 ** Math.min(failures, 20), LONGEST_PAUSE);
  return Math.max(longest * (0.5 + random / 2), after ?? 0);
}

/** The entries that are not among some messages yet: each message is shown once, as an entry or as what it became. */
export function withoutShown(entries: OutboxEntry[], shown: ReadonlySet<string>): OutboxEntry[] {
  return entries.filter(({ key }) => !shown.has(key));
}
