/** The requests of the dialog. */

import type { QueryClient } from "@tanstack/preact-query";
import { ApiError } from "../../../clients/javascript/rest.js";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { buildWindow } from "../api/message-window.ts";
import type { Conversation, Preview, Sid } from "../api/types.ts";
import { noteCreated } from "../live/activation.ts";
import { type NewConversation, participantsOf } from "./recipients.ts";
import { EXISTS } from "./refusals.ts";

/** What became of it: a new conversation, or one with these people that was there already. */
export type Created = { conversation: Sid; isNew: boolean };

/**
 * Create a conversation. A new one is in the cache, so that its first text is shown as soon as it is opened. `key` makes a
 * repeat harmless. Rejects with ApiError.
 */
export async function createConversation(client: QueryClient, wanted: NewConversation, key: string): Promise<Created> {
  const form = { FriendlyName: wanted.name || undefined, Participant: participantsOf(wanted) };
  try {
    const made = (await rest.conversationWithParticipants.create(form, { key })) as Conversation;
    noteCreated(made);
    client.setQueryData(keys.details(made.sid), made);
    // It has no message yet. What comes until it is shown is read when it is followed, from the first one on.
    client.setQueryData(keys.messages(made.sid), buildWindow([], { hasOlder: false, hasNewer: false }));
    return { conversation: made.sid, isNew: true };
  } catch (error) {
    const there = error instanceof ApiError && EXISTS.has(error.code) ? error.details?.conversation_sid : undefined;
    if (typeof there !== "string") throw error;
    return { conversation: there, isNew: false };
  }
}

/** What the first message would become and cost. */
export function previewFirst(wanted: NewConversation, body: string, signal: AbortSignal): Promise<Preview> {
  const form = { Author: wanted.line, Address: wanted.recipients.map(({ number }) => number), Body: body || "…" };
  return rest.preview(form, { signal }) as Promise<Preview>;
}
