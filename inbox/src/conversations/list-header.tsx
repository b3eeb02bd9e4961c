import "./list-header.css";
import { useEffect } from "preact/hooks";
import { useLines } from "../api/queries.ts";
import { INBOX_VIEWS } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { memo } from "../ui/memo.tsx";
import { Menu } from "../ui/menu.tsx";
import { SearchField } from "../ui/search-field.tsx";
import { ViewButtons } from "../ui/view-buttons.tsx";
import { words } from "../words/words.ts";
import { listFilter, searchFor, searchText, showLine, showView } from "./list-filter.ts";

const SEARCH_PAUSE = 200;

type Props = { onNewMessage: () => void; onNewGroup: () => void };

/** Above the list: New, the search, and which conversations are shown. */
export const ListHeader = memo(({ onNewMessage, onNewGroup }: Props) => {
  return (
    <header class="list-header">
      <div class="list-header-top">
        <h1>{words.list.title}</h1>
        <Menu
          align="end"
          trigger={(properties) => (
            <Button {...properties} kind="primary" icon="plus">
              {words.list.new}
            </Button>
          )}
          items={[
            { label: words.list.newMessage, hint: words.list.newMessageHint, icon: "message", onSelect: onNewMessage },
            { label: words.list.newGroup, hint: words.list.newGroupHint, icon: "group", onSelect: onNewGroup },
          ]}
        />
      </div>
      <Search />
      <div class="list-header-filters">
        <ViewButtons
          label={words.list.views}
          views={INBOX_VIEWS}
          nameOf={(view) => words.list.view[view]}
          chosen={listFilter.value.view}
          onChoose={showView}
        />
        <LineFilter />
      </div>
    </header>
  );
});

function Search() {
  const text = searchText.value;

  useEffect(() => {
    const timer = setTimeout(() => searchFor(text), SEARCH_PAUSE);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <SearchField
      label={words.list.searchLabel}
      placeholder={words.list.search}
      value={text}
      onInput={(value) => {
        searchText.value = value;
      }}
    />
  );
}

function LineFilter() {
  const lines = useLines().data ?? [];
  const { line } = listFilter.value;
  if (lines.length < 2) return null;
  const chosen = lines.find(({ address }) => address === line);
  const nameOf = (one: { label: string | null; address: string }) => one.label ?? formatPhone(one.address);
  return (
    <Menu
      align="end"
      trigger={({ buttonRef, ...properties }) => (
        <button {...properties} ref={buttonRef} type="button" class="line-filter">
          <span class="visually-hidden">{words.list.lineFilter}:</span>
          <span class="truncate">{chosen ? nameOf(chosen) : words.list.allLines}</span>
          <Icon name="chevron" />
        </button>
      )}
      items={[
        { label: words.list.allLines, isChecked: line === undefined, onSelect: () => showLine(undefined) },
        ...lines.map((one) => ({
          label: nameOf(one),
          ...(one.label ? { hint: formatPhone(one.address) } : {}),
          isChecked: one.address === line,
          onSelect: () => showLine(one.address),
        })),
      ]}
    />
  );
}
