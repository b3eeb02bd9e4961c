/** The names of colleagues. */

import { useCallback } from "preact/hooks";
import { useUsers } from "../api/queries.ts";
import { nameOfUser } from "./current.ts";

/** A function that says how a user is called; it answers the identity until the names are here. */
export function useUserNames(): (identity: string) => string {
  const users = useUsers().data;
  return useCallback(
    (identity: string) => {
      const user = users?.find((one) => one.identity === identity);
      return user ? nameOfUser(user) : identity;
    },
    [users],
  );
}
