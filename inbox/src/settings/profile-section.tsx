import { useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { keys } from "../api/keys.ts";
import { post } from "../api/reads.ts";
import type { User } from "../api/types.ts";
import { usePermission, useSession } from "../person/current.ts";
import { leave } from "../person/leave.ts";
import { sessionState } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf, useAction } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { Group, Section } from "./section.tsx";
import "./profile-section.css";

const say = settingsWords.profile;

/** Who one is here, and the way out. */
export function ProfileSection() {
  const { user, role } = useSession();
  return (
    <Section name="profile">
      <NameForm />
      <dl class="profile-facts">
        <dt>{say.identity}</dt>
        <dd>{user.identity}</dd>
        <dt>{say.role}</dt>
        <dd>
          {role?.friendly_name ?? say.noRole}
          <span class="field-hint">{say.roleHint}</span>
        </dd>
      </dl>
      <Group title={say.session}>
        <div class="profile-leave">
          <p class="field-hint">{say.signOutText}</p>
          <Button icon="sign-out" onClick={() => void leave()}>
            {words.app.signOut}
          </Button>
        </div>
      </Group>
    </Section>
  );
}

function NameForm() {
  const session = useSession();
  const client = useQueryClient();
  const mayChange = usePermission("editOwnUserInfo");
  const [name, setName] = useState(session.user.friendly_name ?? "");
  const { isBusy, error, run } = useAction();
  const isChanged = name.trim() !== (session.user.friendly_name ?? "");

  const save = () =>
    run(async () => {
      const user = await post<User>(`/v1/Users/${encodeURIComponent(session.user.sid)}`, { FriendlyName: name.trim() });
      sessionState.value = { kind: "signed-in", session: { ...session, user } };
      await client.invalidateQueries({ queryKey: keys.users() });
      showToast(say.saved);
    });

  return (
    <form
      class="profile-name"
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged) void save();
      }}
    >
      <TextField
        label={say.name}
        hint={mayChange ? say.nameHint : say.nameLocked}
        error={messageOf(error)}
        maxLength={256}
        readOnly={!mayChange}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      {mayChange && (
        <Button type="submit" kind="primary" isBusy={isBusy} disabled={!isChanged}>
          {words.app.save}
        </Button>
      )}
    </form>
  );
}
