import { useInfiniteQuery } from "@tanstack/preact-query";
import { keys } from "../api/keys.ts";
import { type Query, readPage } from "../api/pages.ts";
import type { Contact, ContactChange } from "../api/types.ts";
import { formatExactTime, formatListTime } from "../format/time.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button } from "../ui/button.tsx";
import { words } from "../words/words.ts";
import { actorName, describeChanges } from "./change-text.ts";

const PAGE_SIZE = 20;

/** Who changed what of a contact, the latest first. */
export function ContactHistory({ contact }: { contact: Contact }) {
  const say = words.contacts;
  const nameOf = useUserNames();
  const query = useInfiniteQuery({
    queryKey: [...keys.contactHistory(contact.sid), contact.version],
    queryFn: ({ pageParam, signal }) =>
      readPage<ContactChange>(`/v1/Contacts/${contact.sid}/History`, pageParam ?? { PageSize: PAGE_SIZE }, signal),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }) => next,
  });
  const changes = query.data?.pages.flatMap(({ entries }) => entries) ?? [];
  return (
    <section aria-label={say.history} class="contact-history" aria-busy={query.isPending}>
      <h3>{say.history}</h3>
      <ol>
        {changes.map((change) => (
          <li key={`${change.version} ${change.action}`}>
            <span class="contact-change">
              <span>{say.by(say.action[change.action], actorName(change.by, nameOf))}</span>
              {describeChanges(change, nameOf).map((line) => (
                <span key={line} class="contact-change-detail">
                  {line}
                </span>
              ))}
            </span>
            <time dateTime={change.date_created} title={formatExactTime(change.date_created)}>
              {formatListTime(change.date_created, new Date())}
            </time>
          </li>
        ))}
      </ol>
      {query.hasNextPage && (
        <Button kind="quiet" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {say.moreHistory}
        </Button>
      )}
    </section>
  );
}
