import "./message-details.css";
import { useParticipants, useReceipts } from "../api/queries.ts";
import type { Message, Participant, Receipt, Sid } from "../api/types.ts";
import { phonesOf, useMemberNames } from "../conversations/members.ts";
import { formatPhone } from "../format/phone.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { usePermission } from "../person/current.ts";
import { Avatar } from "../ui/avatar.tsx";
import { classNames } from "../ui/class-names.ts";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { isOurs, writerName } from "./people.ts";
import { isFailure, receiptText } from "./receipt-text.ts";
import { usePeople } from "./use-people.ts";

type Props = { conversation: Sid; message: Message; onClose: () => void };

/** A message with all that is known of it: who wrote it and when, and what became of it for each member. */
export default function MessageDetails({ conversation, message, onClose }: Props) {
  const participants = useParticipants(conversation).data ?? [];
  const people = usePeople(conversation);
  return (
    <Dialog shape="panel" title={words.details.title} onClose={onClose}>
      {message.body && <p class="details-text">{message.body}</p>}
      <dl class="details-facts">
        <dt>{words.details.writer}</dt>
        <dd>{writerName(people, message)}</dd>
        <dt>{words.details.time}</dt>
        <dd>{formatExactTime(message.date_created)}</dd>
      </dl>
      {isOurs(people, message) && (
        <Receipts conversation={conversation} message={message} participants={participants} />
      )}
    </Dialog>
  );
}

type ReceiptsProps = { conversation: Sid; message: Message; participants: Participant[] };

function Receipts({ conversation, message, participants }: ReceiptsProps) {
  const receipts = useReceipts(conversation, message.sid);
  if (receipts.isError && !receipts.data) {
    return <ErrorState title={words.details.failed} onRetry={() => void receipts.refetch()} />;
  }
  if (!receipts.data) return <SkeletonRows count={message.delivery?.total ?? 1} />;
  if (receipts.data.length === 0) return <p class="details-none">{words.details.noPhones}</p>;
  return (
    <>
      <h3 class="details-heading">{words.details.members}</h3>
      <ul>
        {receipts.data.map((receipt) => (
          <ReceiptRow
            key={receipt.sid}
            conversation={conversation}
            receipt={receipt}
            participant={participants.find(({ sid }) => sid === receipt.participant_sid)}
          />
        ))}
      </ul>
    </>
  );
}

type RowProps = { conversation: Sid; receipt: Receipt; participant: Participant | undefined };

function ReceiptRow({ conversation, receipt, participant }: RowProps) {
  const showsCarrierId = usePermission("viewAnyConversation");
  const nameOf = useMemberNames(conversation);
  const [member] = phonesOf(participant ? [participant] : []);
  const name = member ? nameOf(member) : null;
  const number = member?.number;
  return (
    <li class="receipt">
      <Avatar name={name} />
      <span class="receipt-words">
        <span>{name ?? (number ? formatPhone(number) : words.details.left)}</span>
        <span class={classNames("receipt-status", isFailure(receipt) && "receipt-status-failed")}>
          {receiptText(receipt)}
        </span>
        {showsCarrierId && receipt.channel_message_sid && (
          <span class="receipt-id truncate" title={words.details.carrierId}>
            {receipt.channel_message_sid}
          </span>
        )}
      </span>
      <time class="receipt-time tabular" dateTime={receipt.date_updated} title={formatExactTime(receipt.date_updated)}>
        {formatListTime(receipt.date_updated, new Date())}
      </time>
    </li>
  );
}
