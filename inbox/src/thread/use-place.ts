import { useQueryClient } from "@tanstack/preact-query";
import { useCallback, useMemo, useState } from "preact/hooks";
import { keys } from "../api/keys.ts";
import type { MessageWindow } from "../api/message-window.ts";
import type { Sid } from "../api/types.ts";
import { type Place, windowFor } from "./place.ts";

/** The place that is shown of a conversation: that of the address, until another one is asked for. */
export function usePlace(conversation: Sid, target: number | null) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<{ place: Place; target: number | null }>({
    place: { index: target, count: 0 },
    target,
  });
  // The address has changed.
  const isMoved = asked.target !== target;
  const now = isMoved ? { place: { index: target, count: asked.place.count + 1 }, target } : asked;
  if (isMoved) setAsked(now);
  const { place } = now;
  const at = useMemo(
    () => windowFor(place, client.getQueryData<MessageWindow>(keys.messages(conversation))),
    [client, conversation, place],
  );
  const show = useCallback((index: number | null) => {
    setAsked((before) => ({ ...before, place: { index, count: before.place.count + 1 } }));
  }, []);
  return { place, at, show };
}
