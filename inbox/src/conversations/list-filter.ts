/** Which conversations the list shows. It is kept while the app is open, whatever screen is shown meanwhile. */

import { computed, signal } from "@preact/signals";
import type { InboxSelection } from "../api/keys.ts";
import type { InboxView, PhoneNumber } from "../api/types.ts";

export const listFilter = signal<InboxSelection>({ view: "all" });

/** What is typed into the search field: the filter follows it a moment later. */
export const searchText = signal("");

export const isFiltered = computed(() => Boolean(listFilter.value.q || listFilter.value.line));

export function showView(view: InboxView): void {
  listFilter.value = { ...listFilter.value, view };
}

export function showLine(line: PhoneNumber | undefined): void {
  const { line: _, ...others } = listFilter.value;
  listFilter.value = line ? { ...others, line } : others;
}

export function searchFor(text: string): void {
  const { q: before, ...others } = listFilter.value;
  const q = text.trim();
  if (q !== (before ?? "")) listFilter.value = q ? { ...others, q } : others;
}
