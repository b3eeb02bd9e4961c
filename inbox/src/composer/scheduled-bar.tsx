import { useScheduledMessages } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { formatWhen } from "../format/time.ts";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";

type Props = {
  conversation: Sid;
  /** Whether to ask. What is known is shown without asking. */
  isWanted: boolean;
  onOpen: () => void;
};

/** Above the field: that texts wait to be sent, since somebody who writes might say the same. */
export function ScheduledBar({ conversation, isWanted, onOpen }: Props) {
  const say = words.composer.later;
  const scheduled = useScheduledMessages(conversation, isWanted).data ?? [];
  const [next] = scheduled;
  if (!next) return null;
  return (
    <button type="button" class="composer-scheduled" onClick={onOpen}>
      <Icon name="clock" />
      <span class="truncate">{say.waiting(scheduled.length, formatWhen(next.send_at, new Date()))}</span>
      <span class="composer-scheduled-show">{say.show}</span>
    </button>
  );
}
