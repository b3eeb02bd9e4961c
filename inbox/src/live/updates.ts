/**
 * What each live event changes in the cached answers. Pure: an event becomes a list of changes, which `cache.ts` makes.
 *
 * Every change can be made twice, and after an answer that knows of the event already: events come at least once, and
 * those that come while something is read are applied to the answer too.
 */

import type { QueryKey } from "@tanstack/preact-query";
import type { ChangeEvent, LiveEvent } from "../../../clients/javascript/live.js";
import { type CachedEntry, countNews } from "../api/entries.ts";
import { type InboxSelection, keys } from "../api/keys.ts";
import {
  addMessage,
  type CachedMessage,
  changeMessage,
  clientRefOf,
  type MessageWindow,
  removeMessage,
} from "../api/message-window.ts";
import type { Page } from "../api/pages.ts";
import type {
  Activity,
  Conversation,
  ConversationState,
  Participant,
  PhoneNumber,
  ReadState,
  Receipt,
  ScheduledMessage,
  Sid,
  User,
} from "../api/types.ts";
import { applyStatus } from "./delivery.ts";
import {
  activityOf,
  activityOfNote,
  activityOfState,
  entryOf,
  excerptOf,
  isShortened,
  messageChangesOf,
  messageOf,
  noteOf,
  numberOf,
  participantOf,
  reactionOf,
  receiptOf,
  userOf,
} from "./event-answers.ts";
import {
  addToEntry,
  changeEntry,
  changeLastOfEntry,
  type EntryList,
  isOwn,
  putEntry,
  readEntry,
  removeEntry,
  removeFromEntry,
} from "./list-updates.ts";

/**
 * - `update`: change every cached answer whose key begins so.
 * - `reread`: what is shown of these is read again now, the rest when it is shown.
 * - `forget`: they are not to be seen any more.
 * - `read-message`, `read-state`: the event does not say enough.
 */
export type Change =
  | { kind: "update"; key: QueryKey; update: (data: never, key: QueryKey) => unknown }
  | { kind: "reread"; key: QueryKey }
  | { kind: "forget"; key: QueryKey }
  | { kind: "read-message"; conversation: Sid; message: Sid }
  | { kind: "read-state"; conversation: Sid };

/** Who looks, and what the cache knows. */
export type Viewer = {
  identity: string;
  /** The index of the newest message of a conversation, as far as it is known. */
  lastIndex: (conversation: Sid) => number | null;
  hasEntry: (conversation: Sid) => boolean;
  /** The conversations of which it is known that a phone is in them. */
  havingPhone: (number: PhoneNumber) => Sid[];
};

type Handler = (event: ChangeEvent, viewer: Viewer) => Change[];

/** Everything that an event changes. An event that changes nothing cached has none. */
export function changesOf(event: LiveEvent, viewer: Viewer): Change[] {
  if (event.type === "error") return event.conversation && event.status === 404 ? forget(event.conversation) : [];
  if (event.type === "typing") return [];
  return HANDLERS[event.type]?.(event, viewer) ?? [];
}

const HANDLERS: Record<string, Handler> = {
  onMessageAdded: (event, { identity }) => {
    const sid = conversationOf(event);
    const message = messageOf(event);
    const reaction = reactionOf(event);
    return [
      updateWindows(sid, (window) => addMessage(window, message)),
      updateWindows(sid, (window) => changeMessage(window, message.sid, (held) => refresh(held, event))),
      updateEntries(sid, identity, (entry) => addToEntry(entry, message, identity, reaction)),
      update<ReadState>(keys.readState(sid), (held) =>
        addToReadState(held, message.index, reaction !== null || isOwn(message, identity)),
      ),
      update<ScheduledMessage[]>(keys.scheduled(sid), (scheduled) => withoutSent(scheduled, message)),
      ...readIfShortened(event),
    ];
  },

  onMessageUpdated: (event, { identity }) => {
    const sid = conversationOf(event);
    const message = messageOf(event);
    const { body, kind } = excerptOf(message);
    return [
      updateWindows(sid, (window) => changeMessage(window, message.sid, (held) => refresh(held, event))),
      updateEntries(sid, identity, (entry) => changeLastOfEntry(entry, message.sid, { body, kind })),
      ...(message.media?.some(({ state }) => state === "pending") ? [readMessage(event)] : readIfShortened(event)),
    ];
  },

  onMessageRemoved: (event, { identity }) => {
    const sid = conversationOf(event);
    const { sid: message, index } = messageOf(event);
    return [
      updateWindows(sid, (window) => removeMessage(window, message)),
      updateEntries(sid, identity, (entry) => removeFromEntry(entry, index)),
    ];
  },

  onDeliveryUpdated: (event) => {
    const sid = conversationOf(event);
    const receipt = receiptOf(event);
    const { message_sid: message, participant_sid: participant, status } = receipt;
    if (!status) return [];
    return [
      updateWindows(sid, (window) => changeMessage(window, message, (held) => applyStatus(held, participant, status))),
      update<Receipt[]>(keys.receipts(sid, message), (receipts) => putReceipt(receipts, receipt)),
    ];
  },

  onInboxEntryUpdated: (event, { identity, hasEntry }) => {
    const sid = conversationOf(event);
    return [
      update<EntryList>(keys.inboxes(), (list, key) =>
        putEntry(list, selectionOf(key), sid, identity, (entry) => renewEntry(entry, event, identity)),
      ),
      // How much of an old conversation is unread, no event says.
      ...(hasEntry(sid) || isNew(event) ? [] : [{ kind: "read-state", conversation: sid } as const]),
    ];
  },

  onInboxEntryRemoved: (event) => forget(conversationOf(event)),
  onConversationRemoved: (event) => forget(conversationOf(event)),

  onReadStateUpdated: (event, { identity }) => {
    const sid = conversationOf(event);
    const last = numberOf(event.parameters.LastReadMessageIndex);
    const isMarked = event.parameters.MarkedUnread === "true";
    const isMuted = event.parameters.Muted === "true";
    return readStateChanges(sid, identity, { last, isMarked, isMuted });
  },

  onConversationUpdated: (event, { identity }) => {
    const sid = conversationOf(event);
    const { FriendlyName, Attributes, Assignee, State, DateUpdated } = event.parameters;
    const name = FriendlyName ?? null;
    const changed = { friendly_name: name, assignee: Assignee ?? null, state: State as ConversationState };
    return [
      update<Conversation>(keys.details(sid), (held) => ({
        ...held,
        ...changed,
        attributes: Attributes ?? held.attributes,
        date_updated: DateUpdated ?? held.date_updated,
      })),
      updateEntries(sid, identity, (entry) => ({ ...entry, ...changed, title: name ?? entry.title })),
      { kind: "reread", key: keys.activity(sid) },
    ];
  },

  onConversationStateUpdated: (event, { identity, lastIndex }) => {
    const sid = conversationOf(event);
    const state = event.parameters.StateTo as ConversationState;
    return [
      update<Conversation>(keys.details(sid), (held) => ({ ...held, state })),
      updateEntries(sid, identity, (entry) => ({ ...entry, state })),
      addActivity(sid, activityOfState(event, lastIndex(sid))),
    ];
  },

  onParticipantAdded: (event) => rereadMembers(event),
  onParticipantRemoved: (event) => [
    update<Participant[]>(keys.participants(conversationOf(event)), (all) => {
      return all.filter(({ sid }) => sid !== event.parameters.ParticipantSid);
    }),
    { kind: "reread", key: keys.activity(conversationOf(event)) },
  ],
  onParticipantUpdated: (event) => {
    const { date_created: _, ...changed } = participantOf(event);
    return [
      update<Participant[]>(keys.participants(conversationOf(event)), (all) => {
        return all.map((held) => (held.sid === changed.sid ? { ...held, ...changed } : held));
      }),
    ];
  },

  onNoteAdded: (event) => [
    addActivity(conversationOf(event), activityOfNote(noteOf(event))),
    ...rereadIfShortened(event),
  ],
  onNoteUpdated: (event) => [
    changeActivity(conversationOf(event), (entries) => {
      const { sid, body } = noteOf(event);
      return entries.map((one) => (one.sid === sid ? { ...one, body } : one));
    }),
    ...rereadIfShortened(event),
  ],
  onNoteRemoved: (event) => [
    changeActivity(conversationOf(event), (entries) => {
      return entries.filter(({ sid }) => sid !== event.parameters.NoteSid);
    }),
  ],
  onActivityAdded: (event, { havingPhone }) => [
    addActivity(conversationOf(event), activityOf(event)),
    // A member has opted out or in, or wants no texts any more.
    { kind: "reread", key: keys.participants(conversationOf(event)) },
    ...rereadWhoGetsNothing(event.parameters.Address, havingPhone),
  ],

  onScheduledMessageFailed: (event) => [{ kind: "reread", key: keys.scheduled(conversationOf(event)) }],

  onUserAdded: (event) => [update<User[]>(keys.users(), (users) => putUser(users, userOf(event)))],
  onUserUpdated: (event) => [update<User[]>(keys.users(), (users) => putUser(users, userOf(event)))],
};

/** What changes when the person has read a conversation, or marked or muted it. */
export function readStateChanges(
  sid: Sid,
  identity: string,
  read: { last: number | null; isMarked: boolean; isMuted: boolean },
): Change[] {
  return [
    update<ReadState>(keys.readState(sid), (held) => ({
      ...held,
      last_read_message_index: read.last,
      unread: read.last === null ? null : Math.max((held.last_message_index ?? -1) - read.last, 0),
      marked_unread: read.isMarked,
      muted: read.isMuted,
    })),
    updateEntries(sid, identity, (entry) => readEntry(entry, read)),
  ];
}

// --- kinds of changes

function update<T>(key: QueryKey, change: (data: T, key: QueryKey) => T): Change {
  return { kind: "update", key, update: change as (data: never, key: QueryKey) => unknown };
}

function updateWindows(sid: Sid, change: (window: MessageWindow) => MessageWindow): Change {
  return update<MessageWindow>(keys.messageWindows(sid), change);
}

function updateEntries(sid: Sid, identity: string, change: (entry: CachedEntry) => CachedEntry): Change {
  return update<EntryList>(keys.inboxes(), (list, key) => changeEntry(list, selectionOf(key), sid, identity, change));
}

type ActivityList = { pages: Page<Activity>[] };

function changeActivity(sid: Sid, change: (entries: Activity[]) => Activity[]): Change {
  return update<ActivityList>(keys.activity(sid), (list) => ({
    ...list,
    pages: list.pages.map((page) => ({ ...page, entries: change(page.entries) })),
  }));
}

/** The newest are first. */
function addActivity(sid: Sid, activity: Activity): Change {
  return update<ActivityList>(keys.activity(sid), (list) => {
    const [newest, ...older] = list.pages;
    const isThere = list.pages.some(({ entries }) => entries.some((one) => isSame(one, activity)));
    if (!newest || isThere) return list;
    return { ...list, pages: [{ ...newest, entries: [activity, ...newest.entries] }, ...older] };
  });
}

/** Whether two are of one change: an event of a change of state does not know its SID. */
function isSame(one: Activity, other: Activity): boolean {
  if (one.sid === other.sid) return true;
  const isOfState = one.kind === "state_changed" && other.kind === "state_changed";
  return isOfState && one.after === other.after && secondOf(one.date_created) === secondOf(other.date_created);
}

function forget(sid: Sid): Change[] {
  return [
    update<EntryList>(keys.inboxes(), (list) => removeEntry(list, sid)),
    { kind: "forget", key: keys.conversation(sid) },
  ];
}

function rereadMembers(event: ChangeEvent): Change[] {
  const sid = conversationOf(event);
  return [
    { kind: "reread", key: keys.participants(sid) },
    { kind: "reread", key: keys.activity(sid) },
  ];
}

/** An opt-out belongs to a phone and a line: it holds in all their conversations, and is told in the one where it came. */
function rereadWhoGetsNothing(number: PhoneNumber | undefined, havingPhone: Viewer["havingPhone"]): Change[] {
  if (!number) return [];
  const asked = havingPhone(number).flatMap((sid) => [keys.previews(sid), keys.silenced(sid)]);
  return [...asked, keys.firstPreviews()].map((key) => ({ kind: "reread", key }));
}

function readMessage(event: ChangeEvent): Change {
  return { kind: "read-message", conversation: conversationOf(event), message: messageOf(event).sid };
}

function readIfShortened(event: ChangeEvent): Change[] {
  return isShortened(event) ? [readMessage(event)] : [];
}

function rereadIfShortened(event: ChangeEvent): Change[] {
  return isShortened(event) ? [{ kind: "reread", key: keys.activity(conversationOf(event)) }] : [];
}

// --- what is changed

function conversationOf(event: ChangeEvent): Sid {
  return event.conversation ?? event.parameters.ConversationSid ?? "";
}

function selectionOf(key: QueryKey): InboxSelection {
  return key[1] as InboxSelection;
}

/** Take what an event says of a message that is there, unless the message is newer. */
function refresh(held: CachedMessage, event: ChangeEvent): CachedMessage {
  const changed = messageChangesOf(event);
  const isOlder = secondOf(changed.date_updated) < secondOf(held.date_updated);
  const isSame = changed.body === held.body && changed.attributes === held.attributes;
  if (isOlder || isShortened(event) || (isSame && !changed.media)) return held;
  const media = changed.media?.map((file) => ({ ...file, ...knownOf(held, file.sid) })) ?? null;
  return { ...held, ...changed, media };
}

/** What is known of a file beside what an event says: once it is here, it stays, and so does the link. */
function knownOf(held: CachedMessage, sid: Sid) {
  const known = held.media?.find((one) => one.sid === sid);
  if (!known) return {};
  return known.state === "ready" || known.state === "failed" ? known : { link: known.link ?? null };
}

/** Answers have whole seconds, events have milliseconds. */
function secondOf(date: string | undefined): number {
  return Math.floor(Date.parse(date ?? "") / 1000) || 0;
}

function renewEntry(entry: CachedEntry | undefined, event: ChangeEvent, identity: string): CachedEntry {
  const { seen_index, last_message, date_active, tapback_indexes, ...told } = entryOf(event);
  const first: CachedEntry = {
    ...told,
    friendly_name: null,
    last_message,
    seen_index,
    date_active,
    unread: firstUnread(),
    tapback_indexes,
    own_indexes: ownOf(last_message),
    marked_unread: false,
    muted: false,
  };
  if (!entry) return first;
  const silent = {
    tapback_indexes: unite(entry.tapback_indexes, tapback_indexes),
    own_indexes: unite(entry.own_indexes, ownOf(last_message)),
  };
  const held = Math.max(entry.seen_index ?? -1, entry.last_message?.index ?? -1);
  const isBehind = seen_index < held;
  return {
    ...entry,
    ...told,
    last_message: isBehind ? entry.last_message : last_message,
    date_active: isBehind ? entry.date_active : date_active,
    seen_index: Math.max(seen_index, held),
    unread: entry.unread === null ? null : entry.unread + countNews(silent, held, seen_index),
    ...silent,
  };

  function firstUnread(): number {
    // Whose those before it are, the event does not say: who has answered has read them.
    const own = ownOf(last_message);
    if (own.length > 0) return 0;
    return countNews({ tapback_indexes, own_indexes: own }, isNew(event) ? -1 : seen_index - 1, seen_index);
  }

  function ownOf(message: CachedEntry["last_message"]): number[] {
    return message && isOwn(message, identity) ? [message.index] : [];
  }
}

function unite(indexes: number[], more: number[]): number[] {
  return [...new Set([...indexes, ...more])].sort((a, b) => a - b);
}

/** Whether a conversation began so lately that no one has read anything of it. */
function isNew({ parameters }: ChangeEvent): boolean {
  return Date.parse(parameters.DateActive ?? "") - Date.parse(parameters.DateCreated ?? "") < 60_000;
}

function addToReadState(held: ReadState, index: number, isSilent: boolean): ReadState {
  const last = held.last_message_index ?? -1;
  if (index <= last) return held;
  const more = index - last - (isSilent ? 1 : 0);
  return { ...held, last_message_index: index, unread: held.unread === null ? null : held.unread + more };
}

function withoutSent(scheduled: ScheduledMessage[], message: CachedMessage): ScheduledMessage[] {
  const ref = clientRefOf(message);
  const isSent = (one: ScheduledMessage & { attributes?: string }) => {
    if (ref !== null && one.attributes) return clientRefOf({ attributes: one.attributes }) === ref;
    return one.author === message.author && one.body === message.body && one.send_at <= message.date_created;
  };
  const left = scheduled.filter((one) => !isSent(one));
  return left.length === scheduled.length ? scheduled : left;
}

function putReceipt(receipts: Receipt[], receipt: Receipt): Receipt[] {
  const at = receipts.findIndex(({ sid }) => sid === receipt.sid);
  const held = receipts[at];
  if (!held) return [...receipts, receipt];
  return secondOf(receipt.date_updated) < secondOf(held.date_updated) ? receipts : receipts.with(at, receipt);
}

function putUser(users: User[], user: User): User[] {
  return users.some(({ sid }) => sid === user.sid)
    ? users.map((held) => (held.sid === user.sid ? user : held))
    : [...users, user];
}
