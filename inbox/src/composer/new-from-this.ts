import { useLines, useParticipants } from "../api/queries.ts";
import type { PhoneNumber, Sid } from "../api/types.ts";
import { phonesOf, recipientOf } from "../conversations/members.ts";
import { openNewConversation } from "../navigation/new-conversation.ts";
import { usePermission } from "../person/current.ts";
import { ownNumbers } from "./situation.ts";

/**
 * A function that opens the dialog for a new conversation with the members of this one, without some. Null for a person
 * who may start none.
 */
export function useNewFromThis(conversation: Sid): ((without: PhoneNumber[]) => void) | null {
  const mayCreate = usePermission("createConversation");
  const participants = useParticipants(conversation).data ?? [];
  const lines = useLines().data ?? [];
  if (!mayCreate) return null;
  return (without) => {
    const recipients = phonesOf(participants)
      .filter(({ number }) => !without.includes(number))
      .map(recipientOf);
    const line = ownNumbers(participants).find((number) => lines.some(({ address }) => address === number));
    openNewConversation({ kind: recipients.length > 1 ? "group" : "single", recipients, ...(line ? { line } : {}) });
  };
}
