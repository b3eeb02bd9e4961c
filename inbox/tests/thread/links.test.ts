import { expect, test } from "vitest";
import { isEmojiOnly, splitLinks } from "../../src/thread/links.ts";

test.each([
  ["see https://example.com/a.", ["see ", "<https://example.com/a>", "."]],
  ["(https://example.com/a)", ["(", "<https://example.com/a>", ")"]],
  ["https://en.wikipedia.org/wiki/Elm_(tree)", ["<https://en.wikipedia.org/wiki/Elm_(tree)>"]],
  ["javascript:alert(1) data:text/html,x", ["javascript:alert(1) data:text/html,x"]],
  ["https://", ["https://"]],
  ["no link", ["no link"]],
  ["https://bank.example@evil.example/", ["https://bank.example@evil.example/"]],
  ["https://evil.example/\u202egpj.exe", ["https://evil.example/\u202egpj.exe"]],
  ["https://a.example/@user", ["<https://a.example/@user>"]],
  ["http://a.example http://b.example", ["<http://a.example>", " ", "<http://b.example>"]],
])("%s", (text, expected) => {
  const parts = splitLinks(text);
  expect(parts.map((part) => (part.href ? `<${part.text}>` : part.text))).toEqual(expected);
  expect(parts.map((part) => part.text).join("")).toBe(text);
});

test("one to three emoji are large", () => {
  expect(isEmojiOnly("🎉🎉")).toBe(true);
  expect(isEmojiOnly("👩‍👧 👍🏽")).toBe(true);
  expect(isEmojiOnly("🎉 yes")).toBe(false);
  expect(isEmojiOnly("12")).toBe(false);
  expect(isEmojiOnly("")).toBe(false);
});
