/** What a person changes of a conversation. Each is shown at once, and taken back when the API refuses it. */

import { useQueryClient } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { keys } from "../api/keys.ts";
import { conversationPath, post } from "../api/reads.ts";
import type { Conversation, ReadState, Sid } from "../api/types.ts";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";

/** The changes of one conversation, for its header and its menus. */
export function useChanges(conversation: Sid) {
  const client = useQueryClient();
  return useMemo(() => {
    async function change<T extends object>(key: readonly unknown[], path: string, form: object, shown: Partial<T>) {
      const before = client.getQueryData<T>(key);
      if (before) client.setQueryData<T>(key, { ...before, ...shown });
      try {
        client.setQueryData<T>(key, await post<T>(path, { ...form }));
      } catch (error) {
        client.setQueryData<T>(key, before);
        showToast(error instanceof Error ? error.message : words.app.failed);
      }
    }
    const ofConversation = (form: object, shown: Partial<Conversation>) =>
      change<Conversation>(keys.details(conversation), conversationPath(conversation), form, shown);
    const ofReadState = (form: object, shown: Partial<ReadState>) =>
      change<ReadState>(keys.readState(conversation), conversationPath(conversation, "ReadState"), form, shown);
    return {
      assign: (identity: string | null) => ofConversation({ Assignee: identity ?? "" }, { assignee: identity }),
      setDone: (isDone: boolean) => {
        const state = isDone ? "inactive" : "active";
        return ofConversation({ State: state }, { state });
      },
      rename: (name: string) => ofConversation({ FriendlyName: name }, { friendly_name: name || null }),
      markUnread: () => ofReadState({ MarkedUnread: true }, { marked_unread: true }),
      setMuted: (isMuted: boolean) => ofReadState({ Muted: isMuted }, { muted: isMuted }),
    };
  }, [client, conversation]);
}
