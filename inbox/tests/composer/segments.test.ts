import { expect, it } from "vitest";
import { countSegments } from "../../src/composer/segments.ts";

// What the server counts for the same texts (tests/unit/domain/test_segments.py).
it.each([
  ["", "GSM-7", 0],
  ["a".repeat(160), "GSM-7", 1],
  ["a".repeat(161), "GSM-7", 2],
  ["a".repeat(306), "GSM-7", 2],
  ["a".repeat(307), "GSM-7", 3],
  ["€".repeat(80), "GSM-7", 1],
  ["€".repeat(81), "GSM-7", 2],
  // An escaped character does not fit into the last septet of a segment.
  [`${"a".repeat(152)}€${"a".repeat(152)}`, "GSM-7", 3],
  ["à la carte", "GSM-7", 1],
  ["ç", "UCS-2", 1],
  ["я".repeat(70), "UCS-2", 1],
  ["я".repeat(71), "UCS-2", 2],
  ["😀".repeat(35), "UCS-2", 1],
  ["😀".repeat(67), "UCS-2", 3],
])("%j", (text, encoding, segments) => {
  expect(countSegments(text)).toEqual({ encoding, segments });
});
