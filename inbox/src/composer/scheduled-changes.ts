import { useQueryClient } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { conversationPath, post } from "../api/reads.ts";
import type { ScheduledMessage, Sid } from "../api/types.ts";
import { enqueue } from "../outbox/my-outbox.ts";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";

/** What a person does with texts that wait to be sent. What is refused is said, and the list read again. */
export function useScheduledChanges(conversation: Sid) {
  const client = useQueryClient();
  return useMemo(() => {
    const key = keys.scheduled(conversation);
    const pathOf = (sid: Sid) => conversationPath(conversation, "ScheduledMessages", sid);
    const show = (change: (scheduled: ScheduledMessage[]) => ScheduledMessage[]) =>
      client.setQueryData<ScheduledMessage[]>(key, (scheduled) => scheduled && change(scheduled));

    async function attempt(work: () => Promise<void>): Promise<boolean> {
      try {
        await work();
        return true;
      } catch (error) {
        // It may have been sent a moment ago.
        void client.invalidateQueries({ queryKey: key });
        showToast(error instanceof Error ? error.message : words.app.failed);
        return false;
      }
    }

    async function remove({ sid }: ScheduledMessage) {
      await rest.request({ method: "DELETE", path: pathOf(sid) });
      show((scheduled) => scheduled.filter((one) => one.sid !== sid));
    }

    return {
      change: ({ sid }: ScheduledMessage, at: Date, body: string) =>
        attempt(async () => {
          const changed = await post<ScheduledMessage>(pathOf(sid), { SendAt: at.toISOString(), Body: body });
          const inOrder = (a: ScheduledMessage, b: ScheduledMessage) => (a.send_at < b.send_at ? -1 : 1);
          show((scheduled) => scheduled.map((one) => (one.sid === sid ? changed : one)).sort(inOrder));
          showToast(words.composer.later.changed);
        }),
      cancel: (scheduled: ScheduledMessage) =>
        attempt(async () => {
          await remove(scheduled);
          showToast(words.composer.later.canceled);
        }),
      // First canceled, then sent: the other way round it could be sent twice.
      sendNow: (scheduled: ScheduledMessage) =>
        attempt(async () => {
          await remove(scheduled);
          const { author, body, media_sids } = scheduled;
          const files = media_sids.map((sid) => ({ sid, name: words.list.file, type: "", size: 0 }));
          enqueue({ conversation, author: author.startsWith("+") ? author : null, body: body ?? "", files });
        }),
    };
  }, [client, conversation]);
}
