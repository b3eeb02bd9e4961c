/**
 * What begins and ends with the session of a person, in all tabs of the browser: the live connection, the outbox, and
 * what is cached.
 *
 * When a session ends by itself, nothing of customers stays but what the person was writing, which is there again after
 * the next sign-in. Who signs out, or has no access any more, leaves nothing.
 */

import { effect, untracked } from "@preact/signals";
import { notifyManager } from "@tanstack/preact-query";
import { keys } from "../api/keys.ts";
import { clientRefOf, type MessageWindow } from "../api/message-window.ts";
import { readMessage, readReadState } from "../api/reads.ts";
import { recovery, watchRecovery } from "../api/recovery.ts";
import type { Message, ScheduledMessage } from "../api/types.ts";
import { isInitializing, noteActivation } from "../live/activation.ts";
import { closeLive, listenToEvents, openLive, showSent } from "../live/live.ts";
import { endNotifications } from "../notifications/notifier.ts";
import { nameOfDatabase, removeOtherDatabases } from "../outbox/database.ts";
import type { OutboxEntry, SentAnswer } from "../outbox/entry.ts";
import { closeOutbox, isAnyUnsettled, openOutbox, release, settle } from "../outbox/my-outbox.ts";
import { buildTransport } from "../outbox/transport.ts";
import {
  accessToken,
  refreshToken,
  retrySession,
  type Session,
  type SessionState,
  sessionState,
} from "../session/session.ts";
import { queryClient } from "./query-client.ts";

type End = Exclude<SessionState["kind"], "signed-in" | "loading" | "unreachable">;
/** A session has ended in another tab. */
type Notice = { person: string; end: End };

const channel = new BroadcastChannel("partyline-inbox.session");
let present: string | null = null;
let stopSettling: (() => void) | null = null;
let stopReleasing: (() => void) | null = null;

/** Begin and end with each session from now on. */
export function watchSession(): void {
  channel.onmessage = ({ data }: MessageEvent<Notice>) => {
    if (data.person === present) sessionState.value = { kind: data.end };
  };
  // A page that comes back out of a browser's memory may show what was before a sign-out that it has not heard of.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  watchRecovery(queryClient);
  effect(() => {
    const state = sessionState.value;
    untracked(() => {
      if (state.kind === "unreachable") recovery.add(sessionState, retrySession);
      else recovery.remove(sessionState);
      if (state.kind === "signed-in") begin(state.session);
      else if (state.kind !== "loading" && state.kind !== "unreachable") end(state.kind);
    });
  });
}

function begin(session: Session): void {
  const { service_sid: service, user } = session;
  const person = nameOfDatabase(service, user.sid);
  if (present === person) return;
  present = person;
  const { identity } = user;
  openLive({
    name: `${person}.live`,
    url: session.live_url,
    identity,
    client: queryClient,
    token: (isFresh) => (isFresh ? refreshToken() : accessToken()),
    reads: { readMessage, readReadState },
    onMessage: settleOne,
  });
  openOutbox({
    service,
    user: user.sid,
    transport: buildTransport(),
    onSent: show,
    afterShown: (act) => notifyManager.schedule(act),
    isInitializing: (conversation) => isInitializing(queryClient, conversation),
  });
  stopReleasing = listenToEvents((event) => {
    const conversation = noteActivation(event);
    if (conversation) release(conversation);
  });
  stopSettling = queryClient.getQueryCache().subscribe((event) => {
    const isRead = event.type === "updated" && event.action.type === "success";
    if (isRead && event.query.queryKey[2] === "messages") settleAll(event.query.state.data as MessageWindow);
  });
  void removeOtherDatabases(person);
}

function end(kind: End): void {
  // Whoever it was, nothing of theirs is to be here any more.
  if (present === null && kind === "no-access") {
    void removeOtherDatabases("", Number.POSITIVE_INFINITY);
    void endNotifications(true);
  }
  if (present === null) return;
  channel.postMessage({ person: present, end: kind } satisfies Notice);
  present = null;
  stopSettling?.();
  stopReleasing?.();
  closeLive();
  void closeOutbox(kind !== "ended");
  void endNotifications(kind !== "ended");
  void queryClient.cancelQueries();
  queryClient.clear();
}

// --- messages that were on their way

function settleOne(message: Message): void {
  if (isAnyUnsettled() && clientRefOf(message) !== null) settle(message);
}

function settleAll({ messages }: MessageWindow): void {
  if (isAnyUnsettled()) for (const message of messages) settleOne(message);
}

/** Put what was sent where the thread looks. */
function show(entry: OutboxEntry, answer: SentAnswer): void {
  if (!entry.send_at) {
    showSent(answer as Message);
    return;
  }
  queryClient.setQueryData<ScheduledMessage[]>(keys.scheduled(entry.conversation), (scheduled) => {
    if (!scheduled || !("send_at" in answer) || scheduled.some(({ sid }) => sid === answer.sid)) return scheduled;
    return [...scheduled, answer].sort((a, b) => (a.send_at < b.send_at ? -1 : 1));
  });
}
