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

test.each(["🎉", "🎉🎉", "👩‍👧 👍🏽", "🇺🇸", "1️⃣", "❤️", "❤️‍🔥", "✌🏽", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧‍👦\n🧑🏻‍🤝‍🧑🏿 👩🏽‍⚕️"])(
  "%s is large",
  (text) => expect(isEmojiOnly(text)).toBe(true),
);

test.each(["🎉 yes", "🎉🎉🎉🎉", "12", "1", "#", "™", "❤", "🇺", "\u200d", "\ufe0f", "a", ""])(
  "%j is not large",
  (text) => {
    expect(isEmojiOnly(text)).toBe(false);
  },
);

test("emoji are those of Unicode's list", () => {
  const listed = /^\p{RGI_Emoji}$/v;
  const all = Array.from({ length: 0x20000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
  const differ = all.map((code) => String.fromCodePoint(code)).filter((one) => listed.test(one) !== isEmojiOnly(one));
  expect(differ).toEqual([]);
});
