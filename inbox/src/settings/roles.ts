/** Roles as the settings show them. Pure. */

import type { Role } from "../api/types.ts";
import { settingsWords } from "../words/settings-words.ts";

type KnownPermission = keyof typeof settingsWords.roles.permissions;
const KNOWN = Object.keys(settingsWords.roles.permissions) as KnownPermission[];

/** The roles of people, those that are in use first, and by name. */
export function serviceRoles(roles: readonly Role[], countOf: (role: Role) => number): Role[] {
  return roles
    .filter(({ type }) => type === "service")
    .sort((one, other) => countOf(other) - countOf(one) || one.friendly_name.localeCompare(other.friendly_name));
}

/** What a role permits, most important first, and how much more it does. */
export function describeRole({ permissions }: Pick<Role, "permissions">): { known: KnownPermission[]; more: number } {
  const known = KNOWN.filter((one) => permissions.includes(one));
  return { known, more: permissions.length - known.length };
}
