import { expect, test } from "vitest";
import { routes, to } from "../../src/navigation/routes.ts";

const sid = (prefix: string) => `${prefix}${"0123456789abcdef".repeat(2)}`;

test("addresses that are built are found", () => {
  const [conversation, contact, contactImport] = [sid("CH"), sid("CT"), sid("CI")];
  expect(routes.conversation.exec(to.conversation(conversation))?.groups).toEqual({ conversation, index: undefined });
  expect(routes.conversation.exec(to.conversation(conversation, 12))?.groups).toEqual({ conversation, index: "12" });
  expect(routes.contact.exec(to.contact(contact))?.groups).toEqual({ contact });
  expect(routes.contactImport.exec(to.contactImport())?.groups).toEqual({ contactImport: undefined });
  expect(routes.contactImport.exec(to.contactImport(contactImport))?.groups).toEqual({ contactImport });
});

test.each(["..", ".", "%2e%2e", "..%2fUsers", "\0", "%00", "x?y", sid("US"), `${sid("CH")}/${"9".repeat(10)}`])(
  "%j becomes no part of a path",
  (given) => {
    expect(routes.conversation.test(`/c/${given}`)).toBe(false);
    expect(routes.contact.test(`/contacts/${given}`)).toBe(false);
    expect(routes.contactImport.test(`/contacts/import/${given}`)).toBe(false);
  },
);
