import { useState } from "preact/hooks";
import { useContacts } from "../api/queries.ts";
import type { Kind, Recipient } from "../navigation/new-conversation.ts";
import { usePermission } from "../person/current.ts";
import { useDebounced } from "../ui/use-debounced.ts";
import { words } from "../words/words.ts";
import { PeopleField } from "./people-field.tsx";
import { parseNumber } from "./phone-numbers.ts";
import { buildChoices, isFoundBy } from "./recipients.ts";

const SEARCH_PAUSE = 150;
const MOST_CHOICES = 20;

type Props = {
  kind: Kind;
  recipients: Recipient[];
  limit: number;
  error: string | null;
  /** Whether one begins to write here. */
  isFirst: boolean;
  onChange: (recipients: Recipient[]) => void;
};

/** Whom the conversation is with: contacts, each by one of its numbers, and bare numbers. */
export function RecipientsField({ kind, recipients, limit, error, isFirst, onChange }: Props) {
  const say = words.newConversation;
  const isLimited = !usePermission("viewAnyConversation");
  const [search, setSearch] = useState("");
  const q = useDebounced(search.trim(), SEARCH_PAUSE);
  const { contacts, query } = useContacts(q);
  const situation = { kind, chosen: recipients, limit, isLimited };
  const text = search.trim();
  const found = q && text ? (contacts ?? []) : [];
  const current = q === text ? found : found.filter((contact) => isFoundBy(contact, text));
  const choices = buildChoices(current, parseNumber(text), situation).slice(0, MOST_CHOICES);
  return (
    <PeopleField
      label={say.people[kind]}
      count={kind === "group" && limit > 0 ? say.count(recipients.length, limit) : null}
      chosen={recipients}
      choices={choices}
      isSearching={query.isFetching || q !== text}
      emptyText={say.nobody}
      error={error}
      isFirst={isFirst}
      onSearch={setSearch}
      onAdd={({ number, name, contact, label }) => onChange([...recipients, { number, name, contact, label }])}
      onRemove={(number) => onChange(recipients.filter((one) => one.number !== number))}
    />
  );
}
