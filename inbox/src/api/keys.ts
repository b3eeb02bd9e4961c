/** The names of cached answers. All of one conversation begin with `["conversation", sid]`. */

import type { InboxView, OptOutState, PhoneNumber, Sid } from "./types.ts";

/** Which entries a list shows. `q` is a search; an empty one is none. */
export type InboxSelection = {
  view: InboxView;
  line?: PhoneNumber | undefined;
  contact?: Sid | undefined;
  q?: string | undefined;
};

/** Which opt-outs a list shows. An empty `address` or `line` is any. */
export type OptOutSelection = { state: OptOutState; address: string; line: string };

export const keys = {
  /** All lists of conversations. */
  inboxes: () => ["inbox"] as const,
  inbox: (selection: InboxSelection) => ["inbox", selection] as const,
  conversation: (sid: Sid) => ["conversation", sid] as const,
  details: (sid: Sid) => ["conversation", sid, "details"] as const,
  /** All windows of a conversation's messages. */
  messageWindows: (sid: Sid) => ["conversation", sid, "messages"] as const,
  messages: (sid: Sid, at?: number) => ["conversation", sid, "messages", at ?? "end"] as const,
  hits: (sid: Sid, q: string) => ["conversation", sid, "hits", q] as const,
  participants: (sid: Sid) => ["conversation", sid, "participants"] as const,
  activity: (sid: Sid) => ["conversation", sid, "activity"] as const,
  readState: (sid: Sid) => ["conversation", sid, "read-state"] as const,
  receipts: (sid: Sid, message: Sid) => ["conversation", sid, "receipts", message] as const,
  scheduled: (sid: Sid) => ["conversation", sid, "scheduled"] as const,
  /** Who of a conversation would not get a text, and why. */
  silenced: (sid: Sid) => ["conversation", sid, "silenced"] as const,
  /** All previews of texts that are being written. */
  previews: (sid: Sid) => ["conversation", sid, "preview"] as const,
  preview: (sid: Sid, author: PhoneNumber | null, missing: string, shape: string) =>
    ["conversation", sid, "preview", { author, missing, shape }] as const,
  viewers: (sid: Sid) => ["conversation", sid, "viewers"] as const,
  /** All previews of first texts. */
  firstPreviews: () => ["first-preview"] as const,
  firstPreview: (asked: string | null) => ["first-preview", asked] as const,
  file: (sid: Sid) => ["file", sid] as const,
  lines: () => ["lines"] as const,
  /** All lines that an administrator manages. */
  managedLines: () => ["lines", "managed"] as const,
  /** All lists of opt-outs. */
  optOutLists: () => ["opt-outs"] as const,
  optOuts: (selection: OptOutSelection) => ["opt-outs", selection] as const,
  optOutHistory: (sid: Sid) => ["opt-out", sid, "history"] as const,
  unroutedTexts: () => ["unrouted-texts"] as const,
  serviceSettings: () => ["service-settings"] as const,
  users: () => ["users"] as const,
  roles: () => ["roles"] as const,
  snippets: () => ["snippets"] as const,
  /** All lists of contacts. */
  contactLists: () => ["contacts"] as const,
  contacts: (q: string, owner?: string) => ["contacts", { q, owner }] as const,
  contact: (sid: Sid) => ["contact", sid] as const,
  contactHistory: (sid: Sid) => ["contact", sid, "history"] as const,
};
