import "./members-panel.css";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useLines, useParticipants } from "../api/queries.ts";
import type { PhoneNumber, Sid } from "../api/types.ts";
import { ContactDialog } from "../contacts/contact-dialog.tsx";
import { linesOf, type PhoneMember, phonesOf, recipientOf, useMemberNames, usersOf } from "../conversations/members.ts";
import { formatPhone } from "../format/phone.ts";
import { openNewConversation } from "../navigation/new-conversation.ts";
import { to } from "../navigation/routes.ts";
import { usePermission } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { useSilenced } from "./silenced.ts";

type Props = { conversation: Sid; title: string; onClose: () => void };

/** Who is in a conversation, who of them gets its texts, and why the members cannot change. */
export default function MembersPanel({ conversation, title, onClose }: Props) {
  const say = words.members;
  const { data, isError, refetch } = useParticipants(conversation);
  const participants = data ?? [];
  const silenced = useSilenced(conversation);
  const mayManage = usePermission("manageContacts");
  const mayCreate = usePermission("createConversation");
  const [unknown, setUnknown] = useState<PhoneNumber | null>(null);
  const phones = phonesOf(participants);
  const isOptedOut = ({ number }: PhoneMember) => silenced?.optedOut.has(number) ?? false;
  const getting = phones.filter((member) => !isOptedOut(member));
  const optedOut = phones.filter(isOptedOut);
  const line = linesOf(participants)[0];

  function startWith(members: PhoneMember[]) {
    onClose();
    const recipients = members.map(recipientOf);
    openNewConversation({ kind: members.length > 1 ? "group" : "single", recipients, ...(line ? { line } : {}) });
  }

  return (
    <Dialog
      shape="panel"
      title={title}
      description={data ? say.count(phones.length) : words.app.loading}
      onClose={onClose}
    >
      {!data &&
        (isError ? <ErrorState title={say.failed} onRetry={() => void refetch()} /> : <SkeletonRows count={3} />)}
      <ul class="members">
        {getting.map((member) => (
          <Member
            key={member.participant}
            conversation={conversation}
            member={member}
            isUndisturbed={silenced?.doNotDisturb.has(member.number) ?? false}
            {...(mayManage ? { onAdd: setUnknown } : {})}
          />
        ))}
        <OwnMembers conversation={conversation} />
      </ul>
      {optedOut.length > 0 && (
        <section aria-label={say.optedOut}>
          <h3 class="members-heading">{say.optedOut}</h3>
          <ul class="members">
            {optedOut.map((member) => (
              <Member key={member.participant} conversation={conversation} member={member} isUndisturbed={false} />
            ))}
          </ul>
          <p class="members-hint">{say.optedOutHint}</p>
        </section>
      )}
      {phones.length > 1 && <p class="members-hint">{say.locked}</p>}
      {mayCreate && (
        <div class="members-actions">
          <Button icon="group" disabled={phones.length === 0} onClick={() => startWith(phones)}>
            {say.newFromThis}
          </Button>
          {getting.length > 0 && optedOut.length > 0 && (
            <Button onClick={() => startWith(getting)}>{say.newWithoutOptedOut}</Button>
          )}
        </div>
      )}
      {unknown && <ContactDialog number={unknown} onClose={() => setUnknown(null)} onSaved={() => setUnknown(null)} />}
    </Dialog>
  );
}

type MemberProps = {
  conversation: Sid;
  member: PhoneMember;
  isUndisturbed: boolean;
  onAdd?: (number: PhoneNumber) => void;
};

function Member({ conversation, member, isUndisturbed, onAdd }: MemberProps) {
  const say = words.members;
  const { contact, number } = member;
  const name = useMemberNames(conversation)(member);
  return (
    <li class="member">
      <Avatar name={name} />
      <span class="member-words">
        {contact && contact.state !== "deleted" ? (
          <Link class="member-name" href={to.contact(contact.sid)}>
            {contact.name}
          </Link>
        ) : (
          <span>{name ?? formatPhone(number)}</span>
        )}
        <span class="member-detail">{name ? formatPhone(number) : say.unknown}</span>
        {contact?.state === "updated" && <span class="member-detail">{updateText(contact)}</span>}
        {contact?.state === "deleted" && <span class="member-detail">{say.deletedHint}</span>}
      </span>
      {isUndisturbed && <Tag tone="warning">{say.doNotDisturb}</Tag>}
      {contact?.state === "updated" && <Tag tone="warning">{say.updated}</Tag>}
      {contact?.state === "deleted" && <Tag tone="danger">{say.deleted}</Tag>}
      {!name && onAdd && (
        <Button kind="quiet" onClick={() => onAdd(number)}>
          {say.addContact}
        </Button>
      )}
    </li>
  );
}

function updateText(contact: NonNullable<PhoneMember["contact"]>): string {
  const say = words.members;
  if (!contact.number_is_current) return say.oldNumber;
  return contact.name === contact.name_when_added ? say.changed : say.wasCalled(contact.name_when_added);
}

/** Our lines, and the colleagues who take part themselves. */
function OwnMembers({ conversation }: { conversation: Sid }) {
  const say = words.members;
  const participants = useParticipants(conversation).data ?? [];
  const lines = useLines().data ?? [];
  const nameOf = useUserNames();
  const labelOf = (address: string) => lines.find((line) => line.address === address)?.label ?? null;
  return (
    <>
      {linesOf(participants).map((address) => (
        <li key={address} class="member">
          <Avatar name={labelOf(address)} />
          <span class="member-words">
            <span>{labelOf(address) ?? formatPhone(address)}</span>
            {labelOf(address) && <span class="member-detail">{formatPhone(address)}</span>}
          </span>
          <Tag tone="accent">{say.ours}</Tag>
        </li>
      ))}
      {usersOf(participants).map((identity) => (
        <li key={identity} class="member">
          <Avatar name={nameOf(identity)} />
          <span class="member-words">{nameOf(identity)}</span>
          <Tag>{say.colleague}</Tag>
        </li>
      ))}
    </>
  );
}
