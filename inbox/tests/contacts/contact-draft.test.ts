import { describe, expect, test } from "vitest";
import type { Contact } from "../../src/api/types.ts";
import { draftOf, rebase } from "../../src/contacts/contact-draft.ts";
import { parseAfter } from "../../src/contacts/parts.ts";

test("a new contact begins with its number, and belongs to who makes it", () => {
  expect(draftOf(undefined, { owner: "ann", number: "+12065550150" })).toMatchObject({
    owner: "ann",
    numbers: [{ number: "+12065550150", primary: true }],
  });
});

test("a change begins with what is there", () => {
  const contact = {
    friendly_name: "Bob",
    numbers: [{ number: "+12065550150", label: "work", primary: true }],
    owner: null,
    do_not_disturb: { since: "", by: "ann", reason: "asked" },
  } as unknown as Contact;
  expect(draftOf(contact, { owner: "ann" })).toMatchObject({
    name: "Bob",
    owner: "",
    isUndisturbed: true,
    reason: "asked",
  });
});

test("the next part of the rejected rows is where the header says", () => {
  expect(parseAfter('<https://api.example/v1/Contacts/Imports/CI1/Rejected?After=17>; rel="next"')).toBe("17");
  expect(parseAfter(null)).toBe(null);
});

describe("a contact that somebody else has changed meanwhile", () => {
  const before = {
    friendly_name: "Bob",
    numbers: [{ number: "+12065550150", label: "work", primary: true }],
    owner: "ann",
    do_not_disturb: null,
  } as unknown as Contact;
  const now = { ...before, friendly_name: "Robert", owner: "ben", do_not_disturb: { reason: "asked" } } as Contact;

  test("has theirs where nothing was written", () => {
    expect(rebase(draftOf(before, { owner: "" }), before, now)).toEqual(draftOf(now, { owner: "" }));
  });

  test("keeps what was written", () => {
    const written = { ...draftOf(before, { owner: "" }), name: "Bobby", reason: "" };
    expect(rebase(written, before, now)).toMatchObject({ name: "Bobby", owner: "ben", isUndisturbed: true });
    const disturbed = { ...written, isUndisturbed: true, reason: "on holiday" };
    expect(rebase(disturbed, before, now)).toMatchObject({ isUndisturbed: true, reason: "on holiday" });
  });
});
