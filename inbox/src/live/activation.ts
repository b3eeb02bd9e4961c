/** Conversations whose members are still being looked up. Until they are active, the API refuses their texts. */

import type { QueryClient } from "@tanstack/preact-query";
import type { LiveEvent } from "../../../clients/javascript/live.js";
import { findEntry } from "../api/entries.ts";
import { keys } from "../api/keys.ts";
import type { Conversation, Sid } from "../api/types.ts";

/** Those that were created here and are in no list yet. */
const created = new Set<Sid>();
/** Those whose event has come, which may be before the answer to who created them. */
const active = new Set<Sid>();

/** A conversation was created here. */
export function noteCreated({ sid, state }: Conversation): void {
  if (state === "initializing") created.add(sid);
}

/** The conversation that is active, or closed, as an event says; null for events that say nothing of it. */
export function noteActivation(event: LiveEvent): Sid | null {
  if (event.type === "typing" || event.type === "error" || !event.conversation) return null;
  const { type, conversation, parameters } = event;
  const hasBegun = type === "onConversationStateUpdated" && parameters.StateFrom === "initializing";
  const isListed = type === "onInboxEntryUpdated" && parameters.State !== "initializing" && created.has(conversation);
  if (!hasBegun && !isListed) return null;
  created.delete(conversation);
  active.add(conversation);
  return conversation;
}

/** Whether a conversation is not active yet, as far as it is known here. */
export function isInitializing(client: QueryClient, conversation: Sid): boolean {
  if (active.has(conversation)) return false;
  const held = client.getQueryData<Conversation>(keys.details(conversation)) ?? findEntry(client, conversation);
  return held ? held.state === "initializing" : created.has(conversation);
}
