import "./viewers-dialog.css";
import { useQuery } from "@tanstack/preact-query";
import { keys } from "../api/keys.ts";
import { conversationPath, get } from "../api/reads.ts";
import type { Sid, Viewers } from "../api/types.ts";
import { useUserNames } from "../person/user-names.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { words } from "../words/words.ts";

/** Who of the colleagues sees a conversation, and why. */
export default function ViewersDialog({ conversation, onClose }: { conversation: Sid; onClose: () => void }) {
  const say = words.viewers;
  const nameOf = useUserNames();
  const { data, isError, refetch } = useQuery({
    queryKey: keys.viewers(conversation),
    queryFn: ({ signal }) => get<Viewers>(conversationPath(conversation, "Viewers"), {}, signal),
    staleTime: 0,
  });
  const people = data?.viewers.filter(({ sees }) => sees) ?? [];
  return (
    <Dialog title={say.title} description={say.text} onClose={onClose}>
      {isError && !data && <ErrorState title={say.failed} onRetry={() => void refetch()} />}
      {!data && !isError && <SkeletonRows count={2} />}
      {data && (
        <>
          <h3 class="viewers-heading">{say.roles}</h3>
          <ul class="viewers-roles">
            {data.roles.map(({ sid, friendly_name: name }) => (
              <li key={sid}>
                <Tag tone="accent">{name}</Tag>
              </li>
            ))}
          </ul>
          <h3 class="viewers-heading">{say.people}</h3>
          {people.length === 0 && <p class="viewers-none">{say.none}</p>}
          <ul>
            {people.map(({ identity, reasons }) => (
              <li key={identity} class="viewer">
                <Avatar name={nameOf(identity)} size="s" />
                <span>{nameOf(identity)}</span>
                <span class="viewer-reason">{reasons.map(({ kind }) => say.reason[kind]).join(", ")}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}
