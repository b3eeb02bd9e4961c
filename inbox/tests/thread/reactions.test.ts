import { expect, test } from "vitest";
import type { CachedMessage } from "../../src/api/message-window.ts";
import { collectReactions, groupReactions } from "../../src/thread/reactions.ts";
import { buildRows } from "../../src/thread/timeline.ts";
import { BOB, message, sidOfMessage } from "../support/answers.ts";

const KAY = "+12065550152";

function tapback(index: number, about: number | null, given: object = {}, author = BOB): CachedMessage {
  const place = about === null ? {} : { message_sid: sidOfMessage(about), index: about };
  const attributes = JSON.stringify({ tapback: { kind: "like", removed: false, ...place, ...given } });
  return message(index, { author, attributes, body: "Liked “Sunday?”" });
}

test("a reaction is on its message, and no text of its own", () => {
  const { reactions, shownSo } = collectReactions([message(0), tapback(1, 0)]);
  expect(reactions.get(sidOfMessage(0))).toEqual([{ emoji: "👍", author: BOB }]);
  expect([...shownSo]).toEqual([sidOfMessage(1)]);

  const rows = buildRows({ messages: [message(0), tapback(1, 0), message(2)], activity: [], isWhole: false });
  expect(rows.filter(({ kind }) => kind === "message")).toHaveLength(2);
});

test("what is not certain, or about a message that is not here, stays a text", () => {
  expect(collectReactions([message(0), tapback(1, null)]).shownSo.size).toBe(0);
  expect(collectReactions([message(5), tapback(6, 0)]).shownSo.size).toBe(0);
});

test("a sticker, which brings no picture, stays a text", () => {
  expect(collectReactions([message(0), tapback(1, 0, { kind: "sticker" })]).shownSo.size).toBe(0);
});

test("an emoji that the phone names is shown as it is", () => {
  const { reactions } = collectReactions([message(0), tapback(1, 0, { kind: "emoji", emoji: "🎉" })]);
  expect(reactions.get(sidOfMessage(0))).toEqual([{ emoji: "🎉", author: BOB }]);
});

test("a person has one reaction on a message, and can take it back", () => {
  const changed = [message(0), tapback(1, 0), tapback(2, 0, { kind: "love" })];
  expect(collectReactions(changed).reactions.get(sidOfMessage(0))).toEqual([{ emoji: "❤️", author: BOB }]);

  const removed = [...changed, tapback(3, 0, { kind: "love", removed: true })];
  expect(collectReactions(removed).reactions.get(sidOfMessage(0))).toEqual([]);
  expect(collectReactions(removed).shownSo.size).toBe(3);
});

test("attributes that only look like a reaction are none", () => {
  for (const attributes of ['{"tapback"', '{"tapback": null}', '{"tapback": {"kind": 1, "message_sid": "IM"}}']) {
    expect(collectReactions([message(0), message(1, { attributes })]).shownSo.size).toBe(0);
  }
});

test("the same emoji of several people is shown once", () => {
  const { reactions } = collectReactions([message(0), tapback(1, 0), tapback(2, 0, {}, KAY)]);
  expect(groupReactions(reactions.get(sidOfMessage(0)) ?? [])).toEqual([{ emoji: "👍", authors: [BOB, KAY] }]);
});
