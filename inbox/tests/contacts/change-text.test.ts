import { describe, expect, test } from "vitest";
import type { ContactChange } from "../../src/api/types.ts";
import { actorName, describeChanges } from "../../src/contacts/change-text.ts";

const nameOf = (identity: string) => ({ ann: "Ann", ben: "Ben" })[identity] ?? identity;
const describeAll = (changes: ContactChange["changes"], action: ContactChange["action"] = "updated") =>
  describeChanges({ contact_sid: "CT1", action, by: "ann", version: 2, changes, date_created: "" }, nameOf);
const mobile = { number: "+12065550150", label: "mobile", primary: true };
const work = { number: "+12065550151", label: "work", primary: false };

describe("what was changed", () => {
  test("the name, and the owner by name", () => {
    expect(
      describeAll([
        { field: "friendly_name", before: "Bob", after: "Robert" },
        { field: "owner", before: "ann", after: null },
      ]),
    ).toEqual(["Name: Bob → Robert", "Owner: Ann → Nobody"]);
  });

  test("each number by itself", () => {
    const after = [
      { ...mobile, label: "", primary: false },
      { number: "+12065550152", label: "home", primary: true },
    ];
    expect(describeAll([{ field: "numbers", before: [mobile, work], after }])).toEqual([
      "(206) 555-0152 (home) added",
      "(206) 555-0151 (work) removed",
      "(206) 555-0150: mobile → no label",
      "(206) 555-0152 is the primary number",
    ]);
  });

  test("do not disturb, with its reason", () => {
    const dnd = { since: "", by: "ann", reason: "asked" };
    expect(describeAll([{ field: "do_not_disturb", before: null, after: dnd }])).toEqual([
      "Does not want messages: asked",
    ]);
    expect(describeAll([{ field: "do_not_disturb", before: dnd, after: null }])).toEqual(["Wants messages again"]);
  });

  test("a merge", () => {
    const changes = [
      { field: "merged", before: null, after: "CT2" },
      { field: "numbers", before: [mobile], after: [mobile, work] },
    ];
    expect(describeAll(changes, "merged")).toEqual([
      "Took over the numbers of another contact",
      "(206) 555-0151 (work) added",
    ]);
  });

  test("nothing of a new contact, which is there to see, and nothing that is not for people", () => {
    expect(describeAll([{ field: "friendly_name", before: null, after: "Bob" }], "created")).toEqual([]);
    expect(describeAll([{ field: "merged_into", before: null, after: "CT2" }])).toEqual([]);
  });
});

test("who is no colleague is the API", () => {
  expect(actorName("ben", nameOf)).toBe("Ben");
  expect(actorName(`AC${"0".repeat(32)}`, nameOf)).toBe("the API");
  expect(actorName(`SK${"0".repeat(32)}`, nameOf)).toBe("the API");
});
