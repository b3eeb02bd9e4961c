/** The requests of the dialog. */

import { ApiError } from "../../../clients/javascript/rest.js";
import { rest } from "../api/client.ts";
import type { Conversation, Preview, Sid } from "../api/types.ts";
import { noteCreated } from "../live/activation.ts";
import { type NewConversation, participantsOf } from "./recipients.ts";
import { EXISTS } from "./refusals.ts";

/** What became of it: a new conversation, or one with these people that was there already. */
export type Created = { conversation: Sid; isNew: boolean };

/** Create a conversation. `key` makes a repeat harmless. Rejects with ApiError. */
export async function createConversation(wanted: NewConversation, key: string): Promise<Created> {
  const form = { FriendlyName: wanted.name || undefined, Participant: participantsOf(wanted) };
  try {
    const made = (await rest.conversationWithParticipants.create(form, { key })) as Conversation;
    noteCreated(made);
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
