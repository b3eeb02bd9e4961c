/** Which messages are news to a person. Pure. The server decides likewise about what it pushes (docs/push.md). */

import type { CachedMessage } from "../api/message-window.ts";
import type { InboxMember } from "../api/types.ts";
import { isPhone } from "../format/phone.ts";

/** After this time a message is no news any more, in milliseconds. */
const FRESH = 15 * 60_000;

/** Whether a message was written by others than staff, just now, and is no tapback. */
export function isNews(message: CachedMessage, source: string | undefined, me: string, now: number): boolean {
  if (message.written_by !== null || message.author === me || message.participant_sid === null) return false;
  // What comes from a number without being a text is written as a line.
  if (isPhone(message.author) && source !== "SMS") return false;
  return !isTapback(message) && now - Date.parse(message.date_created) < FRESH;
}

function isTapback({ attributes }: CachedMessage): boolean {
  try {
    return "tapback" in Object(JSON.parse(attributes));
  } catch {
    return false;
  }
}

/** What the app knows of the conversation of a message. */
export type Facts = {
  title: string;
  isMuted: boolean;
  assignee: string | null;
  members: InboxMember[];
};

/** Whether a conversation is assigned to a person, or has them as a member. */
export function isTheirs({ assignee, members }: Facts, me: string): boolean {
  return assignee === me || members.some(({ identity }) => identity === me);
}
