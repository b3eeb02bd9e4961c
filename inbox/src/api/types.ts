/**
 * What the API answers, as far as the inbox reads it. Our own resources are in docs/openapi.json, the others in Twilio's
 * document of Conversations v1. Dates are ISO 8601 texts.
 */

export type Sid = string;
/** A phone number in E.164, such as +12065550100. */
export type PhoneNumber = string;

export type ConversationState = "initializing" | "active" | "inactive" | "closed";

/** How many recipients of a message each have "all", "some" or "none" of a status. */
export type Share = "all" | "some" | "none";
export type Delivery = {
  total: number;
  sent: Share;
  delivered: Share;
  read: Share;
  failed: Share;
  undelivered: Share;
};

export type InboxMember = {
  name: string | null;
  number: PhoneNumber | null;
  identity: string | null;
  contact_sid: Sid | null;
};

/** What the newest message says as a reaction on a message that is known. */
export type InboxTapback = { kind: string; removed: boolean; emoji: string | null };

export type InboxMessage = {
  sid: Sid;
  index: number;
  author: string;
  written_by: string | null;
  body: string | null;
  kind: "text" | "media";
  delivery: Delivery | null;
  tapback: InboxTapback | null;
  date_created: string;
};

/** A conversation in the list. `tapback_indexes`, `own_indexes`: the newest reactions and own messages, never unread. */
export type InboxEntry = {
  conversation_sid: Sid;
  chat_service_sid: Sid;
  title: string;
  friendly_name: string | null;
  members: InboxMember[];
  member_count: number;
  last_message: InboxMessage | null;
  unread: number | null;
  tapback_indexes: number[];
  own_indexes: number[];
  marked_unread: boolean;
  muted: boolean;
  assignee: string | null;
  state: ConversationState;
  line: PhoneNumber | null;
  date_active: string;
  date_created: string;
};

export const INBOX_VIEWS = ["all", "mine", "unassigned", "unread", "done"] as const;
export type InboxView = (typeof INBOX_VIEWS)[number];

export type Conversation = {
  sid: Sid;
  chat_service_sid: Sid;
  friendly_name: string | null;
  state: ConversationState;
  assignee: string | null;
  attributes: string;
  date_created: string;
  date_updated: string;
};

export type MediaState = "pending" | "ready" | "failed";
/** Why a file is not here; `left_out`: it is, but some phones did not get it. */
export type MediaError =
  | "gone"
  | "expired"
  | "too_large"
  | "empty"
  | "damaged"
  | "type"
  | "redirected"
  | "address"
  | "left_out";
/** A file of a message. `link` is valid for minutes, and null until the file is here. */
export type MessageFile = {
  sid: Sid;
  content_type: string | null;
  filename: string | null;
  size: number | null;
  state?: MediaState;
  error?: MediaError | null;
  link?: string | null;
};

export type Message = {
  sid: Sid;
  index: number;
  conversation_sid: Sid;
  participant_sid: Sid | null;
  author: string;
  written_by: string | null;
  body: string | null;
  media: MessageFile[] | null;
  /** A JSON text. */
  attributes: string;
  delivery: Delivery | null;
  /** The status of each receipt by its participant, in lists that were asked for it. */
  delivery_statuses?: Record<Sid, ReceiptStatus | null>;
  date_created: string;
  date_updated: string;
};

export type ReceiptStatus = "sent" | "delivered" | "read" | "failed" | "undelivered";
/** What became of a message for one recipient; `status` is null while the carrier has not answered. */
export type Receipt = {
  sid: Sid;
  message_sid: Sid;
  participant_sid: Sid;
  channel_message_sid: string | null;
  status: ReceiptStatus | null;
  error_code: number;
  date_created: string;
  date_updated: string;
};

export type ParticipantContact = {
  sid: Sid;
  name: string;
  /** What it was called when the participant was added. */
  name_when_added: string;
  state: "current" | "updated" | "deleted";
  number_is_current: boolean;
};

export type Participant = {
  sid: Sid;
  conversation_sid: Sid;
  identity: string | null;
  messaging_binding: {
    type: string;
    address: PhoneNumber | null;
    proxy_address: PhoneNumber | null;
    projected_address: PhoneNumber | null;
  } | null;
  role_sid: Sid;
  attributes: string;
  last_read_message_index: number | null;
  contact?: ParticipantContact | null;
  date_created: string;
};

export type ReadState = {
  conversation_sid: Sid;
  last_read_message_index: number | null;
  last_message_index: number | null;
  unread: number | null;
  marked_unread: boolean;
  muted: boolean;
};

export type ContactNumber = { number: PhoneNumber; label: string; primary: boolean };
export type DoNotDisturb = { since: string; by: string; reason: string | null };
export type Contact = {
  sid: Sid;
  friendly_name: string;
  numbers: ContactNumber[];
  owner: string | null;
  do_not_disturb: DoNotDisturb | null;
  attributes: string;
  version: number;
  date_created: string;
  date_updated: string;
};

export type ContactChange = {
  contact_sid: Sid;
  action: "created" | "updated" | "merged" | "deleted" | "erased";
  by: string;
  version: number;
  changes: { field: string; before: unknown; after: unknown }[];
  date_created: string;
};

export type ContactImport = {
  sid: Sid;
  state: "queued" | "running" | "completed" | "failed";
  dry_run: boolean;
  rows: number;
  read: number;
  accepted: number;
  rejected: number;
};
export type RejectedRow = { row: number; cells: string[]; problem: string };

export const KEYWORDS = ["stop", "start", "help"] as const;
export type Keyword = (typeof KEYWORDS)[number];

/** One of our numbers. Prices, in dollars, are null where the person may not see them. */
export type Line = {
  sid: Sid;
  address: PhoneNumber;
  carrier: string;
  auto_creation: "off" | "all" | "groups";
  friendly_name: string | null;
  label: string | null;
  language: string;
  replies: Partial<Record<Keyword, string>>;
  sms_price: string | null;
  mms_price: string | null;
  /** Null for who does not manage the line. */
  users: string[] | null;
  group_messaging: boolean;
  group_messaging_problem: string | null;
  max_group_recipients: number | null;
  max_files: number;
  max_group_files: number;
  max_files_bytes: number;
};

export type OptOutState = "opted_out" | "opted_in";
export type OptOutChannel = "text" | "carrier" | "api";
/** Whether a phone wants texts from a line. The address is null once the person was erased. */
export type OptOut = {
  sid: Sid;
  address: PhoneNumber | null;
  line: PhoneNumber;
  state: OptOutState;
  how: OptOutChannel;
  since: string;
  date_updated: string;
};
export type KnownOptOut = OptOut & { address: PhoneNumber };
export type OptOutEvent = Pick<KnownOptOut, "address" | "line" | "state" | "how"> & {
  /** The text, the message, the API key or the person that said it. */
  source: string;
  reason: string | null;
  date_created: string;
};

export const UNROUTED_REASONS = [
  "unknown_line",
  "auto_creation_off",
  "own_sender",
  "roster_too_large",
  "service_removed",
  "rejected",
  "keyword",
  "malformed",
  "uncertain",
] as const;
export type UnroutedReason = (typeof UNROUTED_REASONS)[number];
/** A text that no conversation took. */
export type UnroutedText = {
  sid: Sid;
  reason: UnroutedReason;
  line: string;
  sender: string;
  recipients: string[];
  body: string;
  media: { url: string | null; content_type: string | null }[];
  date_created: string;
  date_received_by_carrier: string | null;
};
/** What became of a text that was routed again. */
export type RoutedAgain = {
  outcome: string;
  reason: UnroutedReason | null;
  conversation_sid: Sid | null;
  message_sid: Sid | null;
};

/** The settings of a Service that concern the inbox. */
export type ServiceSettings = { lock_groups: boolean; text_search: "on" | "off" };

export type PreviewedSend = {
  from: PhoneNumber;
  carrier: string | null;
  kind: string;
  recipients: PhoneNumber[];
  opted_out: PhoneNumber[];
  do_not_disturb: PhoneNumber[];
  requests: number;
  encoding: "GSM-7" | "UCS-2" | null;
  segments: number;
  billed_units: number;
  cost: string | null;
};
export type PreviewProblem = { code: number; message: string; details: Record<string, unknown> };
export type Preview = {
  conversation_sid: Sid | null;
  existing_conversation_sid?: Sid | null;
  sends: PreviewedSend[];
  total_cost: string | null;
  problems: PreviewProblem[];
  warnings: string[];
};

export type Note = {
  sid: Sid;
  conversation_sid: Sid;
  author: string;
  body: string;
  message_index: number | null;
  date_created: string;
  date_updated: string;
};

export type ActivityKind =
  | "assigned"
  | "state_changed"
  | "participant_added"
  | "participant_removed"
  | "opted_out"
  | "opted_in"
  | "do_not_disturb_set"
  | "do_not_disturb_cleared";
export type Activity = {
  sid: Sid;
  kind: "message" | "note" | ActivityKind;
  source: "API" | "SDK" | "SMS" | "SYSTEM" | null;
  by: string | null;
  message_index: number | null;
  before: string | null;
  after: string | null;
  participant_sid: Sid | null;
  identity: string | null;
  address: PhoneNumber | null;
  lines: PhoneNumber[];
  contact_sid: Sid | null;
  body: string | null;
  date_created: string;
};

export type Snippet = { sid: Sid; name: string; body: string; owner: string | null };

export type ScheduledMessage = {
  sid: Sid;
  conversation_sid: Sid;
  state: "scheduled" | "sent" | "canceled" | "failed";
  send_at: string;
  author: string;
  scheduled_by: string | null;
  body: string | null;
  media_sids: Sid[];
  error_code: number | null;
  error_message: string | null;
};

export type User = { sid: Sid; identity: string; friendly_name: string | null; role_sid: Sid };
export type Role = { sid: Sid; friendly_name: string; type: "conversation" | "service"; permissions: string[] };

export type TextHit = {
  conversation_sid: Sid;
  title: string | null;
  message_sid: Sid;
  index: number;
  author: string;
  written_by: string | null;
  body: string;
  date_created: string;
};

/** Who sees a conversation, and why. */
export type Viewers = {
  conversation_sid: Sid;
  roles: { sid: Sid; friendly_name: string }[];
  viewers: {
    identity: string;
    sees: boolean;
    reasons: { kind: "member" | "contact" | "role"; sid: Sid }[];
    role_sid: Sid | null;
    missing: string[];
  }[];
};

export const PERMISSIONS = [
  "viewAnyConversation",
  "viewAssignedConversations",
  "writeAsLine",
  "manageContacts",
  "manageLines",
  "manageService",
  "setConversationState",
  "createConversation",
  "addNonChatParticipant",
  "editConversationName",
  "deleteConversation",
  "editAnyMessage",
  "deleteAnyMessage",
  "editOwnUserInfo",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** A page of a list; its entries are under the key that `meta.key` names. */
export type Meta = { key: string; next_page_url: string | null; previous_page_url: string | null };
