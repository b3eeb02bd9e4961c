/** The signed-in person, for the screens: they are shown only when there is one. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Permission } from "../api/types.ts";
import type { Session } from "../session/session.ts";

export const SessionContext = createContext<Session | null>(null);

/** The session. Throws outside of the signed-in app. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no session");
  return session;
}

/** Whether the person's role has a permission. The API has the last word. */
export function usePermission(permission: Permission): boolean {
  return Boolean(useSession().role?.permissions.includes(permission));
}

/** The name to call a person by. */
export function nameOfUser(user: { identity: string; friendly_name: string | null }): string {
  return user.friendly_name || user.identity;
}
