/** Tapbacks: texts such as `Liked "Sunday?"`, where the API is certain which message they are about. Pure. */

import type { CachedMessage } from "./message-window.ts";
import type { Sid } from "./types.ts";

export type Tapback = { kind: string; removed: boolean; emoji?: string; message_sid: Sid };

/** What a message is as a reaction; null for any other one, and for one of which it is not certain what it is about. */
export function tapbackOf({ attributes }: Pick<CachedMessage, "attributes">): Tapback | null {
  if (!attributes.includes('"tapback"')) return null;
  try {
    const { tapback } = JSON.parse(attributes);
    const isCertain = typeof tapback?.kind === "string" && typeof tapback.message_sid === "string";
    return isCertain ? tapback : null;
  } catch {
    return null;
  }
}
