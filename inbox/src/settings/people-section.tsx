import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { removePerson, revokeTokens, usePeople } from "../api/administration.ts";
import { keys } from "../api/keys.ts";
import { useRoles } from "../api/queries.ts";
import type { User } from "../api/types.ts";
import { nameOfUser, useSession } from "../person/current.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Tag } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Menu } from "../ui/menu.tsx";
import { EmptyState } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { byName } from "./people.ts";
import { Rows } from "./rows.tsx";
import { Section } from "./section.tsx";

const say = settingsWords.people;
type Open = { kind: "sign-out" | "remove"; user: User };

/** Who has access, with their roles, and how it ends. */
export function PeopleSection() {
  const query = usePeople();
  const [open, setOpen] = useState<Open | null>(null);
  const people = query.data && byName(query.data);
  return (
    <Section name="people" text={say.text}>
      <Rows
        label={settingsWords.section.people}
        entries={people}
        keyOf={({ sid }) => sid}
        query={query}
        empty={<EmptyState icon="group" title={say.empty} text={say.emptyText} />}
      >
        {(user) => <Row user={user} onOpen={setOpen} />}
      </Rows>
      {open && <Question {...open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function Row({ user, onOpen }: { user: User; onOpen: (open: Open) => void }) {
  const isSelf = useSession().user.sid === user.sid;
  const role = useRoles().data?.find(({ sid }) => sid === user.role_sid);
  const name = nameOfUser(user);
  return (
    <>
      <Avatar name={name} size="m" />
      <span class="rows-words">
        <span class="rows-title">
          <span class="truncate">{name}</span>
          {isSelf && <Tag tone="accent">{say.you}</Tag>}
        </span>
        <span class="rows-note">{name === user.identity ? "" : user.identity}</span>
      </span>
      <span class="rows-note people-role">{role?.friendly_name}</span>
      <span class="people-menu">
        {!isSelf && (
          <Menu
            align="end"
            trigger={(properties) => <IconButton {...properties} icon="more" label={say.actions(name)} />}
            items={[
              { label: say.signOut, icon: "sign-out", onSelect: () => onOpen({ kind: "sign-out", user }) },
              { label: say.remove, icon: "trash", isDanger: true, onSelect: () => onOpen({ kind: "remove", user }) },
            ]}
          />
        )}
      </span>
    </>
  );
}

function Question({ kind, user, onClose }: Open & { onClose: () => void }) {
  const client = useQueryClient();
  const name = nameOfUser(user);
  if (kind === "sign-out") {
    return (
      <ConfirmDialog
        title={say.signOutTitle(name)}
        text={say.signOutText}
        confirm={say.signOut}
        onClose={onClose}
        act={async () => {
          await revokeTokens(user.sid);
          showToast(say.signedOut(name));
        }}
      />
    );
  }
  return (
    <ConfirmDialog
      title={say.removeTitle(name)}
      text={say.removeText}
      confirm={say.remove}
      onClose={onClose}
      act={async () => {
        await removePerson(user.sid);
        await client.invalidateQueries({ queryKey: keys.users() });
        showToast(say.removed(name));
      }}
    />
  );
}
