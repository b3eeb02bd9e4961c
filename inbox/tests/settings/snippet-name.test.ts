import { expect, test } from "vitest";
import { isSnippetName } from "../../src/settings/snippet-name.ts";

test.each(["hours", "Öffnungszeiten", "a.b-c_1", "x".repeat(40)])("%s is a name", (name) => {
  expect(isSnippetName(name)).toBe(true);
});

test.each(["", "two words", "a/b", "x".repeat(41)])("%s is none", (name) => {
  expect(isSnippetName(name)).toBe(false);
});
