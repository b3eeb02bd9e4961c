/**
 * A notice of a message: what the server pushes (docs/push.md), and a page tells the service worker. Pure, and a part of
 * the worker.
 */

import { formatPhonesIn } from "../format/phone.ts";
import { notificationWords as words } from "../words/words.ts";

export type Notice = {
  type: "message";
  conversation_sid: string;
  index: number;
  /** The title of the conversation. */
  title: string;
  sender: string;
  /** Empty for a file without words. */
  text: string;
};

const CONVERSATION = /^CH[0-9a-f]{32}$/i;

export function isConversationSid(value: unknown): value is string {
  return typeof value === "string" && CONVERSATION.test(value);
}

/** Read a notice; null for something else, such as what only a newer worker knows. */
export function parseNotice(value: unknown): Notice | null {
  const given: Record<string, unknown> = Object(value);
  if (given.type !== "message" || !isConversationSid(given.conversation_sid)) return null;
  const text = (name: keyof Notice) => (typeof given[name] === "string" ? given[name] : "");
  return {
    type: "message",
    conversation_sid: given.conversation_sid,
    index: typeof given.index === "number" ? given.index : -1,
    title: text("title"),
    sender: text("sender"),
    text: text("text"),
  };
}

/** What a notification says: who writes and what, or that there is something new. */
export function describeNotice(notice: Notice | null, showsText: boolean): { title: string; body: string } {
  if (!notice || !showsText) return { title: words.newMessage, body: "" };
  const title = formatPhonesIn(notice.title || notice.sender) || words.newMessage;
  const sender = formatPhonesIn(notice.sender);
  const text = notice.text || words.file;
  return { title, body: sender && sender !== title ? words.message(sender, text) : text };
}
