/** Members who get no texts: they opted out, or do not want to be disturbed. A preview says so; nothing is sent. */

import { useQuery } from "@tanstack/preact-query";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import type { PhoneNumber, Preview, Sid } from "../api/types.ts";

export type Silenced = { optedOut: Set<PhoneNumber>; doNotDisturb: Set<PhoneNumber> };

/** Who gets no texts of a conversation. Asked when it is shown, and again after an event about it. */
export function useSilenced(conversation: Sid): Silenced | undefined {
  return useQuery({
    queryKey: keys.silenced(conversation),
    queryFn: ({ signal }) => rest.preview({ Body: "…" }, { conversation, signal }) as Promise<Preview>,
    select: gather,
    staleTime: 30_000,
  }).data;
}

/** Gather the members of all texts of a preview. */
export function gather({ sends }: Pick<Preview, "sends">): Silenced {
  return {
    optedOut: new Set(sends.flatMap(({ opted_out: numbers }) => numbers)),
    doNotDisturb: new Set(sends.flatMap(({ do_not_disturb: numbers }) => numbers)),
  };
}
