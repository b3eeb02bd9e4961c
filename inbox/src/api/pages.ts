/** Lists of the API, a page at a time. */

import { rest } from "./client.ts";
import type { Meta } from "./types.ts";

/** Parameters of a request's query. */
export type Query = Record<string, string | number | boolean | string[] | undefined>;

/** A part of a list. `next` asks for what is behind it; null at the end. */
export type Page<T> = { entries: T[]; next: Query | null };

/** Read a page of a list. */
export async function readPage<T>(path: string, query: Query, signal?: AbortSignal): Promise<Page<T>> {
  const answer: Record<string, unknown> & { meta: Meta } = await rest.request({
    method: "GET",
    path,
    query,
    ...(signal && { signal }),
  });
  return { entries: answer[answer.meta.key] as T[], next: parseNext(answer.meta) };
}

/**
 * Read on until there is enough, since a filtered page may be short with more behind it.
 *
 * @param enough how many entries end the reading
 * @param limit how many requests are made at most
 */
export async function readAtLeast<T>(
  path: string,
  query: Query,
  { enough, limit, signal }: { enough: number; limit: number; signal?: AbortSignal },
): Promise<Page<T>> {
  const entries: T[] = [];
  let next: Query | null = query;
  for (let count = 0; next && count < limit && entries.length < enough; count += 1) {
    const page: Page<T> = await readPage<T>(path, next, signal);
    entries.push(...page.entries);
    next = page.next;
  }
  return { entries, next };
}

/** Read a whole list, which is short. */
export async function readAll<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const all = { enough: Number.POSITIVE_INFINITY, limit: 20 };
  const page = await readAtLeast<T>(path, { PageSize: 100 }, signal ? { ...all, signal } : all);
  return page.entries;
}

/** Only the parameters of the next page's URL are used: the token goes to no other server, whatever an answer says. */
function parseNext({ next_page_url }: Meta): Query | null {
  if (!next_page_url) return null;
  const parameters = new URL(next_page_url).searchParams;
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name)]));
}
