import { expect, it } from "vitest";
import type { Snippet } from "../../src/api/types.ts";
import { findSlashWord, matching } from "../../src/composer/snippet-search.ts";

// The cursor is where the bar stands.
it.each([
  ["/|", { start: 0, end: 1, name: "" }],
  ["/ho|", { start: 0, end: 3, name: "ho" }],
  ["/ho|urs", { start: 0, end: 3, name: "ho" }],
  ["Hi\n/a.b-c_1|", { start: 3, end: 11, name: "a.b-c_1" }],
  ["one /two|", { start: 4, end: 8, name: "two" }],
  ["and/or|", null],
  ["https://|", null],
  ["/hours |", null],
  ["|/hours", null],
  ["", null],
])("a slash word in %j", (given, found) => {
  const cursor = Math.max(given.indexOf("|"), 0);
  expect(findSlashWord(given.replace("|", ""), cursor)).toEqual(found);
});

it("finds snippets by the beginnings of their names, whatever their case", () => {
  const snippets = ["Hours", "howto", "keys"].map((name) => ({ name }) as Snippet);
  const names = (typed: string) => matching(snippets, typed).map(({ name }) => name);
  expect(names("HO")).toEqual(["Hours", "howto"]);
  expect(names("")).toHaveLength(3);
  expect(names("x")).toEqual([]);
});
