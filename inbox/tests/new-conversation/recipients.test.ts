import { describe, expect, test } from "vitest";
import type { Contact } from "../../src/api/types.ts";
import type { Recipient } from "../../src/navigation/new-conversation.ts";
import { parseNumber } from "../../src/new-conversation/phone-numbers.ts";
import { buildChoices, isFoundBy, participantsOf } from "../../src/new-conversation/recipients.ts";

const BOB = {
  sid: "CT1",
  friendly_name: "Bob",
  do_not_disturb: null,
  numbers: [
    { number: "+12065550151", label: "work", primary: false },
    { number: "+12065550150", label: "mobile", primary: true },
  ],
} as unknown as Contact;
const UNDISTURBED = { ...BOB, sid: "CT2", do_not_disturb: { since: "", by: "ann", reason: null } } as Contact;
const bob: Recipient = { number: "+12065550150", name: "Bob", contact: "CT1", label: "mobile" };
const kay: Recipient = { number: "+12065550152", name: null, contact: null, label: "" };
const group = { kind: "group" as const, chosen: [] as Recipient[], limit: 9 };
const problems = (choices: { problem: string | null }[]) => choices.map(({ problem }) => problem);

describe("who is offered", () => {
  test("all numbers of a contact, the primary one first", () => {
    expect(buildChoices([BOB], null, group).map(({ number }) => number)).toEqual(["+12065550150", "+12065550151"]);
  });

  test("a typed number, unless a contact has it", () => {
    expect(buildChoices([], parseNumber("206 555 0152"), group).map(({ number }) => number)).toEqual(["+12065550152"]);
    expect(buildChoices([BOB], parseNumber("206 555 0150"), group)).toHaveLength(2);
  });

  test("nobody twice, also not by another number", () => {
    expect(problems(buildChoices([BOB], null, { ...group, chosen: [bob] }))).toEqual([
      "Added already",
      "Added already by another number",
    ]);
  });

  test("nobody above what the line's carrier takes", () => {
    expect(problems(buildChoices([], parseNumber("2065550159"), { ...group, chosen: [bob, kay], limit: 2 }))).toEqual([
      "2 people at most with this line",
    ]);
  });

  test("nobody who does not want messages", () => {
    expect(problems(buildChoices([UNDISTURBED], null, group))).toEqual([
      "Does not want messages",
      "Does not want messages",
    ]);
  });

  test("one person alone to a message for one", () => {
    expect(problems(buildChoices([BOB], null, { kind: "single", chosen: [kay], limit: 0 }))).toEqual([
      "One person only. Use a group message for several.",
      "One person only. Use a group message for several.",
    ]);
  });

  test("contacts, and no bare number, to somebody who may text their own contacts only", () => {
    const limited = { ...group, isLimited: true };
    expect(problems(buildChoices([], parseNumber("2065550159"), limited))).toEqual([
      "You can text your own contacts only",
    ]);
    expect(problems(buildChoices([BOB], parseNumber("2065550150"), limited))).toEqual([null, null]);
  });

  test("numbers of other countries to a single person only", () => {
    const abroad = parseNumber("+442071838750");
    expect(problems(buildChoices([], abroad, group))).toEqual([
      "Group messages reach numbers of the US and Canada only",
    ]);
    expect(problems(buildChoices([], abroad, { ...group, kind: "single" }))).toEqual([null]);
  });
});

test.each([
  ["bo", true],
  ["BÓB", true],
  ["0151", true],
  ["51", false],
  ["ob", false],
  ["bob miller", false],
])("the answer to a search before stands for %s: %s", (search, isFound) => {
  expect(isFoundBy(BOB, search)).toBe(isFound);
});

test.each([
  ["206-555-0150", "+12065550150"],
  ["(206) 555 0150", "+12065550150"],
  ["+1 206 555 0150", "+12065550150"],
  ["bob", null],
  ["0150", null],
])("%s is %s", (text, number) => {
  expect(parseNumber(text)?.number ?? null).toBe(number);
});

describe("the members of a new conversation", () => {
  const line = "+12065550100";
  test("a line stands in a group itself", () => {
    const members = participantsOf({ kind: "group", line, recipients: [bob, kay], name: "" }).map((one) =>
      JSON.parse(one),
    );
    expect(members).toEqual([
      { messaging_binding: { projected_address: line } },
      { contact_sid: "CT1", messaging_binding: { address: bob.number } },
      { messaging_binding: { address: kay.number } },
    ]);
  });

  test("and behind a single phone", () => {
    const members = participantsOf({ kind: "single", line, recipients: [kay], name: "" }).map((one) => JSON.parse(one));
    expect(members).toEqual([{ messaging_binding: { address: kay.number, proxy_address: line } }]);
  });
});
