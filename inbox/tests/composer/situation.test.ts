import { describe, expect, it } from "vitest";
import type { Activity, ActivityKind, Line, Participant, Preview, PreviewedSend } from "../../src/api/types.ts";
import { isLarge, type Known, situationOf } from "../../src/composer/situation.ts";
import { BOB, LINE } from "../support/answers.ts";

const KAY = "+12065550152";
const SALES = "+12065550110";

type Binding = Partial<NonNullable<Participant["messaging_binding"]>>;
const member = (binding: Binding | null, identity: string | null = null): Participant => ({
  sid: `MB${"0".repeat(32)}`,
  conversation_sid: `CH${"1".repeat(32)}`,
  identity,
  messaging_binding: binding && {
    type: "sms",
    address: null,
    proxy_address: null,
    projected_address: null,
    ...binding,
  },
  role_sid: `RL${"0".repeat(32)}`,
  attributes: "{}",
  last_read_message_index: null,
  date_created: "2026-11-28T12:00:00Z",
});
const line = (address: string, given: Partial<Line> = {}) => ({ address, max_group_recipients: 9, ...given }) as Line;
const event = (kind: ActivityKind, address: string) => ({ kind, address, lines: [LINE] }) as Activity;
const preview = (given: Partial<PreviewedSend>, problems: Preview["problems"] = []): Preview => ({
  conversation_sid: null,
  sends: [{ from: LINE, recipients: [BOB, KAY], opted_out: [], do_not_disturb: [], ...given } as PreviewedSend],
  total_cost: null,
  problems,
  warnings: [],
});

const GROUP = [member({ projected_address: LINE }), member({ address: BOB }), member({ address: KAY })];
const PAIR = [member({ address: BOB, proxy_address: LINE })];
const known = (given: Partial<Known> = {}): Known => ({
  state: "active",
  participants: GROUP,
  lines: [line(LINE), line(SALES)],
  activity: [],
  preview: null,
  self: "ann",
  mayWriteAsLine: true,
  ...given,
});

describe("who may write", () => {
  it.each([
    ["as the line of a group", {}],
    ["as the line in front of one phone", { participants: PAIR }],
    ["as a member with a number", { participants: [...GROUP, member({ projected_address: SALES }, "ann")], lines: [] }],
    ["as a member among phones behind a line", { participants: [...PAIR, member(null, "ann")], lines: [] }],
    ["as a member of a chat, without a line", { participants: [member(null, "ann")], mayWriteAsLine: false }],
    ["while the members are looked up", { state: "initializing" as const }],
    ["where it is set aside", { state: "inactive" as const }],
  ])("%s", (_, given) => {
    expect(situationOf(known(given))).toEqual({ kind: "open", lines: [], missing: [] });
  });

  it.each([
    ["a closed one", { state: "closed" as const }, { kind: "closed" }],
    ["a role without lines", { mayWriteAsLine: false }, { kind: "no-permission" }],
    ["a line of others", { lines: [line(SALES)] }, { kind: "no-line", numbers: [LINE] }],
    ["a chat of others", { participants: [member(null, "ben")] }, { kind: "no-member" }],
  ])("not in %s", (_, given, said) => {
    expect(situationOf(known(given))).toEqual(said);
  });

  it("chooses where several lines of theirs are in it", () => {
    const two = [...GROUP, member({ projected_address: SALES })];
    const lines = [line(LINE), line(SALES), line("+12065550120")];
    expect(situationOf(known({ participants: two, lines }))).toMatchObject({ lines: [line(LINE), line(SALES)] });
    expect(situationOf(known({ participants: two, lines: [line(SALES)] }))).toMatchObject({ lines: [] });
    // The number in front of a phone does not count where others are in the group directly.
    const masked = [...GROUP, member({ address: "+12065550153", proxy_address: SALES })];
    expect(situationOf(known({ participants: masked, lines }))).toMatchObject({ lines: [] });
  });
});

describe("who gets nothing", () => {
  const missingOf = (given: Partial<Known>) => {
    const situation = situationOf(known(given));
    return "missing" in situation ? situation.missing.map(({ number, reason }) => `${number} ${reason}`) : null;
  };

  it("is who opted out or wants no messages, until they take it back", () => {
    const activity = [event("opted_out", KAY), event("do_not_disturb_set", BOB), event("opted_out", BOB)];
    expect(missingOf({ activity: activity.slice(0, 1) })).toEqual([`${KAY} opted-out`]);
    expect(missingOf({ activity: activity.slice(1, 2) })).toEqual([`${BOB} do-not-disturb`]);
    expect(missingOf({ activity: [...activity, event("opted_in", KAY)] })).toEqual([`${BOB} opted-out`]);
    const cleared = [event("do_not_disturb_cleared", BOB), event("opted_in", BOB)];
    expect(missingOf({ activity: [...activity, ...cleared] })).toEqual([`${KAY} opted-out`]);
  });

  it("is what the server says, once it has said it", () => {
    const activity = [event("opted_out", KAY)];
    expect(missingOf({ activity, preview: preview({}) })).toEqual([]);
    expect(missingOf({ preview: preview({ do_not_disturb: [KAY] }) })).toEqual([`${KAY} do-not-disturb`]);
  });

  it("is no one who has left", () => {
    expect(missingOf({ activity: [event("opted_out", "+12065550199")] })).toEqual([]);
  });

  it("is everybody: then there is nobody to write to", () => {
    const activity = [event("opted_out", KAY), event("do_not_disturb_set", BOB)];
    expect(situationOf(known({ activity })).kind).toBe("nobody-left");
    expect(situationOf(known({ participants: PAIR, activity: [event("opted_out", BOB)] })).kind).toBe("nobody-left");
  });
});

describe("a group that is too large", () => {
  const many = [
    member({ projected_address: LINE }),
    ...Array.from({ length: 10 }, (_, at) => member({ address: `+1206555020${at}` })),
  ];

  it("is asked about before anybody writes", () => {
    expect(isLarge({ participants: many, lines: [line(LINE)] })).toBe(true);
    expect(isLarge({ participants: many.slice(0, 10), lines: [line(LINE)] })).toBe(false);
    expect(isLarge({ participants: many, lines: [line(SALES)] })).toBe(false);
  });

  it("is for reading, and says which carrier takes how many", () => {
    const details = { line: LINE, carrier: "telnyx", limit: 8 };
    const refused = preview({}, [{ code: 21653, message: "", details }]);
    expect(situationOf(known({ participants: many, preview: refused }))).toEqual({
      kind: "too-large",
      carrier: "telnyx",
      limit: 8,
      count: 10,
    });
  });
});
