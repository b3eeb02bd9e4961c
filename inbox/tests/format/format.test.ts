import { expect, test } from "vitest";
import { formatBytes } from "../../src/format/bytes.ts";
import { formatDollars } from "../../src/format/money.ts";
import { formatPhone, formatPhonesIn, isPhone } from "../../src/format/phone.ts";
import { formatDay } from "../../src/format/time.ts";

test("numbers of North America are as people write them, others as they are", () => {
  expect(formatPhone("+12065550100")).toBe("(206) 555-0100");
  expect(formatPhone("+442071838750")).toBe("+442071838750");
  expect(formatPhonesIn("Bob, +12065550100")).toBe("Bob, (206) 555-0100");
  expect(isPhone("+12065550100")).toBe(true);
  expect(isPhone("ann")).toBe(false);
});

test.each([
  ["0.02", "$0.02"],
  ["0.0041", "$0.0041"],
  ["0.030", "$0.03"],
  ["12", "$12.00"],
])("%s dollars", (amount, expected) => {
  expect(formatDollars(amount)).toBe(expected);
});

test.each([
  [10, "1 KB"],
  [48_213, "48 KB"],
  [1_250_000, "1.3 MB"],
])("%i bytes", (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

test("days are counted by midnights", () => {
  const now = new Date(2026, 10, 28, 0, 5);
  expect(formatDay(new Date(2026, 10, 28, 0, 1).toISOString(), now)).toBe("Today");
  expect(formatDay(new Date(2026, 10, 27, 23, 59).toISOString(), now)).toBe("Yesterday");
});
