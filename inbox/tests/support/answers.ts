/** Answers of the API for tests. */

import type { CachedEntry } from "../../src/api/entries.ts";
import type { CachedMessage } from "../../src/api/message-window.ts";

export const CONVERSATION = `CH${"1".repeat(32)}`;
export const LINE = "+12065550100";
export const BOB = "+12065550150";
const BEGIN = Date.parse("2026-11-28T12:00:00Z");

export function sidOfMessage(index: number): string {
  return `IM${index.toString(16).padStart(32, "0")}`;
}

/** A message that a handset sent, a second for each index behind noon. */
export function message(index: number, given: Partial<CachedMessage> = {}): CachedMessage {
  const at = new Date(BEGIN + index * 1000).toISOString().replace(".000", "");
  return {
    sid: sidOfMessage(index),
    index,
    conversation_sid: CONVERSATION,
    participant_sid: null,
    author: BOB,
    written_by: null,
    body: `text ${index}`,
    media: null,
    attributes: "{}",
    delivery: null,
    date_created: at,
    date_updated: at,
    ...given,
  };
}

/** An entry of the list, whose newest message has an index; -1 for none. */
export function entry(conversation: string, index: number, given: Partial<CachedEntry> = {}): CachedEntry {
  const last = index < 0 ? null : message(index);
  const at = last?.date_created ?? "2026-11-28T09:00:00Z";
  return {
    conversation_sid: conversation,
    chat_service_sid: `IS${"0".repeat(32)}`,
    title: conversation,
    friendly_name: null,
    members: [],
    member_count: 1,
    last_message: last && {
      sid: last.sid,
      index,
      author: last.author,
      written_by: null,
      body: last.body,
      kind: "text",
      delivery: null,
      tapback: null,
      date_created: at,
    },
    unread: 0,
    tapback_indexes: [],
    own_indexes: [],
    marked_unread: false,
    muted: false,
    assignee: null,
    state: "active",
    line: LINE,
    date_active: at,
    date_created: "2026-11-28T09:00:00Z",
    ...given,
  };
}
