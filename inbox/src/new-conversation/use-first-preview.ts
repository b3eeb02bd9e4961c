import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { keys } from "../api/keys.ts";
import type { Preview } from "../api/types.ts";
import { useDebounced } from "../ui/use-debounced.ts";
import { previewFirst } from "./creation.ts";
import type { NewConversation } from "./recipients.ts";

const PAUSE = 300;

/** What the server would make of a first message, a moment after the last change; nothing while there is nothing to ask. */
export function useFirstPreview(
  wanted: NewConversation | null,
  body: string,
): { preview: Preview | null; error: unknown } {
  const settled = useDebounced(wanted ? JSON.stringify([wanted, body]) : null, PAUSE);
  const query = useQuery({
    queryKey: keys.firstPreview(settled),
    queryFn: ({ signal }) => {
      const [given, text]: [NewConversation, string] = JSON.parse(settled ?? "");
      return previewFirst(given, text, signal);
    },
    enabled: settled !== null,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
  if (!wanted || settled === null) return { preview: null, error: null };
  return { preview: query.data ?? null, error: query.error };
}
