import "./contact-card.css";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { readPage } from "../api/pages.ts";
import { useContact, useInbox } from "../api/queries.ts";
import type { Contact, ContactChange, Sid } from "../api/types.ts";
import { usePermission, useSession } from "../app/current.ts";
import { isNotFound } from "../app/query-client.ts";
import { to } from "../app/routes.ts";
import { useUserNames } from "../app/user-names.ts";
import { ConversationRow } from "../conversations/conversation-row.tsx";
import { formatPhone } from "../format/phone.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { openNewConversation } from "../new-conversation/open.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { ContactDialog } from "./contact-dialog.tsx";

/** A contact: numbers, owner, do-not-disturb, conversations and history, and what can be done. */
export function ContactCard({ contact: sid }: { contact: Sid }) {
  const { data: contact, error, refetch } = useContact(sid);
  if (isNotFound(error)) {
    return <EmptyState icon="contacts" title={words.app.notFound} text={words.app.notFoundText} />;
  }
  if (error && !contact) return <ErrorState title={words.contacts.failed} onRetry={() => void refetch()} />;
  if (!contact) return <SkeletonRows count={4} />;
  return (
    <article class="contact-card">
      <Link href={to.contacts()} class="icon-button contact-back" aria-label={words.app.back} title={words.app.back}>
        <Icon name="back" />
      </Link>
      <CardHead contact={contact} />
      <Numbers contact={contact} />
      <Facts contact={contact} />
      <Conversations contact={contact} />
      <History contact={contact} />
    </article>
  );
}

function CardHead({ contact }: { contact: Contact }) {
  const mayManage = usePermission("manageContacts");
  const [isOpen, setOpen] = useState<"edit" | "delete" | null>(null);
  const number = contact.numbers.find(({ primary }) => primary) ?? contact.numbers[0];

  function text() {
    if (!number) return;
    const { friendly_name: name, sid } = contact;
    const recipient = { number: number.number, name, contact: sid, label: number.label };
    openNewConversation({ kind: "single", recipients: [recipient] });
  }

  return (
    <header class="contact-head">
      <Avatar name={contact.friendly_name} size="l" />
      <h2>{contact.friendly_name}</h2>
      <div class="contact-buttons">
        <Button kind="primary" icon="message" disabled={!number || contact.do_not_disturb !== null} onClick={text}>
          {words.contacts.text}
        </Button>
        <Button icon="edit" onClick={() => setOpen("edit")}>
          {words.contacts.edit}
        </Button>
        {mayManage && (
          <Button icon="trash" onClick={() => setOpen("delete")}>
            {words.contacts.delete}
          </Button>
        )}
      </div>
      {isOpen === "edit" && (
        <ContactDialog contact={contact} onClose={() => setOpen(null)} onSaved={() => setOpen(null)} />
      )}
      {isOpen === "delete" && <DeleteDialog contact={contact} onClose={() => setOpen(null)} />}
    </header>
  );
}

function Numbers({ contact }: { contact: Contact }) {
  return (
    <section aria-label={words.contacts.numbers}>
      <h3>{words.contacts.numbers}</h3>
      <ul class="contact-numbers">
        {contact.numbers.map(({ number, label, primary }) => (
          <li key={number}>
            <span class="tabular">{formatPhone(number)}</span>
            {label && <span class="contact-label">{label}</span>}
            {primary && contact.numbers.length > 1 && <Tag tone="accent">{words.contacts.primary}</Tag>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ contact }: { contact: Contact }) {
  const nameOf = useUserNames();
  const { do_not_disturb: dnd, owner } = contact;
  return (
    <dl class="contact-facts">
      <dt>{words.contacts.owner}</dt>
      <dd>{owner ? nameOf(owner) : words.contacts.noOwner}</dd>
      {dnd && (
        <>
          <dt>{words.contacts.doNotDisturb}</dt>
          <dd>
            {words.contacts.doNotDisturbSince(formatListTime(dnd.since, new Date()), nameOf(dnd.by))}
            {dnd.reason && `: ${dnd.reason}`}
          </dd>
        </>
      )}
    </dl>
  );
}

function Conversations({ contact }: { contact: Contact }) {
  const self = useSession().user.identity;
  const nameOf = useUserNames();
  const { entries } = useInbox({ view: "all", contact: contact.sid });
  if (!entries) return null;
  return (
    <section aria-label={words.contacts.conversations}>
      <h3>{words.contacts.conversations}</h3>
      {entries.length === 0 && <p class="contact-none">{words.contacts.noConversations}</p>}
      <ul class="contact-conversations">
        {entries.map((entry) => (
          <li key={entry.conversation_sid}>
            <ConversationRow
              entry={entry}
              self={self}
              nameOf={nameOf}
              now={new Date()}
              isSelected={false}
              isFocusable={true}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ contact }: { contact: Contact }) {
  const nameOf = useUserNames();
  const { data } = useQuery({
    queryKey: [...keys.contactHistory(contact.sid), contact.version],
    queryFn: ({ signal }) => readPage<ContactChange>(`/v1/Contacts/${contact.sid}/History`, { PageSize: 20 }, signal),
  });
  if (!data) return null;
  return (
    <section aria-label={words.contacts.history}>
      <h3>{words.contacts.history}</h3>
      <ol class="contact-history">
        {data.entries.map((change) => (
          <li key={`${change.version} ${change.date_created}`}>
            <span>{words.contacts.by(words.contacts.action[change.action], nameOf(change.by))}</span>
            <time dateTime={change.date_created} title={formatExactTime(change.date_created)}>
              {formatListTime(change.date_created, new Date())}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function DeleteDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);

  async function remove() {
    setBusy(true);
    try {
      await rest.contacts.remove(contact.sid);
      await client.invalidateQueries({ queryKey: keys.contactLists() });
      showToast(words.contacts.deleted(contact.friendly_name));
      onClose();
      navigate(to.contacts());
    } catch (error) {
      showToast(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={words.contacts.deleteTitle(contact.friendly_name)}
      description={words.contacts.deleteText}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="danger" isBusy={isBusy} onClick={() => void remove()}>
            {words.contacts.delete}
          </Button>
        </>
      }
    >
      <Numbers contact={contact} />
    </Dialog>
  );
}
