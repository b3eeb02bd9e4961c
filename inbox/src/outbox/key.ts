/** Keys of entries: UUIDs of version 7, which are in the order in which they were made. */

let last = 0;

/** Make a key. Those of one tab are in order also within a millisecond, and when the clock is set back. */
export function makeKey(now = Date.now()): string {
  last = Math.max(now, last + 1);
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  // The version in four bits, the variant in two.
  bytes[0] = 0x70 | ((bytes[0] ?? 0) & 0x0f);
  bytes[2] = 0x80 | ((bytes[2] ?? 0) & 0x3f);
  const hex =
    last.toString(16).padStart(12, "0") + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Keys made from now on are behind this one, which an earlier page has made. */
export function continueBehind(key: string): void {
  last = Math.max(last, Number.parseInt(key.replace("-", "").slice(0, 12), 16) || 0);
}
