/** Files that the API answers in parts. Pure. */

/** Where the next part begins, from the header `Link`; null at the end. */
export function parseAfter(link: string | null): string | null {
  const url = /<([^>]+)>/.exec(link ?? "")?.[1];
  return url ? new URL(url, "https://x.invalid").searchParams.get("After") : null;
}
