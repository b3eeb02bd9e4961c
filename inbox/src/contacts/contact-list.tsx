import "./contact-list.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useContacts } from "../api/queries.ts";
import type { Contact, Sid } from "../api/types.ts";
import { to } from "../app/routes.ts";
import { formatPhone } from "../format/phone.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { classNames } from "../ui/class-names.ts";
import { SearchField } from "../ui/search-field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { useVirtualList } from "../ui/virtual-list.ts";
import { words } from "../words/words.ts";

const ROW_HEIGHT = 64;
const OVERSCAN = 6;
const SEARCH_PAUSE = 200;

/** All contacts that the person sees, by name, with a search by words of the name and by the end of a number. */
export function ContactList({ selected }: { selected: Sid | null }) {
  const [text, setText] = useState("");
  const { query, contacts } = useContacts(useDebounced(text.trim(), SEARCH_PAUSE));
  return (
    <>
      <div class="contact-search">
        <SearchField
          label={words.contacts.searchLabel}
          placeholder={words.list.search}
          value={text}
          onInput={setText}
        />
      </div>
      {contacts ? (
        <Rows
          contacts={contacts}
          selected={selected}
          isSearch={text !== ""}
          hasMore={query.hasNextPage && !query.isFetchingNextPage}
          onLoadMore={() => void query.fetchNextPage()}
        />
      ) : query.isError ? (
        <ErrorState title={words.contacts.failed} onRetry={() => void query.refetch()} />
      ) : (
        <SkeletonRows count={8} />
      )}
    </>
  );
}

type RowsProps = {
  contacts: Contact[];
  selected: Sid | null;
  isSearch: boolean;
  hasMore: boolean;
  onLoadMore: () => void;
};

function Rows({ contacts, selected, isSearch, hasMore, onLoadMore }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtualList({
    count: contacts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => contacts[index]?.sid ?? index,
    overscan: OVERSCAN,
  });
  const rows = list.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;

  useEffect(() => {
    if (hasMore && last >= contacts.length - OVERSCAN) onLoadMore();
  }, [hasMore, last, contacts.length, onLoadMore]);

  if (contacts.length === 0) {
    const { empty, nothingFound } = words.contacts;
    return <EmptyState icon={isSearch ? "search" : "contacts"} {...(isSearch ? nothingFound : empty)} />;
  }
  return (
    <div ref={scroller} class="contact-rows">
      <ul class="contact-rows-all" aria-label={words.contacts.title} style={{ height: `${list.getTotalSize()}px` }}>
        {rows.map((row) => {
          const contact = contacts[row.index];
          if (!contact) return null;
          return (
            <li key={contact.sid} class="contact-item" style={{ transform: `translateY(${row.start}px)` }}>
              <Row contact={contact} isSelected={contact.sid === selected} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Row({ contact, isSelected }: { contact: Contact; isSelected: boolean }) {
  const number = contact.numbers.find(({ primary }) => primary) ?? contact.numbers[0];
  return (
    <Link
      href={to.contact(contact.sid)}
      class={classNames("contact-row", isSelected && "contact-row-selected")}
      aria-current={isSelected ? "page" : undefined}
    >
      <Avatar name={contact.friendly_name} />
      <span class="contact-words">
        <span class="truncate contact-name">{contact.friendly_name}</span>
        <span class="truncate contact-number">{number ? formatPhone(number.number) : words.contacts.noNumber}</span>
      </span>
      {contact.do_not_disturb && <Tag tone="warning">{words.contacts.doNotDisturbShort}</Tag>}
    </Link>
  );
}
