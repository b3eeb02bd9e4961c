import { describe, expect, test } from "vitest";
import { describeRefusal, parseProblem, problemOfFile } from "../../src/contacts/import-file.ts";

const utf16 = new Uint8Array(new Uint16Array([0xfeff, ...[..."name,number"].map((one) => one.charCodeAt(0))]).buffer);

describe("a file is refused before it is sent", () => {
  test.each([
    ["when it is empty", new Uint8Array(), "The file is empty."],
    ["when it is too large", new Uint8Array(4 * 1024 * 1024 + 1).fill(65), "Split it."],
    ["when it is in Latin-1", new Uint8Array([74, 246, 114, 103]), "not in UTF-8"],
    ["when it is in UTF-16", utf16, "not in UTF-8"],
  ])("%s", (_, content, words) => {
    expect(problemOfFile(content)).toContain(words);
  });

  test("and no other", () => {
    expect(problemOfFile(new TextEncoder().encode("\ufeffname,number\nJörg,2065550150\n"))).toBe(null);
  });
});

test.each([
  ["company is no column: use sid, friendly_name, ...", "“company” is not a column that can be imported."],
  [" is no column: use sid, friendly_name, ...", "A column has no name"],
  ["its first row names the columns, each once, and friendly_name is one of them", "one of them must be “name”"],
  ["it has 0 rows: give 1 to 10000", "The file cannot be imported: it has 0 rows: give 1 to 10000"],
])("a file that the API refuses says why in the words of the screen: %s", (problem, said) => {
  const text = describeRefusal(`Invalid parameter body: ${problem}`);
  expect(text).toContain(said);
  expect(text).not.toMatch(/Invalid parameter|friendly_name/);
});

test("problems of rows are read as the API says them", () => {
  const contact = `CT${"0".repeat(32)}`;
  expect(parseProblem(`+12065550150 belongs to Contact ${contact}`)).toEqual({
    kind: "taken",
    number: "+12065550150",
    contact,
  });
  expect(parseProblem("row 3 has +12065550150 too")).toEqual({ kind: "repeated", row: "3", number: "+12065550150" });
  expect(parseProblem("number: it is not a number")).toEqual({ kind: "other", text: "number: it is not a number" });
});
