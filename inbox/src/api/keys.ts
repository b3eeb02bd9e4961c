/** The names of cached answers. All of one conversation begin with `["conversation", sid]`. */

import type { InboxView, PhoneNumber, Sid } from "./types.ts";

/** Which entries a list shows. `q` is a search; an empty one is none. */
export type InboxSelection = {
  view: InboxView;
  line?: PhoneNumber | undefined;
  contact?: Sid | undefined;
  q?: string | undefined;
};

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
  viewers: (sid: Sid) => ["conversation", sid, "viewers"] as const,
  file: (sid: Sid) => ["file", sid] as const,
  lines: () => ["lines"] as const,
  users: () => ["users"] as const,
  roles: () => ["roles"] as const,
  snippets: () => ["snippets"] as const,
  /** All lists of contacts. */
  contactLists: () => ["contacts"] as const,
  contacts: (q: string, owner?: string) => ["contacts", { q, owner }] as const,
  contact: (sid: Sid) => ["contact", sid] as const,
  contactHistory: (sid: Sid) => ["contact", sid, "history"] as const,
};
