import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, it } from "vitest";

const SOURCES = join(import.meta.dirname, "..", "..", "src");

/** The folders of `src`, each of which imports from those before it only. */
const LAYERS = [
  "styles",
  "words",
  "format",
  "ui",
  "session",
  "api",
  "live",
  "outbox",
  "person",
  "navigation",
  "conversations",
  "notifications",
  "composer",
  "new-conversation",
  "contacts",
  "thread",
  "settings",
  "worker",
  "app",
  // The module that starts the app.
  ".",
];

type Import = { from: string; to: string };

function readImports(): Import[] {
  const modules = globSync("**/*.{ts,tsx}", { cwd: SOURCES });
  return modules.flatMap((module) => {
    const text = readFileSync(join(SOURCES, module), "utf8").replace(/^\s*(?:\/?\*|\/\/).*$/gm, "");
    const specifiers = [...text.matchAll(/(?:from |import |import\()"(\.[^"]+)"/g)].map(([, one]) => one ?? "");
    return specifiers.map((one) => ({ from: module, to: normalize(join(dirname(module), one)) }));
  });
}

function layerOf(module: string): number {
  const folder = dirname(module).split("/")[0] ?? "";
  return LAYERS.indexOf(folder);
}

it("imports go one way", () => {
  const imports = readImports().filter(({ to }) => !to.startsWith(".."));
  expect(imports.length).toBeGreaterThan(500);
  const wrong = imports.filter(({ from, to }) => layerOf(to) < 0 || layerOf(to) > layerOf(from));
  expect(wrong).toEqual([]);
});

it("outside of the sources only the clients are imported", () => {
  const outside = readImports().filter(({ to }) => to.startsWith(".."));
  const clients = relative(SOURCES, join(SOURCES, "..", "..", "clients", "javascript"));
  expect(outside.filter(({ to }) => dirname(to) !== clients)).toEqual([]);
});
