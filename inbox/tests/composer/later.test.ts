import { describe, expect, it } from "vitest";
import { checkTime, fromField, presetsOf, toField } from "../../src/composer/later.ts";

const at = (text: string) => new Date(text);
const offered = (now: string) => presetsOf(at(now)).map(({ kind, at: time }) => `${kind} ${toField(time)}`);

describe("the times that are offered", () => {
  it.each([
    ["on a Friday", "2026-11-27T17:00", ["tomorrow 2026-11-28T09:00", "monday 2026-11-30T09:00"]],
    ["on a Monday", "2026-11-30T08:00", ["tomorrow 2026-12-01T09:00", "monday 2026-12-07T09:00"]],
    ["on a Sunday, whose tomorrow is Monday", "2026-11-29T23:59", ["tomorrow 2026-11-30T09:00"]],
    ["at the end of a year", "2026-12-31T10:00", ["tomorrow 2027-01-01T09:00", "monday 2027-01-04T09:00"]],
  ])("%s", (_, now, times) => {
    expect(offered(now)).toEqual(times);
  });
});

describe("a time", () => {
  const now = at("2026-11-28T12:00:00");

  it.each([
    ["2026-11-28T11:59", "too-early"],
    ["2026-11-28T12:01", "too-early"],
    ["", "too-early"],
    ["2026-11-28T12:02", null],
    ["2027-01-02T12:00", null],
    ["2027-01-02T12:01", "too-late"],
  ])("of %j is %s", (field, problem) => {
    expect(checkTime(fromField(field), now)).toBe(problem);
  });

  it("is the same in the field and behind it", () => {
    expect(fromField(toField(at("2026-03-08T09:05:00")))).toEqual(at("2026-03-08T09:05:00"));
  });
});
