/** Notes that colleagues write to each other. */

import { rest } from "../api/client.ts";
import { conversationPath } from "../api/reads.ts";
import type { Note, Sid } from "../api/types.ts";

/** Write a note, exactly once however often the request is repeated. Its live event shows it in the thread. */
export function addNote(conversation: Sid, body: string): Promise<Note> {
  const path = conversationPath(conversation, "Notes");
  return rest.request({ method: "POST", path, form: { Body: body }, key: crypto.randomUUID() });
}
