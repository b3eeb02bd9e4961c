/** The files that stand beside a text until it is sent: what can be sent, and why not. Pure. */

import type { Line } from "../api/types.ts";
import { formatBytes } from "../format/bytes.ts";
import type { OutgoingFile } from "../outbox/entry.ts";
import { words } from "../words/words.ts";

/** What a carrier takes. */
export type FileLimits = { files: number; bytes: number };

/** The most bytes of an upload: API Gateway and Lambda accept no more. */
export const MOST_UPLOADED = 4 * 1024 * 1024;
/** The most files of a message. */
const MOST_FILES = 10;
/** Images that are too large together are scaled down, at most to this size. */
const SMALLEST_IMAGE = 32 * 1024;
const SCALED = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);
/** What a browser or a machine would run. The server looks at the content itself, and has the last word. */
const REFUSED_TYPES = /^(text\/html|image\/svg\+xml|(text|application)\/xml|.*\+xml|(text|application)\/javascript)$/;
const REFUSED_NAMES =
  /\.(html?|xhtml|svgz?|xml|m?js|exe|msi|com|bat|cmd|ps1|sh|jar|apk|app|dmg|vbs|scr|docm|xlsm|pptm)$/i;

/** The strictest of the limits of the lines that a text goes out from. */
export function limitsOf(lines: Line[], isGroup: boolean): FileLimits {
  const files = lines.map((line) => (isGroup ? line.max_group_files : line.max_files));
  const bytes = lines.map((line) => line.max_files_bytes);
  return { files: Math.min(MOST_FILES, ...files), bytes: Math.min(Number.POSITIVE_INFINITY, ...bytes) };
}

/** Why a file cannot be sent, whatever stands beside it; null if it can. */
export function refusalOf(file: Pick<OutgoingFile, "name" | "type" | "size">): string | null {
  const { files } = words.composer;
  if (REFUSED_TYPES.test(file.type) || REFUSED_NAMES.test(file.name)) return files.kind(file.name);
  if (file.size === 0) return files.empty(file.name);
  if (file.size > MOST_UPLOADED) return files.large(file.name, formatBytes(file.size), formatBytes(MOST_UPLOADED));
  return null;
}

/** Why files cannot be sent together; null if they can. */
export function problemOf(files: Pick<OutgoingFile, "type" | "size">[], limits: FileLimits): string | null {
  if (files.length > limits.files) return words.composer.files.tooMany(limits.files);
  const needed = files.reduce(
    (sum, { type, size }) => sum + (SCALED.has(type) ? Math.min(size, SMALLEST_IMAGE) : size),
    0,
  );
  return needed > limits.bytes ? words.composer.files.together(formatBytes(limits.bytes)) : null;
}

/** Divide what was chosen into what can be sent and why the rest cannot. */
export function stage(chosen: File[]): { files: OutgoingFile[]; refusals: string[] } {
  const files: OutgoingFile[] = [];
  const refusals: string[] = [];
  for (const file of chosen) {
    const staged = { name: file.name || words.list.file, type: file.type, size: file.size, blob: file };
    const refusal = refusalOf(staged);
    if (refusal) refusals.push(refusal);
    else files.push(staged);
  }
  return { files, refusals };
}

/**
 * The files of a paste. What an office program copies is text with a picture of itself, and stays text; a copied file
 * comes with its name as plain text alone, a copied picture with its place in a page alone.
 */
export function filesOf(transfer: Pick<DataTransfer, "types" | "files"> | null): File[] {
  if (!transfer) return [];
  const isText = transfer.types.includes("text/plain") && transfer.types.includes("text/html");
  return isText ? [] : [...transfer.files];
}
