/** The dialog for a new conversation, opened from wherever one begins one. */

import { signal } from "@preact/signals";
import type { PhoneNumber } from "../api/types.ts";
import type { Kind, Recipient } from "./recipients.ts";

export type NewConversationRequest = { kind: Kind; recipients?: Recipient[]; line?: PhoneNumber };

export const newConversation = signal<NewConversationRequest | null>(null);

/** Open the dialog, perhaps with people and a line in it. */
export function openNewConversation(request: NewConversationRequest): void {
  newConversation.value = request;
}
