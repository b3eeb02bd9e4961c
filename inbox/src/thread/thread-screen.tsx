import "./thread-screen.css";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { isNotFound } from "../api/errors.ts";
import type { CachedMessage } from "../api/message-window.ts";
import { useActivity, useConversation, useMessages, useParticipants } from "../api/queries.ts";
import type { MessageFile, Sid } from "../api/types.ts";
import { Composer } from "../composer/composer.tsx";
import { useFollow } from "../live/live.ts";
import { to } from "../navigation/routes.ts";
import { useOutbox } from "../outbox/my-outbox.ts";
import { lazy } from "../ui/lazy.tsx";
import { memo } from "../ui/memo.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import type { LogActions } from "./log-row.tsx";
import type { People } from "./people.ts";
import type { Place } from "./place.ts";
import { SearchedWords } from "./searched-words.ts";
import { SkeletonMessages } from "./skeleton-messages.tsx";
import { ThreadHeader } from "./thread-header.tsx";
import { ThreadLog } from "./thread-log.tsx";
import { ThreadSearch } from "./thread-search.tsx";
import { buildRows, reachesBack, writerOf } from "./timeline.ts";
import { TypingLine } from "./typing-line.tsx";
import { newBefore } from "./unread-mark.ts";
import { useAnnouncements } from "./use-announcements.ts";
import { usePeople } from "./use-people.ts";
import { usePlace } from "./use-place.ts";
import { useReading } from "./use-reading.ts";
import { useRemoved } from "./use-removed.ts";

const NO_WORDS: string[] = [];
const PictureViewer = lazy(() => import("./picture-viewer.tsx"));
const MessageDetails = lazy(() => import("./message-details.tsx"));

type Props = {
  conversation: Sid;
  /** The index of a message to show. */
  target: number | null;
};

/** One conversation: its header, what was written, and the place to write. */
export const ThreadScreen = memo(({ conversation, target }: Props) => {
  const [opened, setOpened] = useState<CachedMessage | null>(null);
  const [pictures, setPictures] = useState<{ pictures: MessageFile[]; at: number } | null>(null);
  const details = useConversation(conversation);
  const { place, at, show } = usePlace(conversation, target);
  const window = useMessages(conversation, at);
  useFollow(conversation, window.followedFrom);
  const [isSearching, setSearching] = useState(false);
  const [searched, setSearched] = useState(NO_WORDS);
  const actions = useMemo(
    () => ({
      onOpenMessage: setOpened,
      onOpenPicture: (all: MessageFile[], first: number) => setPictures({ pictures: all, at: first }),
    }),
    [],
  );
  function endSearch() {
    setSearching(false);
    setSearched(NO_WORDS);
    section.current?.querySelector<HTMLElement>(".thread-more")?.focus();
  }

  const section = useRef<HTMLElement>(null);
  const wasThere = useRef(false);
  if (window.messages) wasThere.current = true;
  if (isNotFound(window.query.error) || isNotFound(details.error)) return <Gone wasThere={wasThere.current} />;
  return (
    <section ref={section} class="thread" aria-label={words.thread.label}>
      <div>
        <ThreadHeader conversation={conversation} onSearch={() => setSearching(true)} />
        {isSearching && (
          <ThreadSearch conversation={conversation} onShow={show} onSearch={setSearched} onClose={endSearch} />
        )}
      </div>
      <SearchedWords.Provider value={searched}>
        <Log
          conversation={conversation}
          window={window}
          part={at ?? "end"}
          place={place}
          onShow={show}
          actions={actions}
        />
      </SearchedWords.Provider>
      <TypingLine conversation={conversation} />
      {details.data && <Composer conversation={conversation} state={details.data.state} />}
      {opened && <MessageDetails conversation={conversation} message={opened} onClose={() => setOpened(null)} />}
      {pictures && <PictureViewer {...pictures} onClose={() => setPictures(null)} />}
    </section>
  );
});

/** In the place of a conversation that is not to be seen, or not any more. */
function Gone({ wasThere }: { wasThere: boolean }) {
  const { app, thread } = words;
  return (
    <EmptyState
      icon="message"
      title={wasThere ? thread.gone : app.notFound}
      text={wasThere ? thread.goneText : app.notFoundText}
    >
      <Link class="button button-secondary" href={to.inbox()}>
        {thread.toInbox}
      </Link>
    </EmptyState>
  );
}

type LogProps = {
  conversation: Sid;
  window: ReturnType<typeof useMessages>;
  /** Which part of the messages the window is. */
  part: number | "end";
  place: Place;
  onShow: (index: number | null) => void;
  actions: LogActions;
};

function Log({ conversation, window, part, place, onShow, actions }: LogProps) {
  const { messages, hasOlder, hasNewer } = window;
  const participants = useParticipants(conversation).data;
  const people = usePeople(conversation);
  const activity = useActivityOf(conversation, messages);
  // Without messages there are no names to wait for. What is shown stays.
  const wasReady = useRef(false);
  const isNamed = participants !== undefined || messages?.length === 0 || wasReady.current;
  const isReady = messages !== undefined && isNamed;
  if (isReady) wasReady.current = true;
  const readThrough = useReading(conversation, isReady && !hasNewer ? newestOf(messages, people) : undefined);
  useAnnouncements(messages, people, !hasNewer);
  const outgoing = useOutbox(conversation, messages);
  const removed = useRemoved(conversation);
  const rows = useMemo(
    () =>
      buildRows({
        messages: messages ?? [],
        activity: activity ?? [],
        removed: hasNewer ? removed.filter(({ index }) => index < (messages?.at(-1)?.index ?? 0)) : removed,
        // After a jump the end of the conversation may be far below.
        outgoing: hasNewer ? [] : outgoing,
        isWhole: !hasOlder,
        readThrough,
        self: people.self,
      }),
    [messages, activity, removed, outgoing, hasOlder, hasNewer, readThrough, people.self],
  );
  // What was just sent is shown, wherever one was reading.
  const newest = outgoing.at(-1)?.key;
  const known = useRef(newest);
  useEffect(() => {
    if (newest !== undefined && newest !== known.current && document.hasFocus()) onShow(null);
    known.current = newest;
  }, [newest, onShow]);

  if (!isReady) {
    if (!window.query.isError) return <SkeletonMessages />;
    return (
      <ErrorState
        title={words.thread.failed}
        text={words.list.failedText}
        onRetry={() => void window.query.refetch()}
      />
    );
  }
  if (rows.length === 0) return <EmptyState icon="message" title={words.thread.empty} text={words.thread.emptyText} />;
  return (
    <ThreadLog
      key={part}
      rows={rows}
      people={people}
      hasOlder={hasOlder}
      hasNewer={hasNewer}
      isLoadingOlder={window.isLoadingOlder}
      isLoadingNewer={window.isLoadingNewer}
      olderFailed={window.olderError !== null}
      newerFailed={window.newerError !== null}
      loadOlder={window.loadOlder}
      loadNewer={window.loadNewer}
      place={place}
      newAbove={hasOlder ? newBefore(readThrough, messages[0]?.index) : null}
      onShow={onShow}
      actions={actions}
    />
  );
}

/** Notes and events, read back as far as the messages are. */
function useActivityOf(conversation: Sid, messages: CachedMessage[] | undefined) {
  const { query, activity } = useActivity(conversation);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError: hasFailed, fetchNextPage } = query;
  const isShort = messages !== undefined && activity !== undefined && !reachesBack(activity, messages);
  useEffect(() => {
    if (isShort && hasNextPage && !isFetchingNextPage && !hasFailed) void fetchNextPage();
  }, [isShort, hasNextPage, isFetchingNextPage, hasFailed, fetchNextPage]);
  return activity;
}

function newestOf(messages: CachedMessage[], { self }: People) {
  const message = messages.at(-1);
  return message ? { index: message.index, isOwn: writerOf(message) === self } : null;
}
