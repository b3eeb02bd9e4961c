/**
 * Turn a build of the app into the files that the function `pages` serves: each one beside its compressed forms, with a
 * table of them all, `files.json`. Fails when a first load would be too large.
 *
 *     node build/site.ts dist ../functions/pages/site
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type BuiltFile, measureFirstLoad, problemsOf, totals } from "./first-load.ts";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mp3": "audio/mpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const IS_COMPRESSED = new Set([".mp3", ".png", ".woff2"]);
/** Vite writes a hash of the content into these names. */
const IMMUTABLE = /^assets\//;

/** What `files.json` says of a file: its type, a digest of its content, and the names of its forms by their coding. */
type Entry = { type: string; digest: string; immutable: boolean; forms: Record<string, string> };

function main([dist, site]: string[]): void {
  if (!dist || !site) throw new Error("usage: node build/site.ts DIST SITE");
  const files = new Map(namesIn(dist).map((name) => [name, readFileSync(join(dist, name))]));
  const unfinished = `${site}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const built: BuiltFile[] = [];
  const table: Record<string, Entry> = {};
  for (const [name, content] of files) {
    const forms = compress(name, content);
    for (const [coding, form] of forms) write(join(unfinished, name + suffixOf(coding)), form);
    table[name] = describe(name, content, [...forms.keys()]);
    built.push({ name, gzipSize: (forms.get("gzip") ?? content).length });
  }
  const first = measureFirstLoad(files.get("index.html")?.toString() ?? "", built);
  const problems = problemsOf(first);
  if (problems.length > 0) throw new Error(`the first load is too large:\n${problems.join("\n")}`);
  write(join(unfinished, "files.json"), Buffer.from(JSON.stringify(table, null, 1)));
  rmSync(site, { recursive: true, force: true });
  renameSync(unfinished, site);
  console.log(totals(first));
}

function namesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory).length + 1))
    .sort();
}

function compress(name: string, content: Buffer): Map<string, Buffer> {
  const forms = new Map([["identity", content]]);
  if (IS_COMPRESSED.has(extname(name))) return forms;
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const compressed: [string, Buffer][] = [
    ["br", brotliCompressSync(content, { params: quality })],
    ["gzip", gzipSync(content, { level: constants.Z_BEST_COMPRESSION })],
  ];
  for (const [coding, form] of compressed) if (form.length < content.length) forms.set(coding, form);
  return forms;
}

function describe(name: string, content: Buffer, codings: string[]): Entry {
  const type = TYPES[extname(name)];
  if (!type) throw new Error(`${name}: give its kind of file a type in build/site.ts`);
  return {
    type,
    digest: createHash("sha256").update(content).digest("hex").slice(0, 32),
    immutable: IMMUTABLE.test(name),
    forms: Object.fromEntries(codings.map((coding) => [coding, name + suffixOf(coding)])),
  };
}

function suffixOf(coding: string): string {
  return { br: ".br", gzip: ".gz" }[coding] ?? "";
}

function write(path: string, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
