import "./scheduled-dialog.css";
import { useState } from "preact/hooks";
import { useScheduledMessages } from "../api/queries.ts";
import type { ScheduledMessage, Sid } from "../api/types.ts";
import { formatExactTime, formatWhen } from "../format/time.ts";
import { usePermission, useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { useScheduledChanges } from "./scheduled-changes.ts";
import TimeDialog from "./time-dialog.tsx";

type Props = { conversation: Sid; onClose: () => void };

/** The texts of a conversation that wait to be sent, and what can be done with each. */
export default function ScheduledDialog({ conversation, onClose }: Props) {
  const say = words.composer.later;
  const { data: scheduled, isError, refetch } = useScheduledMessages(conversation);
  const changes = useScheduledChanges(conversation);
  const [changed, setChanged] = useState<ScheduledMessage | null>(null);
  return (
    <Dialog shape="wide" title={say.listTitle} onClose={onClose}>
      {isError && !scheduled && <ErrorState title={say.failed} onRetry={() => void refetch()} />}
      {!scheduled && !isError && <SkeletonRows count={2} />}
      {scheduled?.length === 0 && <EmptyState icon="clock" title={say.empty} />}
      <ul class="scheduled">
        {scheduled?.map((one) => (
          <Scheduled key={one.sid} scheduled={one} changes={changes} onChange={() => setChanged(one)} />
        ))}
      </ul>
      {changed && (
        <TimeDialog
          title={say.change}
          at={new Date(changed.send_at)}
          body={changed.body ?? ""}
          action={words.app.save}
          onSave={(at, body) => {
            void changes.change(changed, at, body);
            setChanged(null);
          }}
          onClose={() => setChanged(null)}
        />
      )}
    </Dialog>
  );
}

type ScheduledProps = {
  scheduled: ScheduledMessage;
  changes: ReturnType<typeof useScheduledChanges>;
  onChange: () => void;
};

function Scheduled({ scheduled, changes, onChange }: ScheduledProps) {
  const say = words.composer.later;
  const { send_at: at, scheduled_by: writer, body, media_sids: files } = scheduled;
  const self = useSession().user.identity;
  const nameOf = useUserNames();
  const mayEdit = usePermission("editAnyMessage");
  const mayDelete = usePermission("deleteAnyMessage");
  const isOwn = writer === self;
  const [isBusy, setBusy] = useState(false);
  const during = (work: Promise<boolean>) => {
    setBusy(true);
    void work.then(() => setBusy(false));
  };
  return (
    <li class="scheduled-text">
      <p class="scheduled-when" title={formatExactTime(at)}>
        {formatWhen(at, new Date())}
        {writer !== null && !isOwn && <span class="scheduled-by"> {say.by(nameOf(writer))}</span>}
      </p>
      {body && <p class="scheduled-body">{body}</p>}
      {files.length > 0 && <p class="scheduled-by">{say.files(files.length)}</p>}
      <div class="scheduled-actions">
        {isOwn && (
          <Button isBusy={isBusy} onClick={() => during(changes.sendNow(scheduled))}>
            {say.sendNow}
          </Button>
        )}
        {(isOwn || mayEdit) && (
          <Button disabled={isBusy} onClick={onChange}>
            {say.change}
          </Button>
        )}
        {(isOwn || mayDelete) && (
          <Button kind="quiet" disabled={isBusy} onClick={() => during(changes.cancel(scheduled))}>
            {say.cancel}
          </Button>
        )}
      </div>
    </li>
  );
}
