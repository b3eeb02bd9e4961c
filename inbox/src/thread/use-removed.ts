import { useEffect, useState } from "preact/hooks";
import { clientRefOf } from "../api/message-window.ts";
import { tapbackOf } from "../api/tapbacks.ts";
import type { Sid } from "../api/types.ts";
import { messageOf } from "../live/event-answers.ts";
import { listenToEvents } from "../live/live.ts";
import type { RemovedMessage } from "./timeline.ts";

/** The messages that were deleted while a thread is open, without what they said. */
export function useRemoved(conversation: Sid): RemovedMessage[] {
  const [removed, setRemoved] = useState<RemovedMessage[]>([]);
  useEffect(
    () =>
      listenToEvents((event) => {
        if (event.type !== "onMessageRemoved" || event.conversation !== conversation) return;
        const message = messageOf(event);
        // A reaction goes without a trace.
        if (tapbackOf(message)) return;
        const { sid, index, date_created } = message;
        const one = { sid, key: clientRefOf(message) ?? sid, index, date_created };
        setRemoved((before) => (before.some((other) => other.sid === sid) ? before : [...before, one]));
      }),
    [conversation],
  );
  return removed;
}
