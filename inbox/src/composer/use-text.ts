import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { PhoneNumber, Sid } from "../api/types.ts";
import type { Draft } from "../outbox/drafts.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { draftOf, saveDraft } from "../outbox/my-outbox.ts";

/** The lines that were chosen last, by conversation: a draft is gone with its text, and the next one has the same line. */
const chosen = signal<ReadonlyMap<Sid, PhoneNumber>>(new Map());

const NOTHING: Draft = { body: "", author: null, files: [] };

/** What a person is writing in a conversation: it is kept as a draft with every change. */
export function useText(conversation: Sid) {
  const { body, files, author } = draftOf(conversation).value ?? NOTHING;
  const line = author ?? chosen.value.get(conversation) ?? null;
  const actions = useMemo(() => {
    const now = () => draftOf(conversation).peek() ?? NOTHING;
    return {
      write: (text: string) => saveDraft(conversation, { ...now(), body: text }),
      addFiles: (added: OutgoingFile[]) => saveDraft(conversation, { ...now(), files: [...now().files, ...added] }),
      removeFile: (at: number) => saveDraft(conversation, { ...now(), files: now().files.toSpliced(at, 1) }),
      chooseLine: (address: PhoneNumber) => {
        chosen.value = new Map(chosen.value).set(conversation, address);
        saveDraft(conversation, { ...now(), author: address });
      },
      clear: () => saveDraft(conversation, null),
    };
  }, [conversation]);
  return { body, files, line, ...actions };
}
