/** Sign out, after a question where messages would be lost. */

import { unsent } from "../outbox/my-outbox.ts";
import { endSession } from "../session/session.ts";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";

/** Ask, sign out, and say so if the server does not answer: the person is signed in still. */
export async function leave(): Promise<void> {
  const count = unsent.value.length;
  if (count > 0 && !confirm(words.session.unsent(count))) return;
  try {
    await endSession();
  } catch {
    showToast(words.session.unreachable);
  }
}
