import { describe, expect, it } from "vitest";
import type { Line, Preview, PreviewedSend } from "../../src/api/types.ts";
import { costOf } from "../../src/composer/cost.ts";
import { charactersLeft } from "../../src/composer/length.ts";
import { costText } from "../../src/composer/text-status.tsx";
import { BOB, LINE } from "../support/answers.ts";

const send = (given: Partial<PreviewedSend> = {}): PreviewedSend => ({
  from: LINE,
  carrier: "bandwidth",
  kind: "group_mms",
  recipients: [BOB, "+12065550152"],
  opted_out: [],
  do_not_disturb: [],
  requests: 1,
  encoding: null,
  segments: 1,
  billed_units: 2,
  cost: "0.040",
  ...given,
});
const preview = (...sends: PreviewedSend[]): Preview => ({
  conversation_sid: null,
  sends,
  total_cost: null,
  problems: [],
  warnings: [],
});
const LINES = [{ address: LINE, mms_price: "0.015" } as Line];
const textOf = (given: Preview, hasFiles = false, lines = LINES) => {
  const cost = costOf(given, hasFiles, lines);
  return cost && costText(cost);
};

describe("what a text costs", () => {
  it.each([
    ["one for each phone", preview(send()), "2 texts × $0.02 = $0.04"],
    ["one alone", preview(send({ billed_units: 1, cost: "0.0079" })), "1 text, $0.0079"],
    ["of several prices", preview(send(), send({ billed_units: 1, cost: "0.004" })), "3 texts, $0.044"],
    ["for who sees no prices", preview(send({ cost: null })), "2 texts"],
    ["where one price is not known", preview(send(), send({ cost: null })), "4 texts"],
    ["for nobody", preview(send({ billed_units: 0, cost: "0" })), null],
    ["that is rounded by no machine", preview(send({ billed_units: 3, cost: "0.30" })), "3 texts × $0.10 = $0.30"],
  ])("%s", (_, given, said) => {
    expect(textOf(given)).toBe(said);
  });

  it("counts a text with files as one for each who gets it, whatever its segments are", () => {
    const sms = send({
      kind: "sms",
      recipients: [BOB, "+12065550152", "+12065550153"],
      opted_out: [BOB],
      do_not_disturb: [BOB],
      segments: 3,
      billed_units: 6,
      cost: "0.024",
    });
    expect(textOf(preview(sms), true)).toBe("2 texts × $0.015 = $0.03");
    expect(textOf(preview(sms), true, [])).toBe("2 texts");
    expect(textOf(preview(sms))).toBe("6 texts × $0.004 = $0.024");
  });
});

describe("how much room a text has", () => {
  it.each([
    [1399, null],
    [1400, 200],
    [1600, 0],
    [1640, -40],
  ])("of %i characters", (length, left) => {
    expect(charactersLeft("a".repeat(length))).toBe(left);
    expect(charactersLeft("😀".repeat(length))).toBe(left);
  });
});
