/**
 * The messages of a conversation as they are cached: a part of them, in the order of their indexes. Pure.
 *
 * A window at the end grows by live events. One around an index, after a jump, does not until it has reached the end.
 */

import type { Message, ReceiptStatus, Sid } from "./types.ts";

/**
 * A message as it is cached.
 *
 * - `statuses`: what became of it for those recipients of whom a list or an event told, by their participant's SID.
 * - `is_vague`: before these events its summary said "some", which does not say of whom.
 */
export type CachedMessage = Message & { statuses?: Record<Sid, ReceiptStatus>; is_vague?: boolean };

/**
 * - `hasOlder`, `hasNewer`: whether there are messages before and behind these.
 * - `through`: nothing up to this index is missing, from the first message of the window on. A window that no tab shows
 *   may miss some behind it; -1 for an empty conversation.
 */
export type MessageWindow = {
  messages: CachedMessage[];
  hasOlder: boolean;
  hasNewer: boolean;
  through: number;
};

/** Take from an answer what became of a message. A status that is not known yet is none. */
export function cacheMessage({ delivery_statuses: answered, ...message }: Message): CachedMessage {
  if (!answered) return message;
  const known = Object.entries(answered).filter((one): one is [Sid, ReceiptStatus] => one[1] !== null);
  return { ...message, statuses: Object.fromEntries(known) };
}

/** Build a window of what the API has answered. */
export function buildWindow(messages: CachedMessage[], ends: { hasOlder: boolean; hasNewer: boolean }): MessageWindow {
  const sorted = [...messages].sort((a, b) => a.index - b.index);
  return { messages: sorted, ...ends, through: sorted.at(-1)?.index ?? -1 };
}

/** Put older messages before a window. */
export function addOlder(window: MessageWindow, messages: CachedMessage[], hasOlder: boolean): MessageWindow {
  const first = window.messages[0]?.index ?? Number.POSITIVE_INFINITY;
  const older = messages.filter(({ index }) => index < first).sort((a, b) => a.index - b.index);
  return { ...window, messages: [...older, ...window.messages], hasOlder };
}

/** Put newer messages behind a window. */
export function addNewer(window: MessageWindow, messages: CachedMessage[], hasNewer: boolean): MessageWindow {
  const newer = messages.filter(({ index }) => index > window.through).sort((a, b) => a.index - b.index);
  const known = window.messages.filter(({ index }) => index <= window.through);
  const last = newer.at(-1)?.index ?? window.through;
  return { messages: [...known, ...newer], hasOlder: window.hasOlder, hasNewer, through: last };
}

/** Add to a window that was read again what has been read beside it meanwhile. */
export function mergeWindows(read: MessageWindow, now: MessageWindow | undefined): MessageWindow {
  if (!now) return read;
  const first = read.messages[0]?.index ?? Number.POSITIVE_INFINITY;
  const hasMoreBefore = (now.messages[0]?.index ?? first) < first;
  const whole = hasMoreBefore ? addOlder(read, now.messages, now.hasOlder) : read;
  return now.through > read.through ? addNewer(whole, now.messages, now.hasNewer) : whole;
}

/** Put a message in its place, or replace it. A window that does not reach to its place stays as it is. */
export function putMessage(window: MessageWindow, message: CachedMessage): MessageWindow {
  const { messages } = window;
  const at = messages.findIndex(({ index }) => index >= message.index);
  if (at >= 0 && messages[at]?.sid === message.sid) return { ...window, messages: messages.with(at, message) };
  const isBeforeAll = at === 0 && window.hasOlder;
  const isBehindAll = at < 0 && window.hasNewer;
  if (isBeforeAll || isBehindAll) return window;
  const through = message.index === window.through + 1 ? message.index : window.through;
  return { ...window, messages: messages.toSpliced(at < 0 ? messages.length : at, 0, message), through };
}

/** Put a new message in its place. One that is there knows more than its first event. */
export function addMessage(window: MessageWindow, message: CachedMessage): MessageWindow {
  return window.messages.some(({ sid }) => sid === message.sid) ? window : putMessage(window, message);
}

/** Change a message of a window. */
export function changeMessage(
  window: MessageWindow,
  sid: Sid,
  change: (message: CachedMessage) => CachedMessage,
): MessageWindow {
  const at = window.messages.findIndex((one) => one.sid === sid);
  const message = window.messages[at];
  if (!message) return window;
  const changed = change(message);
  return changed === message ? window : { ...window, messages: window.messages.with(at, changed) };
}

/** Take a message out of a window. */
export function removeMessage(window: MessageWindow, sid: Sid): MessageWindow {
  const messages = window.messages.filter((one) => one.sid !== sid);
  return messages.length === window.messages.length ? window : { ...window, messages };
}

/** The key of the outbox entry that a message was, from its attributes; null for all others. */
export function clientRefOf(message: Pick<Message, "attributes">): string | null {
  if (!message.attributes.includes("client_ref")) return null;
  try {
    const { client_ref: ref } = JSON.parse(message.attributes);
    return typeof ref === "string" ? ref : null;
  } catch {
    return null;
  }
}
