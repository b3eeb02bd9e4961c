import "./contact-card.css";
import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { ApiError } from "../../../clients/javascript/rest.js";
import { rest } from "../api/client.ts";
import { isNotFound } from "../api/errors.ts";
import { keys } from "../api/keys.ts";
import { useContact, useInbox } from "../api/queries.ts";
import type { Contact, ContactNumber, Sid } from "../api/types.ts";
import { ConversationRow } from "../conversations/conversation-row.tsx";
import { formatPhone } from "../format/phone.ts";
import { formatListTime } from "../format/time.ts";
import { openNewConversation } from "../navigation/new-conversation.ts";
import { to } from "../navigation/routes.ts";
import { usePermission, useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { actorName } from "./change-text.ts";
import { ContactDialog } from "./contact-dialog.tsx";
import { ContactHistory } from "./contact-history.tsx";
import { MergeDialog } from "./merge-dialog.tsx";

/** A contact: numbers, owner, do-not-disturb, conversations and history, and what can be done. */
export function ContactCard({ contact: sid }: { contact: Sid }) {
  const { data: contact, error, refetch } = useContact(sid);
  return (
    <article class="contact-card">
      <Link href={to.contacts()} class="icon-button contact-back" aria-label={words.app.back} title={words.app.back}>
        <Icon name="back" />
      </Link>
      {isNotFound(error) ? (
        <NoContact error={error} />
      ) : contact ? (
        <>
          <CardHead contact={contact} />
          <Numbers contact={contact} mayText={!contact.do_not_disturb} />
          <Facts contact={contact} />
          <Conversations contact={contact} />
          <ContactHistory contact={contact} />
        </>
      ) : error ? (
        <ErrorState title={words.contacts.failed} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={4} />
      )}
    </article>
  );
}

function NoContact({ error }: { error: unknown }) {
  const other = error instanceof ApiError ? error.details?.merged_into : undefined;
  if (typeof other !== "string") {
    return <EmptyState icon="contacts" title={words.app.notFound} text={words.app.notFoundText} />;
  }
  return (
    <EmptyState icon="contacts" title={words.contacts.wasMerged}>
      <Link href={to.contact(other)}>{words.contacts.showMerged}</Link>
    </EmptyState>
  );
}

/** Begin a message to a contact by one of its numbers. */
function textTo({ friendly_name: name, sid: contact }: Contact, { number, label }: ContactNumber) {
  openNewConversation({ kind: "single", recipients: [{ number, name, contact, label }] });
}

type Opened = "edit" | "merge" | "delete";

function CardHead({ contact }: { contact: Contact }) {
  const say = words.contacts;
  const mayManage = usePermission("manageContacts");
  const mayCreate = usePermission("createConversation");
  const [opened, setOpened] = useState<Opened | null>(null);
  const name = useRef<HTMLHeadingElement>(null);
  const close = () => setOpened(null);
  const number = contact.numbers.find(({ primary }) => primary) ?? contact.numbers[0];
  const problem = contact.do_not_disturb ? say.cannotText.doNotDisturb : number ? null : say.cannotText.noNumber;

  useEffect(() => {
    // On a phone the card takes the place of the list, and of the row that had the focus.
    if (document.activeElement === document.body) name.current?.focus();
  }, []);

  return (
    <header class="contact-head">
      <Avatar name={contact.friendly_name} size="l" />
      <h2 ref={name} tabIndex={-1} class="contact-title">
        {contact.friendly_name}
      </h2>
      <div class="contact-buttons">
        {mayCreate && (
          <Button
            kind="primary"
            icon="message"
            disabled={problem !== null}
            aria-describedby={problem ? "contact-problem" : undefined}
            onClick={() => number && textTo(contact, number)}
          >
            {say.text}
          </Button>
        )}
        <Button icon="edit" onClick={() => setOpened("edit")}>
          {say.edit}
        </Button>
        {mayManage && (
          <Menu
            align="end"
            trigger={(properties) => <IconButton {...properties} icon="more" label={say.more} />}
            items={[
              { label: say.merge, icon: "group", onSelect: () => setOpened("merge") },
              { label: say.delete, icon: "trash", isDanger: true, onSelect: () => setOpened("delete") },
            ]}
          />
        )}
      </div>
      {mayCreate && problem && (
        <p id="contact-problem" class="contact-none">
          {problem}
        </p>
      )}
      {opened === "edit" && <ContactDialog contact={contact} onClose={close} onSaved={close} />}
      {opened === "merge" && <MergeDialog contact={contact} onClose={close} />}
      {opened === "delete" && <DeleteDialog contact={contact} onClose={close} />}
    </header>
  );
}

function Numbers({ contact, mayText }: { contact: Contact; mayText: boolean }) {
  const say = words.contacts;
  const mayCreate = usePermission("createConversation");
  const isOne = contact.numbers.length === 1;
  return (
    <section aria-label={say.numbers}>
      <h3>{say.numbers}</h3>
      {contact.numbers.length === 0 && <p class="contact-none">{say.noNumber}</p>}
      <ul class="contact-numbers">
        {contact.numbers.map((one) => (
          <li key={one.number}>
            <span class="tabular">{formatPhone(one.number)}</span>
            {one.label && <span class="contact-label">{one.label}</span>}
            {one.primary && !isOne && <Tag tone="accent">{say.primary}</Tag>}
            {mayCreate && mayText && !isOne && (
              <IconButton
                class="contact-number-text"
                icon="message"
                label={say.textTo(formatPhone(one.number))}
                onClick={() => textTo(contact, one)}
              />
            )}
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
            {words.contacts.doNotDisturbSince(formatListTime(dnd.since, new Date()), actorName(dnd.by, nameOf))}
            {dnd.reason && `: ${dnd.reason}`}
          </dd>
        </>
      )}
    </dl>
  );
}

function Conversations({ contact }: { contact: Contact }) {
  const say = words.contacts;
  const self = useSession().user.identity;
  const nameOf = useUserNames();
  const { entries, query } = useInbox({ view: "all", contact: contact.sid });
  return (
    <section aria-label={say.conversations} aria-busy={!entries && !query.isError}>
      <h3>{say.conversations}</h3>
      {entries?.length === 0 && !query.hasNextPage && <p class="contact-none">{say.noConversations}</p>}
      {query.isError && <p class="contact-none">{words.list.failed}</p>}
      {!entries && !query.isError && <SkeletonRows count={1} />}
      <ul class="contact-conversations">
        {entries?.map((entry) => (
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
      {query.hasNextPage && (
        <Button kind="quiet" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {say.moreConversations}
        </Button>
      )}
    </section>
  );
}

function DeleteDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const say = words.contacts;
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);

  async function remove() {
    setBusy(true);
    try {
      await rest.contacts.remove(contact.sid);
      showToast(say.deleted(contact.friendly_name));
      onClose();
      navigate(to.contacts());
      client.removeQueries({ queryKey: keys.contact(contact.sid) });
      await client.invalidateQueries({ queryKey: keys.contactLists() });
    } catch (error) {
      showToast(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={say.deleteTitle(contact.friendly_name)}
      description={say.deleteText}
      onClose={onClose}
      mayClose={() => !isBusy}
      footer={
        <>
          <Button onClick={onClose}>{words.app.cancel}</Button>
          <Button kind="danger" isBusy={isBusy} onClick={() => void remove()}>
            {say.delete}
          </Button>
        </>
      }
    >
      <Numbers contact={contact} mayText={false} />
    </Dialog>
  );
}
