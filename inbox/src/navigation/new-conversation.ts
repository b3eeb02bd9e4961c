/** The dialog for a new conversation, opened from wherever one begins one. */

import { signal } from "@preact/signals";
import type { PhoneNumber, Sid } from "../api/types.ts";

export type Kind = "single" | "group";

/** Somebody who is to get the texts: a contact by one of its numbers, or a bare number. */
export type Recipient = {
  number: PhoneNumber;
  name: string | null;
  contact: Sid | null;
  /** Which of the contact's numbers: "work". */
  label: string;
};

export type NewConversationRequest = { kind: Kind; recipients?: Recipient[]; line?: PhoneNumber };

export const newConversation = signal<NewConversationRequest | null>(null);

/** Open the dialog, perhaps with people and a line in it. */
export function openNewConversation(request: NewConversationRequest): void {
  newConversation.value = request;
}
