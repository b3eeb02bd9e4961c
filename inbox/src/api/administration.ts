/** What administrators ask the server, and what they change. Live events tell of none of it, so it soon counts as old. */

import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { rest } from "./client.ts";
import { keys, type OptOutSelection } from "./keys.ts";
import { type Page, type Query, readAll, readAtLeast } from "./pages.ts";
import { get, post } from "./reads.ts";
import type {
  KnownOptOut,
  Line,
  OptOut,
  OptOutEvent,
  OptOutState,
  PhoneNumber,
  RoutedAgain,
  ServiceSettings,
  Sid,
  UnroutedText,
  User,
} from "./types.ts";

const SOON = { staleTime: 10_000 };
const PAGE = { PageSize: 50 };

/** Everyone of the Service, as they are now. */
export function usePeople() {
  return useQuery({ queryKey: keys.users(), queryFn: ({ signal }) => readAll<User>("/v1/Users", signal), ...SOON });
}

export function removePerson(user: Sid): Promise<void> {
  return remove("/v1/Users", user);
}

/** End the sessions of a person in all browsers. */
export function revokeTokens(user: Sid): Promise<void> {
  return remove("/v1/Users", user, "Tokens");
}

// --- lines

/** All lines that the person manages, by number. */
export function useManagedLines() {
  return useQuery({
    queryKey: keys.managedLines(),
    queryFn: async ({ signal }) => {
      const all = { enough: Number.POSITIVE_INFINITY, limit: 20, signal };
      const page = await readAtLeast<Line>("/v1/Lines", { View: "all", PageSize: 100 }, all);
      return page.entries;
    },
    ...SOON,
  });
}

export function changeLine(address: PhoneNumber, form: Query): Promise<Line> {
  return post<Line>(`/v1/Lines/${encodeURIComponent(address)}`, form);
}

// --- opt-outs

/** The opt-outs, the latest first. `fetchNextPage` reads on while `hasNextPage`. */
export function useOptOuts(selection: OptOutSelection) {
  const { state, address, line } = selection;
  const first = { State: state, Address: address || undefined, Line: line || undefined, ...PAGE };
  return useList<OptOut>(keys.optOuts(selection), "/v1/OptOuts", first);
}

export function useOptOutHistory(optOut: Sid) {
  return useQuery({
    queryKey: keys.optOutHistory(optOut),
    queryFn: ({ signal }) => readAll<OptOutEvent>(`/v1/OptOuts/${optOut}/Events`, signal),
    staleTime: 0,
  });
}

export function enterOptOut(line: PhoneNumber, address: string, reason: string): Promise<KnownOptOut> {
  return post<KnownOptOut>("/v1/OptOuts", { Line: line, Address: address, Reason: reason });
}

export function changeOptOut(optOut: Sid, state: OptOutState, reason: string): Promise<OptOut> {
  return post<OptOut>(`/v1/OptOuts/${optOut}`, { State: state, Reason: reason });
}

// --- unrouted texts

/** The texts that no conversation took, newest first. */
export function useUnroutedTexts() {
  return useList<UnroutedText>(keys.unroutedTexts(), "/v1/UnroutedTexts", PAGE);
}

export function routeAgain(text: Sid): Promise<RoutedAgain> {
  return post<RoutedAgain>(`/v1/UnroutedTexts/${text}`);
}

export function deleteUnrouted(text: Sid): Promise<void> {
  return remove("/v1/UnroutedTexts", text);
}

// --- settings of the Service

export function useServiceSettings(service: Sid) {
  return useQuery({
    queryKey: keys.serviceSettings(),
    queryFn: ({ signal }) => get<ServiceSettings>(`/v1/Services/${service}/Configuration`, {}, signal),
    ...SOON,
  });
}

export function changeServiceSettings(service: Sid, form: Query): Promise<ServiceSettings> {
  return post<ServiceSettings>(`/v1/Services/${service}/Configuration`, form);
}

/** A long list, from the cache at once and read again when it is old. */
function useList<T>(queryKey: readonly unknown[], path: string, first: Query) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readAtLeast<T>(path, pageParam ?? first, { enough: 20, limit: 5, signal }),
    initialPageParam: null as Query | null,
    getNextPageParam: ({ next }: Page<T>) => next,
    ...SOON,
  });
  const pages = query.data?.pages;
  const entries = useMemo(() => pages?.flatMap((page) => page.entries), [pages]);
  return { query, entries };
}

async function remove(...segments: string[]): Promise<void> {
  await rest.request({ method: "DELETE", path: segments.join("/") });
}
