/** What live events say, in the form of the API's answers. Pure. */

import type { ChangeEvent } from "../../../clients/javascript/live.js";
import type { CachedMessage } from "../api/message-window.ts";
import { tapbackOf } from "../api/tapbacks.ts";
import type {
  Activity,
  ActivityKind,
  ConversationState,
  Delivery,
  InboxMember,
  InboxMessage,
  InboxTapback,
  MessageFile,
  Note,
  Participant,
  Receipt,
  ReceiptStatus,
  Sid,
  User,
} from "../api/types.ts";

type Parameters = Record<string, string>;
const EXCERPT = 120;

/** Whether an event came without a value that does not fit into a frame. */
export function isShortened({ parameters }: ChangeEvent): boolean {
  return parameters.Omitted !== undefined;
}

export function messageOf({ parameters }: ChangeEvent): CachedMessage {
  return {
    sid: parameters.MessageSid ?? "",
    index: Number(parameters.Index),
    conversation_sid: parameters.ConversationSid ?? "",
    participant_sid: parameters.ParticipantSid ?? null,
    author: parameters.Author ?? "",
    written_by: parameters.WrittenBy ?? null,
    body: parameters.Body ?? null,
    media: filesOf(parameters),
    attributes: parameters.Attributes ?? "{}",
    delivery: parameters.Source === "SMS" ? null : firstDelivery(parameters),
    date_created: parameters.DateCreated ?? "",
    date_updated: parameters.DateUpdated ?? "",
  };
}

/** What may change of a message. */
export function messageChangesOf(event: ChangeEvent): Partial<CachedMessage> {
  const { body, media, attributes, date_updated } = messageOf(event);
  return { body, media, attributes, date_updated };
}

/** What a new message is as a reaction; null for any other one. Only a text is one: attributes anyone can give. */
export function reactionOf(event: ChangeEvent): InboxTapback | null {
  const tapback = event.parameters.Source === "SMS" ? tapbackOf(messageOf(event)) : null;
  return tapback && { kind: tapback.kind, removed: tapback.removed, emoji: tapback.emoji ?? null };
}

/** The message as the list shows it. */
export function excerptOf(message: CachedMessage, tapback: InboxTapback | null = null): InboxMessage {
  return {
    sid: message.sid,
    index: message.index,
    author: message.author,
    written_by: message.written_by,
    body: message.body ? message.body.slice(0, EXCERPT) : null,
    kind: message.media && !message.body ? "media" : "text",
    delivery: message.delivery,
    tapback,
    date_created: message.date_created,
  };
}

/** A file has a size as soon as it is here. Why one is not here, the event does not say. */
function filesOf({ Media }: Parameters): MessageFile[] | null {
  const files =
    parseJson<{ Sid: Sid; ContentType: string | null; Filename: string | null; Size: number | null }[]>(Media);
  if (!files) return null;
  return files.map(({ Sid, ContentType, Filename, Size }) => ({
    sid: Sid,
    content_type: ContentType,
    filename: Filename,
    size: Size,
    state: Size === null ? "pending" : "ready",
    link: null,
  }));
}

/** A new message is on its way to all handsets but the one that wrote it. */
function firstDelivery({ Roster, ParticipantSid }: Parameters): Delivery | null {
  const members = parseJson<{ participant_sid: Sid; address?: string }[]>(Roster) ?? [];
  const total = members.filter((one) => one.address && one.participant_sid !== ParticipantSid).length;
  if (!total) return null;
  return { total, sent: "none", delivered: "none", read: "none", failed: "none", undelivered: "none" };
}

export function receiptOf({ parameters }: ChangeEvent): Receipt {
  return {
    sid: parameters.DeliveryReceiptSid ?? "",
    message_sid: parameters.MessageSid ?? "",
    participant_sid: parameters.ParticipantSid ?? "",
    channel_message_sid: parameters.ChannelMessageSid ?? null,
    status: (parameters.Status ?? null) as ReceiptStatus | null,
    error_code: Number(parameters.ErrorCode ?? 0),
    date_created: parameters.DateCreated ?? "",
    date_updated: parameters.DateUpdated ?? "",
  };
}

export function participantOf({ parameters }: ChangeEvent): Participant {
  const type = (parameters["MessagingBinding.Type"] ?? "CHAT").toLowerCase();
  return {
    sid: parameters.ParticipantSid ?? "",
    conversation_sid: parameters.ConversationSid ?? "",
    identity: parameters.Identity ?? null,
    messaging_binding:
      type === "chat"
        ? null
        : {
            type,
            address: parameters["MessagingBinding.Address"] ?? null,
            proxy_address: parameters["MessagingBinding.ProxyAddress"] ?? null,
            projected_address: parameters["MessagingBinding.ProjectedAddress"] ?? null,
          },
    role_sid: parameters.RoleSid ?? "",
    attributes: parameters.Attributes ?? "{}",
    last_read_message_index: numberOf(parameters.LastReadMessageIndex),
    date_created: parameters.DateCreated ?? "",
  };
}

/** What an entry of the inbox is, without what only the person's own answers say. */
export function entryOf({ parameters }: ChangeEvent) {
  const last = parseJson<Omit<InboxMessage, "date_created"> & { created: string }>(parameters.LastMessage);
  return {
    conversation_sid: parameters.ConversationSid ?? "",
    chat_service_sid: parameters.ChatServiceSid ?? "",
    title: parameters.Title ?? "",
    members: parseJson<InboxMember[]>(parameters.Members) ?? [],
    member_count: Number(parameters.MemberCount ?? 0),
    last_message: last && messageOfEntry(last),
    assignee: parameters.Assignee ?? null,
    state: (parameters.State ?? "active") as ConversationState,
    line: parameters.Line ?? null,
    date_active: parameters.DateActive ?? "",
    date_created: parameters.DateCreated ?? "",
    seen_index: numberOf(parameters.LastMessageIndex) ?? -1,
    tapback_indexes: parseJson<number[]>(parameters.TapbackIndexes) ?? [],
  };
}

function messageOfEntry({ created, ...last }: Omit<InboxMessage, "date_created"> & { created: string }): InboxMessage {
  return { ...last, date_created: created };
}

export function noteOf({ parameters }: ChangeEvent): Note {
  const sid = parameters.NoteSid ?? "";
  return {
    sid,
    conversation_sid: parameters.ConversationSid ?? "",
    author: parameters.Author ?? "",
    body: parameters.Body ?? "",
    message_index: placeOf(sid),
    date_created: parameters.DateCreated ?? "",
    date_updated: parameters.DateUpdated ?? "",
  };
}

const NOTHING = {
  source: null,
  by: null,
  message_index: null,
  before: null,
  after: null,
  participant_sid: null,
  identity: null,
  address: null,
  lines: [],
  contact_sid: null,
  body: null,
} satisfies Partial<Activity>;

export function activityOfNote(note: Note): Activity {
  const { sid, author, body, message_index, date_created } = note;
  return { ...NOTHING, sid, kind: "note", by: author, body, message_index, date_created };
}

export function activityOf({ parameters }: ChangeEvent): Activity {
  const sid = parameters.ActivitySid ?? "";
  return {
    ...NOTHING,
    ...causeOf(parameters),
    sid,
    kind: (parameters.Kind ?? "") as ActivityKind,
    message_index: placeOf(sid),
    participant_sid: parameters.ParticipantSid ?? null,
    address: parameters.Address ?? null,
    lines: parameters.Lines?.split(",") ?? [],
    contact_sid: parameters.ContactSid ?? null,
    date_created: parameters.DateCreated ?? "",
  };
}

/** A change of state, which has an event of its own, as the activity that it is. */
export function activityOfState({ parameters }: ChangeEvent, behind: number | null): Activity {
  const at = parameters.StateUpdated ?? "";
  return {
    ...NOTHING,
    ...causeOf(parameters),
    sid: `state ${at}`,
    kind: "state_changed",
    before: parameters.StateFrom ?? null,
    after: parameters.StateTo ?? null,
    message_index: behind,
    date_created: at,
  };
}

function causeOf({ Source, ClientIdentity }: Parameters): Pick<Activity, "source" | "by"> {
  return { source: (Source ?? null) as Activity["source"], by: ClientIdentity ?? null };
}

export function userOf({ parameters }: ChangeEvent): User {
  return {
    sid: parameters.UserSid ?? "",
    identity: parameters.Identity ?? "",
    friendly_name: parameters.FriendlyName ?? null,
    role_sid: parameters.RoleSid ?? "",
  };
}

/** The index of the message behind which a note or an activity stands. Its SID carries it, so that all sort together. */
function placeOf(sid: Sid): number | null {
  const place = Number.parseInt(sid.slice(2, 12), 16) - 1;
  return place >= 0 ? place : null;
}

export function numberOf(text: string | undefined): number | null {
  return text === undefined || text === "" ? null : Number(text);
}

function parseJson<T>(text: string | undefined): T | null {
  return text === undefined ? null : (JSON.parse(text) as T);
}
