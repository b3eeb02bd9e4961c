import { expect, test } from "vitest";
import { messageOf } from "../../src/live/event-answers.ts";
import { type Facts, isNews, isTheirs } from "../../src/notifications/news.ts";
import { BOB, LINE } from "../support/answers.ts";
import { ANN, inbound, outbound } from "../support/events.ts";

const NOW = Date.parse("2026-11-28T12:00:30Z");

function isNewsOf(event: ReturnType<typeof inbound>, now = NOW) {
  return isNews(messageOf(event), event.parameters.Source, ANN, now);
}

test("a text of a handset is news", () => {
  expect(isNewsOf(inbound(1))).toBe(true);
});

test.each([
  ["a text that the person has written as a line", outbound(1, ANN)],
  ["a text that a colleague has written as a line", outbound(1, "ben")],
  ["a text that the API has written as a line", inbound(1, { Source: "API", Author: LINE })],
  ["what the person has written as themselves", inbound(1, { Source: "SDK", Author: ANN })],
  ["a tapback", inbound(1, { Attributes: '{"tapback":{"kind":"like","removed":false}}' })],
])("%s is not", (_, event) => {
  expect(isNewsOf(event)).toBe(false);
});

test("what the account has written as nobody of the conversation is not", () => {
  const { ParticipantSid: _, ...parameters } = inbound(1, { Source: "API", Author: "system" }).parameters;
  expect(isNewsOf({ ...inbound(1), parameters })).toBe(false);
});

test("what a colleague says as themselves is news", () => {
  expect(isNewsOf(inbound(1, { Source: "SDK", Author: "ben" }))).toBe(true);
});

test.each(["", "[]", "null", "{"])("attributes such as %s are none of a tapback", (attributes) => {
  expect(isNewsOf(inbound(1, { Attributes: attributes }))).toBe(true);
});

test("after a quarter of an hour a message is no news any more", () => {
  expect(isNewsOf(inbound(1), NOW + 14 * 60_000)).toBe(true);
  expect(isNewsOf(inbound(1), NOW + 15 * 60_000)).toBe(false);
});

test("a conversation is theirs by assignment or membership", () => {
  const member = { name: "Bob", number: BOB, identity: null, contact_sid: null };
  const facts: Facts = { title: "12 Elm", isMuted: false, assignee: null, members: [member] };
  expect(isTheirs(facts, ANN)).toBe(false);
  expect(isTheirs({ ...facts, assignee: "ben" }, ANN)).toBe(false);
  expect(isTheirs({ ...facts, assignee: ANN }, ANN)).toBe(true);
  const self = { name: null, number: null, identity: ANN, contact_sid: null };
  expect(isTheirs({ ...facts, members: [member, self] }, ANN)).toBe(true);
});
