/**
 * What screens ask the server. Every answer is cached under its key in `keys.ts`, and live events keep it right
 * (`live/updates.ts`), so a screen asks once and shows what is in the cache.
 *
 * Each hook returns TanStack's query, or an object with the query as `query` beside what it has read. Use of a query only
 * what you show (`isPending`, `error`, `refetch`): a component is drawn again when one of the members it reads changes.
 */

import {
  notifyManager,
  type QueryClient,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/preact-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { readLive } from "./connection.ts";
import { type CachedEntry, findEntry, joinPages, readIndexOf, seenIndexOf } from "./entries.ts";
import { isTemporary } from "./errors.ts";
import { type InboxSelection, keys } from "./keys.ts";
import { addNewer, addOlder, type CachedMessage, type MessageWindow, mergeWindows } from "./message-window.ts";
import { type Page, type Query, readAll } from "./pages.ts";
import {
  conversationPath,
  get,
  readActivity,
  readAgain,
  readAround,
  readContacts,
  readEnd,
  readInbox,
  readNewer,
  readOlder,
  readReadState,
} from "./reads.ts";
import { useRecovery } from "./recovery.ts";
import type {
  Activity,
  Contact,
  Conversation,
  InboxEntry,
  Line,
  MessageFile,
  Participant,
  ReadState,
  Receipt,
  Role,
  ScheduledMessage,
  Sid,
  Snippet,
  User,
} from "./types.ts";

// --- the list

/** A list of conversations, the one with the latest activity first. `fetchNextPage` reads on while `hasNextPage`. */
export function useInbox(selection: InboxSelection) {
  const query = useInfiniteQuery({
    queryKey: keys.inbox(selection),
    queryFn: ({ pageParam, signal }) => readLive(() => readInbox(selection, pageParam, signal)),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }) => next,
  });
  const pages = query.data?.pages;
  const entries: InboxEntry[] | undefined = useMemo(() => pages && joinPages(pages), [pages]);
  return { query, entries };
}

/** The entry of a conversation, as lists have it now; undefined while none has it. */
export function useEntry(conversation: Sid): CachedEntry | undefined {
  const client = useQueryClient();
  const [, setEntry] = useState<CachedEntry>();
  useEffect(() => {
    const look = () => setEntry(findEntry(client, conversation));
    look();
    return client.getQueryCache().subscribe(({ query }) => {
      if (query.queryKey[0] === "inbox") notifyManager.schedule(look);
    });
  }, [client, conversation]);
  return findEntry(client, conversation);
}

// --- a conversation

/** A conversation. No request is made if a list has it. */
export function useConversation(conversation: Sid) {
  const client = useQueryClient();
  return useQuery({
    queryKey: keys.details(conversation),
    queryFn: ({ signal }) => readLive(() => get<Conversation>(conversationPath(conversation), {}, signal)),
    initialData: () => {
      const entry = findEntry(client, conversation);
      return entry && conversationOf(entry);
    },
  });
}

function conversationOf(entry: CachedEntry): Conversation {
  return {
    sid: entry.conversation_sid,
    chat_service_sid: entry.chat_service_sid,
    friendly_name: entry.friendly_name,
    state: entry.state,
    assignee: entry.assignee,
    attributes: "{}",
    date_created: entry.date_created,
    date_updated: entry.date_active,
  };
}

function messagesOptions(conversation: Sid, at?: number) {
  const queryKey = keys.messages(conversation, at);
  return queryOptions<MessageWindow>({
    queryKey,
    queryFn: ({ client, signal }) =>
      readLive(async () => {
        const held = client.getQueryData<MessageWindow>(queryKey);
        if (!held) {
          const first = await (at === undefined ? readEnd(conversation, signal) : readAround(conversation, at, signal));
          keepLinks(client, first.messages);
          return first;
        }
        const read = await readAgain(conversation, held, signal);
        keepLinks(client, read.messages);
        return mergeWindows(read, client.getQueryData<MessageWindow>(queryKey));
      }),
  });
}

/** Read the messages around an index before they are shown, so that what is shown stays until they are here. */
export function prefetchMessages(client: QueryClient, conversation: Sid, at: number): Promise<void> {
  return client.prefetchQuery(messagesOptions(conversation, at));
}

/**
 * Messages of a conversation, from its end on or, after a jump, around an index. `loadOlder` and `loadNewer` read more of
 * them, and may be called as often as one likes.
 */
export function useMessages(conversation: Sid, at?: number) {
  const client = useQueryClient();
  const query = useQuery(messagesOptions(conversation, at));
  const older = useReadMore(async () => {
    const window = client.getQueryData<MessageWindow>(keys.messages(conversation, at));
    const first = window?.messages[0]?.index;
    if (!window?.hasOlder || first === undefined) return;
    const page = await readOlder(conversation, first);
    keepLinks(client, page.entries);
    setWindow(client, conversation, at, (now) => addOlder(now, page.entries, page.next !== null));
  });
  const newer = useReadMore(async () => {
    const window = client.getQueryData<MessageWindow>(keys.messages(conversation, at));
    if (!window?.hasNewer) return;
    const page = await readLive(() => readNewer(conversation, window.through));
    keepLinks(client, page.entries);
    setWindow(client, conversation, at, (now) => addNewer(now, page.entries, page.next !== null));
  });
  return {
    query,
    messages: query.data?.messages,
    hasOlder: query.data?.hasOlder ?? false,
    hasNewer: query.data?.hasNewer ?? false,
    loadOlder: older.read,
    loadNewer: newer.read,
    isLoadingOlder: older.isReading,
    isLoadingNewer: newer.isReading,
    olderError: older.error,
    newerError: newer.error,
    /** Behind which message others come; undefined where it is not the end, as after a jump. */
    followedFrom: query.data && !query.data.hasNewer ? query.data.through : undefined,
  };
}

function setWindow(
  client: QueryClient,
  conversation: Sid,
  at: number | undefined,
  change: (window: MessageWindow) => MessageWindow,
) {
  client.setQueryData<MessageWindow>(keys.messages(conversation, at), (window) => window && change(window));
}

/** A function that reads more of something, one reading at a time, and again by itself after a failure that passes. */
function useReadMore(readMore: () => Promise<void>) {
  const [isReading, setReading] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(readMore);
  latest.current = readMore;
  const isUnderWay = useRef(false);
  /** Rejects when it fails. */
  const readOnce = useCallback(async () => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setReading(true);
    try {
      await latest.current();
      setError(null);
    } catch (problem) {
      setError(problem);
      throw problem;
    } finally {
      isUnderWay.current = false;
      setReading(false);
    }
  }, []);
  useRecovery(isTemporary(error), readOnce);
  const read = useCallback(() => {
    setError(null);
    readOnce().catch(() => {});
  }, [readOnce]);
  return { read, isReading, error };
}

/** All members of a conversation, at most 300. */
export function useParticipants(conversation: Sid) {
  return useQuery({
    queryKey: keys.participants(conversation),
    queryFn: ({ signal }) =>
      readLive(() => readAll<Participant>(conversationPath(conversation, "Participants"), signal)),
  });
}

/** What happened beside the messages, notes included, in order. `fetchNextPage` reads what is older. */
export function useActivity(conversation: Sid) {
  const query = useInfiniteQuery({
    queryKey: keys.activity(conversation),
    queryFn: ({ pageParam, signal }) => readLive(() => readActivity(conversation, pageParam, signal)),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }) => next,
  });
  // Pages are newest first.
  const pages = query.data?.pages;
  const activity: Activity[] | undefined = useMemo(() => pages?.flatMap(entriesOf).reverse(), [pages]);
  return { query, activity };
}

/** What the person has read of a conversation. No request is made if a list has it. */
export function useReadState(conversation: Sid) {
  const client = useQueryClient();
  return useQuery({
    queryKey: keys.readState(conversation),
    queryFn: ({ signal }) => readLive(() => readReadState(conversation, signal)),
    initialData: () => {
      const entry = findEntry(client, conversation);
      return entry && readStateOf(entry);
    },
  });
}

function readStateOf(entry: CachedEntry): ReadState | undefined {
  if (entry.unread === null) return undefined;
  const last = seenIndexOf(entry);
  const read = readIndexOf(entry);
  return {
    conversation_sid: entry.conversation_sid,
    last_read_message_index: read < 0 ? null : read,
    last_message_index: last < 0 ? null : last,
    unread: entry.unread,
    marked_unread: entry.marked_unread,
    muted: entry.muted,
  };
}

/** What became of a message for each recipient. */
export function useReceipts(conversation: Sid, message: Sid) {
  return useQuery({
    queryKey: keys.receipts(conversation, message),
    queryFn: ({ signal }) =>
      readLive(() => readAll<Receipt>(conversationPath(conversation, "Messages", message, "Receipts"), signal)),
  });
}

/** The messages of a conversation that are still to be sent. */
export function useScheduledMessages(conversation: Sid, isWanted = true) {
  return useQuery({
    queryKey: keys.scheduled(conversation),
    enabled: isWanted,
    queryFn: ({ signal }) =>
      readLive(async () => {
        const path = conversationPath(conversation, "ScheduledMessages");
        const answer = await get<{ scheduled_messages: ScheduledMessage[] }>(
          path,
          { State: "scheduled", PageSize: 100 },
          signal,
        );
        return answer.scheduled_messages;
      }),
  });
}

/** How long a link to a file works, less a little, in milliseconds. */
const LINK_LIFE = 4.5 * 60_000;

/** Messages came with links to their files, so that none is asked for by itself while they are valid. */
function keepLinks(client: QueryClient, messages: CachedMessage[]): void {
  for (const { sid, link } of messages.flatMap(({ media }) => media ?? [])) {
    if (link) client.setQueryData(keys.file(sid), link);
  }
}

/** A link to a file that is here, valid now; undefined until there is one. Ask only for files that are shown. */
export function useFileLink(file: MessageFile, isWanted = true) {
  return useQuery({
    queryKey: keys.file(file.sid),
    queryFn: async ({ signal }) => {
      const stored = await get<{ links: { content_direct_temporary: string } }>(`/v1/Media/${file.sid}`, {}, signal);
      return stored.links.content_direct_temporary;
    },
    enabled: isWanted && (file.state ?? "ready") === "ready",
    staleTime: LINK_LIFE,
  });
}

// --- the house

/** The lines that the person may use. */
export function useLines() {
  return useQuery({ queryKey: keys.lines(), queryFn: ({ signal }) => readAll<Line>("/v1/Lines", signal) });
}

/** Everyone of the Service. */
export function useUsers() {
  return useQuery({ queryKey: keys.users(), queryFn: ({ signal }) => readAll<User>("/v1/Users", signal) });
}

export function useRoles() {
  return useQuery({ queryKey: keys.roles(), queryFn: ({ signal }) => readAll<Role>("/v1/Roles", signal) });
}

/** The snippets for everyone, then the person's own. */
export function useSnippets(isWanted = true) {
  return useQuery({
    queryKey: keys.snippets(),
    queryFn: ({ signal }) => readAll<Snippet>("/v1/Snippets", signal),
    enabled: isWanted,
  });
}

/** Contacts that a search finds; all of them by name without one. `fetchNextPage` reads on while `hasNextPage`. */
export function useContacts(q = "", owner?: string) {
  const query = useInfiniteQuery({
    queryKey: keys.contacts(q, owner),
    queryFn: ({ pageParam, signal }) => readContacts(q, owner, pageParam, signal),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }) => next,
    // No event tells of contacts.
    staleTime: 30_000,
  });
  const pages = query.data?.pages;
  const contacts: Contact[] | undefined = useMemo(() => pages?.flatMap(entriesOf), [pages]);
  return { query, contacts };
}

export function useContact(contact: Sid) {
  return useQuery({
    queryKey: keys.contact(contact),
    queryFn: ({ signal }) => get<Contact>(`/v1/Contacts/${contact}`, {}, signal),
    staleTime: 30_000,
  });
}

function entriesOf<T>(page: Page<T>): T[] {
  return page.entries;
}
