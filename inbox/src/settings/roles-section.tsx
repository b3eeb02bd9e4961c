import { Link } from "wouter-preact";
import { usePeople } from "../api/administration.ts";
import { useRoles } from "../api/queries.ts";
import type { Role } from "../api/types.ts";
import { to } from "../navigation/routes.ts";
import { Icon } from "../ui/icon.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { describeRole, serviceRoles } from "./roles.ts";
import { Section } from "./section.tsx";
import "./roles-section.css";

const say = settingsWords.roles;

/** What each role permits. Roles are the operator's to change. */
export function RolesSection() {
  const { data: roles, isError, refetch } = useRoles();
  const people = usePeople().data ?? [];
  const countOf = ({ sid }: Role) => people.filter(({ role_sid: role }) => role === sid).length;
  return (
    <Section name="roles" text={say.text}>
      {roles ? (
        serviceRoles(roles, countOf).map((role) => <Card key={role.sid} role={role} count={countOf(role)} />)
      ) : isError ? (
        <ErrorState title={settingsWords.failed} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={4} />
      )}
      <p class="field-hint">{say.members}</p>
    </Section>
  );
}

function Card({ role, count }: { role: Role; count: number }) {
  const { known, more } = describeRole(role);
  return (
    <section class="role" aria-label={role.friendly_name}>
      <header class="role-head">
        <h2>{role.friendly_name}</h2>
        <Link href={to.settings("people")} class="role-people">
          {say.people(count)}
        </Link>
      </header>
      <ul class="role-permissions">
        {known.map((permission) => (
          <li key={permission}>
            <Icon name="check" />
            {say.permissions[permission]}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="field-hint">{say.more(more)}</p>}
    </section>
  );
}
