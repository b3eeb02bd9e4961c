import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { conversationPath } from "../api/reads.ts";
import type { PhoneNumber, Preview, Sid } from "../api/types.ts";
import { useDebounced } from "../ui/use-debounced.ts";
import { countSegments } from "./segments.ts";

const PAUSE = 300;
/** Stands for a text where there are files alone, and before the first one: no message is without both. */
const NO_TEXT = "…";
/** Where the first carrier begins to cut a text in two. */
const LONG = 1000;

type Wanted = {
  conversation: Sid;
  author: PhoneNumber | null;
  body: string;
  /** What is known here of who gets nothing: the server is asked again when it changes. */
  missing: string;
};

/** `missing` is what was known here when it was asked. */
type Answer = { preview: Preview; missing: string };

/**
 * What the server would make of a text, and what that costs; null while it is not known. It is asked again only when what
 * it would answer may have changed: the text has more segments or fewer, or somebody opted out, here or elsewhere.
 */
export function usePreview({ conversation, author, body, missing }: Wanted, isWanted: boolean): Answer | null {
  const { encoding, segments } = countSegments(body);
  // Nothing written yet is one segment too: the first key asks, and the second one needs no answer of its own.
  const shape = useDebounced([encoding, Math.max(1, segments), body.length > LONG].join(), PAUSE);
  const query = useQuery({
    queryKey: keys.preview(conversation, author, missing, shape),
    queryFn: async ({ signal }): Promise<Answer> => {
      const form = { Author: author, Body: body.trim() ? body : NO_TEXT };
      const path = conversationPath(conversation, "Preview");
      const preview = await rest.request({ method: "POST", path, form, isSafe: true, signal });
      return { preview: preview as Preview, missing };
    },
    enabled: isWanted,
    gcTime: 60_000,
    staleTime: 5_000,
    placeholderData: keepPreviousData,
  });
  return query.data ?? null;
}
