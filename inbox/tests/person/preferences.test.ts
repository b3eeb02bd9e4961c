import { expect, test } from "vitest";
import { parsePreferences } from "../../src/person/preferences.ts";

const DEFAULTS = parsePreferences(null);

test("without a choice shortcuts work, reading is noted, and nothing makes a noise", () => {
  expect(DEFAULTS).toEqual({
    theme: "system",
    shortcuts: true,
    readOnOpen: true,
    enterSends: true,
    alerts: "mine",
    sound: false,
    notifiedUser: null,
    notifyWithText: false,
  });
});

test("what was chosen holds", () => {
  const chosen = { ...DEFAULTS, theme: "dark", shortcuts: false, sound: true, alerts: "all", notifiedUser: "US1" };
  expect(parsePreferences(JSON.stringify(chosen))).toEqual(chosen);
});

test.each(["", "null", "3", "[]", "{", '{"theme":"pink","sound":"yes","alerts":"off","notifiedUser":1,"other":2}'])(
  "%s is as without a choice",
  (text) => {
    expect(parsePreferences(text)).toEqual(DEFAULTS);
  },
);
