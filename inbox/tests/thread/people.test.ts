import { expect, test } from "vitest";
import type { Line, Participant, ParticipantContact } from "../../src/api/types.ts";
import { gatherPeople, isOurs, writerName } from "../../src/thread/people.ts";
import { BOB, CONVERSATION, LINE } from "../support/answers.ts";

const KAY = "+12065550152";

function member(address: string, given: Partial<Participant> = {}): Participant {
  return {
    sid: `MB${address.slice(2)}`,
    conversation_sid: CONVERSATION,
    identity: null,
    messaging_binding: { type: "sms", address, proxy_address: null, projected_address: null },
    role_sid: "RL",
    attributes: "{}",
    last_read_message_index: null,
    date_created: "2026-11-28T12:00:00Z",
    ...given,
  };
}

const bob: ParticipantContact = {
  sid: "CT1",
  name: "Bob Miller",
  name_when_added: "Bob Miller",
  state: "current",
  number_is_current: true,
};
const line = member("", {
  messaging_binding: { type: "sms", address: null, proxy_address: null, projected_address: LINE },
});
const people = gatherPeople({
  participants: [line, member(BOB, { contact: bob }), member(KAY)],
  members: [{ name: "Kay Ortiz", number: KAY, identity: null, contact_sid: "CT2" }],
  lines: [{ address: LINE, label: "Front desk" } as Line],
  self: "ann",
  nameOfUser: (identity) => (identity === "ben" ? "Ben" : identity),
});

test("members are called by their contacts, also those who were not added as such", () => {
  expect(writerName(people, { author: BOB, written_by: null })).toBe("Bob Miller");
  expect(writerName(people, { author: KAY, written_by: null })).toBe("Kay Ortiz");
  expect(writerName(people, { author: "+12065550199", written_by: null })).toBe("(206) 555-0199");
});

test("what was sent from here says who wrote it, and as which line", () => {
  expect(writerName(people, { author: LINE, written_by: "ben" })).toBe("Ben via Front desk");
  expect(writerName(people, { author: LINE, written_by: "ann" })).toBe("You via Front desk");
  expect(writerName(people, { author: LINE, written_by: null })).toBe("Front desk");
});

test("texts of our numbers and of colleagues are ours, those of phones are not", () => {
  expect(isOurs(people, { author: LINE, written_by: null })).toBe(true);
  expect(isOurs(people, { author: "ben", written_by: null })).toBe(true);
  expect(isOurs(people, { author: BOB, written_by: null })).toBe(false);
});
