import { expect, test } from "vitest";
import { isOpen, parseSection, sectionsFor } from "../../src/settings/sections.ts";

test("everyone has their own settings, and administrators those that their role opens", () => {
  expect(sectionsFor([])).toEqual({ own: ["profile", "preferences", "notifications"], administration: [] });
  expect(sectionsFor(["writeAsLine", "manageLines"])).toEqual({
    own: ["profile", "preferences", "notifications", "snippets"],
    administration: ["lines", "opt-outs", "unrouted"],
  });
  expect(sectionsFor(["manageService"]).administration).toEqual(["people", "roles", "workspace"]);
});

test("a section opens by its permission alone", () => {
  expect(isOpen("lines", ["manageService"])).toBe(false);
  expect(isOpen("profile", [])).toBe(true);
});

test("an address names a section or none", () => {
  expect(parseSection("opt-outs")).toBe("opt-outs");
  expect(parseSection("toString")).toBe(null);
});
