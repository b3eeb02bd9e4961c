import "./conversation-row.css";
import { Link } from "wouter-preact";
import type { InboxEntry } from "../api/types.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { to } from "../navigation/routes.ts";
import { GroupAvatar, initialsOf } from "../ui/avatar.tsx";
import { CountBadge, Tag } from "../ui/badge.tsx";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { memo } from "../ui/memo.tsx";
import { words } from "../words/words.ts";
import { type DeliveryMark, MARK_ICONS, markOf } from "./delivery.ts";
import { isOutgoing, previewOf, titleOf, unreadCount } from "./entry-text.ts";

type Props = {
  entry: InboxEntry;
  self: string;
  nameOf: (identity: string) => string;
  now: Date;
  isSelected: boolean;
  isFocusable: boolean;
};

/** One conversation of the list: a link with all that helps to decide whether to open it. */
export const ConversationRow = memo(({ entry, self, nameOf, now, isSelected, isFocusable }: Props) => {
  const unread = unreadCount(entry);
  // That of the words below. The last activity, by which the list is ordered, may be later: somebody joined.
  const at = entry.last_message?.date_created ?? entry.date_active;
  const mark = isOutgoing(entry) ? markOf(entry.last_message?.delivery ?? null) : null;
  return (
    <Link
      href={to.conversation(entry.conversation_sid)}
      class={classNames("row", isSelected && "row-selected", unread > 0 && "row-unread")}
      aria-current={isSelected ? "page" : undefined}
      tabIndex={isFocusable ? 0 : -1}
      data-conversation={entry.conversation_sid}
    >
      <GroupAvatar names={entry.members.map(({ name, identity }) => name ?? identity)} />
      <span class="row-words">
        <span class="row-line">
          <span class="row-title truncate">{titleOf(entry)}</span>
          <time class="row-time tabular" dateTime={at} title={formatExactTime(at)}>
            {formatListTime(at, now)}
          </time>
        </span>
        <span class="row-line">
          <span class="row-preview truncate">{previewOf(entry, self, nameOf)}</span>
          {mark && <Mark mark={mark} />}
          {entry.state === "closed" && <Tag>{words.list.closed}</Tag>}
          {entry.assignee && <Assignee name={nameOf(entry.assignee)} />}
          {unread > 0 && <CountBadge count={unread} label={words.list.unread(unread)} />}
        </span>
      </span>
    </Link>
  );
});

function Mark({ mark }: { mark: DeliveryMark }) {
  return (
    <span class={classNames("row-mark", mark.kind === "failed" && "row-mark-failed")} title={mark.label}>
      <Icon name={MARK_ICONS[mark.kind]} />
      <span class="visually-hidden">{mark.label}</span>
    </span>
  );
}

function Assignee({ name }: { name: string }) {
  return (
    <span class="row-assignee" title={words.list.assignedTo(name)}>
      <span aria-hidden="true">{initialsOf(name) || name.slice(0, 2)}</span>
      <span class="visually-hidden">{words.list.assignedTo(name)}</span>
    </span>
  );
}
