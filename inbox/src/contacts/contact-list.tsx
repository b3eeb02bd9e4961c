import "./contact-list.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useContacts } from "../api/queries.ts";
import type { Contact, Sid } from "../api/types.ts";
import { stepFrom } from "../conversations/list-keys.ts";
import { formatPhone } from "../format/phone.ts";
import { to } from "../navigation/routes.ts";
import { useShortcuts } from "../navigation/shortcuts.ts";
import { usePermission, useSession } from "../person/current.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { useRowFocus } from "../ui/row-focus.ts";
import { SearchField } from "../ui/search-field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { useDebounced } from "../ui/use-debounced.ts";
import { ViewButtons } from "../ui/view-buttons.tsx";
import { useVirtualList } from "../ui/virtual-list.ts";
import { words } from "../words/words.ts";

const ROW_HEIGHT = 64;
const OVERSCAN = 6;
const SEARCH_PAUSE = 200;
const VIEWS = ["all", "mine"] as const;

/** All contacts that the person sees, by name, with a search by words of the name and by the end of a number. */
export function ContactList({ selected }: { selected: Sid | null }) {
  const self = useSession().user.identity;
  const mayManage = usePermission("manageContacts");
  const [text, setText] = useState("");
  const [view, setView] = useState<(typeof VIEWS)[number]>("all");
  const q = useDebounced(text.trim(), SEARCH_PAUSE);
  const { query, contacts } = useContacts(q, view === "mine" ? self : undefined);
  return (
    <>
      <div class="contact-search">
        <SearchField
          label={words.contacts.searchLabel}
          placeholder={words.list.search}
          value={text}
          onInput={setText}
        />
        {/* Others see their own anyway. */}
        {mayManage && (
          <ViewButtons
            label={words.contacts.views}
            views={VIEWS}
            nameOf={(one) => words.contacts.view[one]}
            chosen={view}
            onChoose={setView}
          />
        )}
      </div>
      {contacts ? (
        <Rows
          key={`${view} ${q}`}
          contacts={contacts}
          selected={selected}
          emptyWords={emptyWords({ isSearch: q !== "", isMine: view === "mine", mayManage })}
          hasMore={query.hasNextPage}
          isLoadingMore={query.isFetchingNextPage}
          moreFailed={query.isFetchNextPageError}
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

type EmptyWords = { title: string; text: string };

function emptyWords(shown: { isSearch: boolean; isMine: boolean; mayManage: boolean }): EmptyWords {
  const say = words.contacts;
  if (shown.isSearch) return say.nothingFound;
  if (!shown.mayManage) return say.emptyLimited;
  return shown.isMine ? say.emptyMine : say.empty;
}

type RowsProps = {
  contacts: Contact[];
  selected: Sid | null;
  emptyWords: EmptyWords;
  hasMore: boolean;
  isLoadingMore: boolean;
  moreFailed: boolean;
  onLoadMore: () => void;
};

function Rows(props: RowsProps) {
  const { contacts, selected, emptyWords: empty, hasMore, isLoadingMore, moreFailed, onLoadMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<Sid | null>(null);
  const list = useVirtualList({
    count: contacts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => contacts[index]?.sid ?? index,
    overscan: OVERSCAN,
    kept: contacts.findIndex(({ sid }) => sid === focused),
  });
  const focusRow = useRowFocus((sid) => scroller.current?.querySelector(`[data-contact="${sid}"]`));
  const rows = list.getVirtualItems();
  const last = rows.at(-1)?.index ?? -1;

  useEffect(() => {
    if (hasMore && !isLoadingMore && !moreFailed && last >= contacts.length - OVERSCAN) onLoadMore();
  }, [hasMore, isLoadingMore, moreFailed, last, contacts.length, onLoadMore]);

  // One row takes part in tabbing: the one that had the focus, else the selected one, else the first.
  const isThere = (sid: Sid | null) => sid !== null && contacts.some((contact) => contact.sid === sid);
  const focusable = isThere(focused) ? focused : isThere(selected) ? selected : contacts[0]?.sid;

  function move(key: string): boolean {
    const at = contacts.findIndex(({ sid }) => sid === focusable);
    // From elsewhere the first step leads to the first row, and not past it.
    const isOnRow = focusable === selected || scroller.current?.contains(document.activeElement);
    const next = isOnRow ? stepFrom(key, at, contacts.length) : at;
    const sid = next === null ? undefined : contacts[next]?.sid;
    if (next === null || !sid) return false;
    setFocused(sid);
    list.scrollToIndex(next);
    focusRow(sid);
    return true;
  }

  useShortcuts({ j: () => void move("ArrowDown"), k: () => void move("ArrowUp") });

  // A page of a search may be empty with more behind it.
  if (contacts.length === 0 && hasMore) return <SkeletonRows count={3} />;
  if (contacts.length === 0)
    return <EmptyState icon={empty === words.contacts.nothingFound ? "search" : "contacts"} {...empty} />;
  return (
    <div ref={scroller} class="contact-rows">
      <ul
        class="contact-rows-all"
        aria-label={words.contacts.title}
        style={{ height: `${list.getTotalSize()}px` }}
        onKeyDown={(event) => {
          if (move(event.key)) event.preventDefault();
        }}
      >
        {rows.map((row) => {
          const contact = contacts[row.index];
          if (!contact) return null;
          return (
            <li
              key={contact.sid}
              class="contact-item"
              style={{ transform: `translateY(${row.start}px)` }}
              aria-setsize={hasMore ? -1 : contacts.length}
              aria-posinset={row.index + 1}
            >
              <Row contact={contact} isSelected={contact.sid === selected} isFocusable={contact.sid === focusable} />
            </li>
          );
        })}
      </ul>
      {moreFailed && (
        <div class="contact-more" role="alert">
          {words.contacts.moreFailed}{" "}
          <Button kind="quiet" onClick={onLoadMore}>
            {words.app.retry}
          </Button>
        </div>
      )}
    </div>
  );
}

type RowProps = { contact: Contact; isSelected: boolean; isFocusable: boolean };

function Row({ contact, isSelected, isFocusable }: RowProps) {
  const number = contact.numbers.find(({ primary }) => primary) ?? contact.numbers[0];
  return (
    <Link
      href={to.contact(contact.sid)}
      class={classNames("contact-row", isSelected && "contact-row-selected")}
      aria-current={isSelected ? "page" : undefined}
      tabIndex={isFocusable ? 0 : -1}
      data-contact={contact.sid}
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
