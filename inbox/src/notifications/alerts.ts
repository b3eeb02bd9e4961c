/** Tells the person of new messages while the app is open, by sound and notification, as they have chosen. */

import type { QueryClient } from "@tanstack/preact-query";
import type { CachedMessage } from "../api/message-window.ts";
import type { Sid } from "../api/types.ts";
import { messageOf } from "../live/event-answers.ts";
import { listenToEvents } from "../live/live.ts";
import { preferences } from "../person/preferences.ts";
import { Bursts } from "./burst.ts";
import { isOneOf, readFacts, senderName } from "./facts.ts";
import { type Facts, isNews } from "./news.ts";
import type { Notice } from "./notice.ts";
import { isNotified, showNotice, withdrawNotice } from "./notifier.ts";
import { once } from "./once.ts";
import { isShown } from "./showing.ts";
import { canPlay, play } from "./sound.ts";

type Person = { sid: string; identity: string };

/** Tell a person of new messages from now on. Returns what ends it. */
export function watchAlerts(client: QueryClient, person: Person): () => void {
  const bursts = new Bursts();
  /** The newest message of each conversation that was told of: events may come twice. */
  const told = new Map<Sid, number>();
  return listenToEvents((event) => {
    if (event.type === "onReadStateUpdated" && "parameters" in event) {
      void withdrawNotice(event.conversation ?? "");
    } else if (event.type === "onMessageAdded" && "parameters" in event) {
      const message = messageOf(event);
      const { conversation_sid: conversation, index } = message;
      if (!isNews(message, event.parameters.Source, person.identity, Date.now())) return;
      if (index <= (told.get(conversation) ?? -1)) return;
      told.set(conversation, index);
      // What cannot be read now is not told of.
      tell(client, person, message, bursts).catch(() => {});
    }
  });
}

async function tell(client: QueryClient, person: Person, message: CachedMessage, bursts: Bursts): Promise<void> {
  const { sound, alerts } = preferences.peek();
  if (!sound && !isNotified(person.sid)) return;
  const facts = await readFacts(client, message.conversation_sid);
  if (facts.isMuted || (await isShown(message.conversation_sid))) return;
  if (alerts === "mine" && !(await isOneOf(client, facts, person.identity))) return;
  const isFirst = bursts.begins(performance.now());
  if (sound && isFirst && canPlay()) void once(`sound.${message.sid}`, play);
  if (isNotified(person.sid)) void once(`notice.${message.sid}`, () => showNotice(noticeOf(client, facts, message)));
}

function noticeOf(client: QueryClient, facts: Facts, message: CachedMessage): Notice {
  return {
    type: "message",
    conversation_sid: message.conversation_sid,
    index: message.index,
    title: facts.title,
    sender: senderName(client, facts, message.author),
    text: (message.body ?? "").replace(/\s+/g, " "),
  };
}
