import "./thread-screen.css";
import { useMemo, useState } from "preact/hooks";
import type { CachedMessage } from "../api/message-window.ts";
import { useActivity, useConversation, useLines, useMessages, useParticipants, useReadState } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { useSession } from "../app/current.ts";
import { isNotFound } from "../app/query-client.ts";
import { useUserNames } from "../app/user-names.ts";
import { Composer } from "../composer/composer.tsx";
import { useOutbox } from "../outbox/my-outbox.ts";
import { lazy } from "../ui/lazy.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { gatherPeople } from "./people.ts";
import { ThreadHeader } from "./thread-header.tsx";
import { ThreadLog } from "./thread-log.tsx";
import { buildRows } from "./timeline.ts";

const MessageDetails = lazy(() => import("./message-details.tsx"));

type Props = {
  conversation: Sid;
  /** The index of a message to show. */
  target: number | null;
};

/** One conversation: its header, what was written, and the place to write. */
export function ThreadScreen({ conversation, target }: Props) {
  const [opened, setOpened] = useState<CachedMessage | null>(null);
  const details = useConversation(conversation);
  const window = useMessages(conversation, target ?? undefined);
  if (isNotFound(window.query.error) || isNotFound(details.error)) {
    return <EmptyState icon="message" title={words.app.notFound} text={words.app.notFoundText} />;
  }
  return (
    <section class="thread" aria-label={words.thread.label}>
      <ThreadHeader conversation={conversation} />
      <Log conversation={conversation} window={window} target={target} onOpenMessage={setOpened} />
      {details.data && <Composer conversation={conversation} state={details.data.state} />}
      {opened && <MessageDetails conversation={conversation} message={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}

type LogProps = Props & {
  window: ReturnType<typeof useMessages>;
  onOpenMessage: (message: CachedMessage) => void;
};

function Log({ conversation, window, target, onOpenMessage }: LogProps) {
  const self = useSession().user.identity;
  const nameOfUser = useUserNames();
  const participants = useParticipants(conversation).data;
  const { activity } = useActivity(conversation);
  const lines = useLines().data;
  const read = useReadState(conversation).data;
  // What was unread when the thread was opened stays marked while one is there.
  const [readThrough] = useState(read?.unread ? read.last_read_message_index : undefined);
  const people = useMemo(
    () => gatherPeople(participants ?? [], lines ?? [], self, nameOfUser),
    [participants, lines, self, nameOfUser],
  );
  const { messages, hasOlder, hasNewer } = window;
  const outgoing = useOutbox(conversation, messages);
  const rows = useMemo(
    () =>
      buildRows({
        messages: messages ?? [],
        activity: activity ?? [],
        // After a jump the end of the conversation may be far below.
        outgoing: hasNewer ? [] : outgoing,
        isWhole: !hasOlder,
        readThrough,
      }),
    [messages, activity, outgoing, hasOlder, hasNewer, readThrough],
  );
  if (!messages || !participants) {
    if (!window.query.isError) return <SkeletonRows count={6} />;
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
      rows={rows}
      people={people}
      hasOlder={hasOlder}
      hasNewer={hasNewer}
      isLoadingOlder={window.isLoadingOlder}
      loadOlder={window.loadOlder}
      loadNewer={window.loadNewer}
      target={target}
      onOpenMessage={onOpenMessage}
    />
  );
}
