import { useMemo } from "preact/hooks";
import { useEntry, useLines, useParticipants } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { useSession } from "../person/current.ts";
import { useUserNames } from "../person/user-names.ts";
import { gatherPeople, type People } from "./people.ts";

/** Who is who in a conversation, as far as it is known by now. */
export function usePeople(conversation: Sid): People {
  const self = useSession().user.identity;
  const nameOfUser = useUserNames();
  const participants = useParticipants(conversation).data;
  const members = useEntry(conversation)?.members;
  const lines = useLines().data;
  return useMemo(
    () =>
      gatherPeople({ participants: participants ?? [], members: members ?? [], lines: lines ?? [], self, nameOfUser }),
    [participants, members, lines, self, nameOfUser],
  );
}
