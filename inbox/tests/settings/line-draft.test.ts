import { expect, test } from "vitest";
import type { Line } from "../../src/api/types.ts";
import { changesOf, draftOf, isPrice, usersOf } from "../../src/settings/line-draft.ts";

const SERVICE = `IS${"1".repeat(32)}`;
const LINE: Line = {
  sid: "LN1",
  address: "+12065550100",
  carrier: "bandwidth",
  auto_creation: "groups",
  friendly_name: "Elm Street",
  label: "Front desk",
  language: "en",
  replies: { help: "Call us." },
  sms_price: "0.01",
  mms_price: null,
  users: ["dana", "eli"],
  group_messaging: true,
  group_messaging_problem: null,
  max_group_recipients: 9,
  max_files: 10,
  max_group_files: 10,
  max_files_bytes: 1,
};

test("what is not changed is not sent", () => {
  expect(changesOf(draftOf(LINE, SERVICE), LINE, SERVICE)).toEqual({});
  const turned = { ...draftOf(LINE, SERVICE), users: ["eli", "dana"], label: " Front desk " };
  expect(changesOf(turned, LINE, SERVICE)).toEqual({});
});

test("each change is a parameter, and an empty one clears", () => {
  const draft = { ...draftOf(LINE, SERVICE), label: "", smsPrice: "", mmsPrice: "0.02", autoCreation: "all" as const };
  expect(changesOf(draft, LINE, SERVICE)).toEqual({ Label: "", SmsPrice: "", MmsPrice: "0.02", AutoCreation: "all" });
});

test("answers are sent as a whole, without those that are empty", () => {
  const draft = draftOf(LINE, SERVICE);
  expect(changesOf({ ...draft, replies: { stop: "Bye.", start: " ", help: "" } }, LINE, SERVICE)).toEqual({
    Replies: '{"stop":"Bye."}',
  });
  expect(changesOf({ ...draft, replies: { stop: "", start: "", help: "" } }, LINE, SERVICE)).toEqual({ Replies: "{}" });
});

test.each([["*"], [`${SERVICE}/*`]])("%s is everyone, and stays so untouched", (user) => {
  const line = { ...LINE, users: [user, "dana"] };
  expect(usersOf(line, SERVICE)).toEqual({ isForEveryone: true, users: ["dana"] });
  expect(changesOf(draftOf(line, SERVICE), line, SERVICE)).toEqual({});
});

test("a line is given to everyone of the Service, to some, or to nobody", () => {
  const draft = draftOf(LINE, SERVICE);
  const given = (changes: Partial<typeof draft>) => changesOf({ ...draft, ...changes }, LINE, SERVICE);
  expect(given({ isForEveryone: true })).toEqual({ Users: [`${SERVICE}/*`] });
  expect(given({ users: ["ann"] })).toEqual({ Users: ["ann"] });
  expect(given({ users: [] })).toEqual({ Users: "" });
});

test.each(["", "0", "0.0079", " 1.5 "])("%j is a price or none", (text) => {
  expect(isPrice(text)).toBe(true);
});

test.each(["$1", "0,5", "-1", ".5", "1e3"])("%j is no price", (text) => {
  expect(isPrice(text)).toBe(false);
});
