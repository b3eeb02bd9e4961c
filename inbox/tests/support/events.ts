/** Live events for tests, with the parameters that webhooks have. */

import type { ChangeEvent } from "../../../clients/javascript/live.js";
import { BOB, CONVERSATION, LINE, message, sidOfMessage } from "./answers.ts";

export const ANN = "ann";
export const KAY = "+12065550152";

/** An event of a conversation. */
export function event(
  type: `on${string}`,
  parameters: Record<string, string>,
  conversation = CONVERSATION,
): ChangeEvent {
  return { type, conversation, parameters: { EventType: type, ConversationSid: conversation, ...parameters } };
}

const ROSTER = JSON.stringify([
  { participant_sid: "MB0", projected_address: LINE },
  { participant_sid: "MB1", address: BOB },
  { participant_sid: "MB2", address: KAY },
]);

/** Bob has sent a text. */
export function inbound(index: number, given: Record<string, string> = {}): ChangeEvent {
  const { body, date_created } = message(index);
  const at = date_created.replace("Z", ".250Z");
  return event("onMessageAdded", {
    Source: "SMS",
    MessageSid: sidOfMessage(index),
    Index: String(index),
    Author: BOB,
    ParticipantSid: "MB1",
    Body: body ?? "",
    Attributes: "{}",
    DateCreated: at,
    DateUpdated: at,
    Roster: ROSTER,
    ...given,
  });
}

/** Bob has reacted to a message. */
export function reaction(index: number, about: number, given: Record<string, string> = {}): ChangeEvent {
  const tapback = { kind: "like", removed: false, message_sid: sidOfMessage(about), index: about };
  return inbound(index, { Body: `Liked “text ${about}”`, Attributes: JSON.stringify({ tapback }), ...given });
}

/** Somebody has written as the line. */
export function outbound(index: number, writtenBy: string, given: Record<string, string> = {}): ChangeEvent {
  return inbound(index, { Source: "SDK", Author: LINE, WrittenBy: writtenBy, ParticipantSid: "MB0", ...given });
}

export function delivery(index: number, participant: string, status: string, second = 30): ChangeEvent {
  return event("onDeliveryUpdated", {
    MessageSid: sidOfMessage(index),
    DeliveryReceiptSid: `DY${participant}`,
    ParticipantSid: participant,
    Status: status,
    ErrorCode: status === "failed" ? "30003" : "0",
    DateCreated: "2026-11-28T12:00:10.250Z",
    DateUpdated: `2026-11-28T12:00:${second}.250Z`,
  });
}

/** The entry of a conversation has changed. */
export function entryUpdated(
  conversation: string,
  index: number,
  given: Record<string, string | undefined> = {},
): ChangeEvent {
  const { sid, author, body, date_created } = message(index);
  const last = {
    sid,
    index,
    author,
    created: date_created,
    kind: "text",
    body,
    written_by: null,
    delivery: null,
    tapback: null,
  };
  const parameters = {
    ChatServiceSid: `IS${"0".repeat(32)}`,
    Title: "12 Elm Street",
    State: "active",
    Line: LINE,
    Members: JSON.stringify([{ name: "Bob", number: BOB, identity: null, contact_sid: null }]),
    MemberCount: "2",
    LastMessage: JSON.stringify(last),
    LastMessageIndex: String(index),
    DateActive: date_created,
    DateCreated: "2026-11-28T09:00:00.250Z",
    ...given,
  };
  const told = Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined);
  return event("onInboxEntryUpdated", Object.fromEntries(told), conversation);
}
