import { expect, test } from "vitest";
import type { UnroutedText } from "../../src/api/types.ts";
import { describeText, senderOf } from "../../src/settings/unrouted-text.ts";

const TEXT: UnroutedText = {
  sid: "UT1",
  reason: "auto_creation_off",
  line: "+12065550100",
  sender: "+12065550150",
  recipients: ["+12065550100"],
  body: "hello",
  media: [],
  date_created: "2026-11-28T09:00:00Z",
  date_received_by_carrier: null,
};
const nameOf = (line: string) => (line === "+12065550100" ? "Front desk" : line);

test("a text to one line says which", () => {
  expect(describeText(TEXT, nameOf)).toBe("to Front desk");
});

test("a group and files are told", () => {
  const text = { ...TEXT, recipients: ["+12065550100", "+12065550151"], media: [{ url: null, content_type: null }] };
  expect(describeText(text, nameOf)).toBe("to Front desk · in a group of 3 · 1 file");
});

test("a sender is a number as people read it, or a name", () => {
  expect(senderOf(TEXT)).toBe("(206) 555-0150");
  expect(senderOf({ sender: "BANK" })).toBe("BANK");
});
