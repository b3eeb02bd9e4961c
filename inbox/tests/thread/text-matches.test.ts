import { expect, test } from "vitest";
import { findMatches, wordsOf } from "../../src/thread/text-matches.ts";

function matched(text: string, query: string): string[] {
  return findMatches(text, wordsOf(query)).map(({ start, end }) => text.slice(start, end));
}

test("the beginnings of words are found, whatever their case", () => {
  expect(matched("The roof leaks. ROOFER!", "roof")).toEqual(["roof", "ROOF"]);
  expect(matched("Waterproof", "roof")).toEqual([]);
});

test("accents do not matter, and the text keeps its own", () => {
  expect(matched("Éclair and e\u0301clair", "eclai")).toEqual(["Éclai", "e\u0301clai"]);
  expect(matched("Strasse 12", "12 str")).toEqual(["Str", "12"]);
});

test("a character that becomes several is found as a whole", () => {
  expect(matched("½ ﬁsh", "fi")).toEqual(["ﬁ"]);
});

test("characters outside of the basic plane do not shift what follows", () => {
  expect(matched("🎉🎉 party", "part")).toEqual(["part"]);
});

test("a query without words finds nothing", () => {
  expect(matched("anything", " . ")).toEqual([]);
});
