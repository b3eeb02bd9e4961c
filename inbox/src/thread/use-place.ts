import { useQueryClient } from "@tanstack/preact-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { keys } from "../api/keys.ts";
import type { MessageWindow } from "../api/message-window.ts";
import { prefetchMessages } from "../api/queries.ts";
import type { Sid } from "../api/types.ts";
import { to } from "../navigation/routes.ts";
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
  const [, navigate] = useLocation();
  const latest = useRef(0);
  const show = useCallback(
    async (index: number | null) => {
      latest.current += 1;
      const request = latest.current;
      const end = client.getQueryData<MessageWindow>(keys.messages(conversation));
      const around = windowFor({ index, count: 0 }, end);
      if (around !== undefined) await prefetchMessages(client, conversation, around);
      // Another place was asked for meanwhile.
      if (request !== latest.current) return;
      setAsked((before) => ({ target: null, place: { index, count: before.place.count + 1 } }));
      // The address names a place only as long as it is shown.
      navigate(to.conversation(conversation), { replace: true });
    },
    [client, conversation, navigate],
  );
  useEffect(
    () => () => {
      latest.current += 1;
    },
    [],
  );
  return { place, at, show };
}
