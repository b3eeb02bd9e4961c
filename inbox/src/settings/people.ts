/** People in the settings. Pure. */

import type { User } from "../api/types.ts";
import { nameOfUser } from "../person/current.ts";

/** People by name. */
export function byName(people: readonly User[]): User[] {
  return [...people].sort((one, other) => nameOfUser(one).localeCompare(nameOfUser(other)));
}
