import { expect, test } from "vitest";
import type { Contact } from "../../src/api/types.ts";
import { draftOf } from "../../src/contacts/contact-draft.ts";
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
