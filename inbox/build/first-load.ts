/** What a browser loads before anything is shown, and how much that may be. */

export type BuiltFile = { name: string; gzipSize: number };
export type FirstLoad = { scriptBytes: number; styleBytes: number; requests: number };

/** The most of each. Sizes are of the gzip form. */
export const LIMITS: FirstLoad = { scriptBytes: 100_000, styleBytes: 15_000, requests: 8 };

const NAMED = /<(?:script|link)\b[^>]*?\b(?:src|href)="(?:\.\/)?([^"]+)"/g;

/** Measure the page itself and the files that it names: Vite names every script that the first one imports. */
export function measureFirstLoad(page: string, files: BuiltFile[]): FirstLoad {
  const named = new Set([...page.matchAll(NAMED)].map(([, name]) => name));
  const loaded = files.filter(({ name }) => named.has(name));
  const missing = [...named].filter((name) => !files.some((file) => file.name === name));
  if (missing.length > 0 || loaded.length === 0) throw new Error(`index.html names what is not built: ${missing}`);
  return {
    scriptBytes: sum(loaded, ".js"),
    styleBytes: sum(loaded, ".css"),
    requests: loaded.length + 1,
  };
}

function sum(files: BuiltFile[], suffix: string): number {
  return files.filter(({ name }) => name.endsWith(suffix)).reduce((total, file) => total + file.gzipSize, 0);
}

/** Say what is above its limit, a line for each. */
export function problemsOf(load: FirstLoad): string[] {
  const measured: [string, number, number][] = [
    ["bytes of scripts (gzip)", load.scriptBytes, LIMITS.scriptBytes],
    ["bytes of styles (gzip)", load.styleBytes, LIMITS.styleBytes],
    ["requests", load.requests, LIMITS.requests],
  ];
  return measured
    .filter(([, value, most]) => value > most)
    .map(([of, value, most]) => `${value} ${of}, at most ${most}`);
}

/** One line about a first load. */
export function totals(load: FirstLoad): string {
  return `first load: ${load.scriptBytes} bytes of scripts, ${load.styleBytes} of styles (gzip), ${load.requests} requests`;
}
