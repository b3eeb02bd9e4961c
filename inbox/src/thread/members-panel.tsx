import "./members-panel.css";
import { useLines, useParticipants } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { useUserNames } from "../app/user-names.ts";
import { formatPhone } from "../format/phone.ts";
import { openNewConversation } from "../new-conversation/open.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { words } from "../words/words.ts";
import { linesOf, type PhoneMember, phonesOf, usersOf } from "./members.ts";

type Props = { conversation: Sid; title: string; onClose: () => void };

/** Who is in a conversation, and why that cannot change. */
export function MembersPanel({ conversation, title, onClose }: Props) {
  const participants = useParticipants(conversation).data ?? [];
  const lines = useLines().data ?? [];
  const nameOf = useUserNames();
  const phones = phonesOf(participants);
  const own = linesOf(participants);
  const labelOf = (address: string) => lines.find((line) => line.address === address)?.label ?? null;

  function startFromThis() {
    onClose();
    const recipients = phones.map(({ number, name, contact }) => ({
      number,
      name,
      contact: contact?.sid ?? null,
      label: "",
    }));
    const line = own[0];
    openNewConversation({ kind: phones.length > 1 ? "group" : "single", recipients, ...(line ? { line } : {}) });
  }

  return (
    <Dialog shape="panel" title={title} description={words.members.count(phones.length)} onClose={onClose}>
      <ul class="members">
        {phones.map((member) => (
          <Member key={member.participant} member={member} />
        ))}
        {own.map((address) => (
          <li key={address} class="member">
            <Avatar name={labelOf(address)} />
            <span class="member-words">
              <span>{labelOf(address) ?? words.members.line}</span>
              <span class="member-detail">{formatPhone(address)}</span>
            </span>
            <Tag tone="accent">{words.members.ours}</Tag>
          </li>
        ))}
        {usersOf(participants).map((identity) => (
          <li key={identity} class="member">
            <Avatar name={nameOf(identity)} />
            <span class="member-words">{nameOf(identity)}</span>
            <Tag>{words.members.colleague}</Tag>
          </li>
        ))}
      </ul>
      {phones.length > 1 && <p class="members-hint">{words.members.locked}</p>}
      <Button icon="group" onClick={startFromThis}>
        {words.members.newFromThis}
      </Button>
    </Dialog>
  );
}

function Member({ member }: { member: PhoneMember }) {
  const { contact, number, name } = member;
  return (
    <li class="member">
      <Avatar name={name} />
      <span class="member-words">
        <span>{name ?? formatPhone(number)}</span>
        <span class="member-detail">{name ? formatPhone(number) : words.members.unknown}</span>
      </span>
      {contact?.state === "updated" && <Tag tone="warning">{words.members.updated}</Tag>}
      {contact?.state === "deleted" && <Tag tone="danger">{words.members.deleted}</Tag>}
    </li>
  );
}
