import { useEffect, useState } from "preact/hooks";
import type { Sid } from "../api/types.ts";
import { isPhone } from "../format/phone.ts";
import { listenToEvents } from "../live/live.ts";

const NONE: string[] = [];

/** The colleagues who have written to the phones since the person began to write, by their identities. */
export function useAnsweredMeanwhile(conversation: Sid, self: string, isWriting: boolean): string[] {
  const [writers, setWriters] = useState(NONE);
  useEffect(() => {
    setWriters(NONE);
    if (!isWriting) return;
    return listenToEvents((event) => {
      if (event.type !== "onMessageAdded" || event.parameters.ConversationSid !== conversation) return;
      const writer = event.parameters.WrittenBy ?? event.parameters.Author ?? "";
      if (!writer || writer === self || isPhone(writer)) return;
      setWriters((known) => (known.includes(writer) ? known : [...known, writer]));
    });
  }, [conversation, self, isWriting]);
  return writers;
}
