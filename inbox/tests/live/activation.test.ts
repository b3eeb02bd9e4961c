import { QueryClient } from "@tanstack/preact-query";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keys } from "../../src/api/keys.ts";
import type { Conversation, ConversationState } from "../../src/api/types.ts";
import { isInitializing, noteActivation, noteCreated } from "../../src/live/activation.ts";
import { entry } from "../support/answers.ts";
import { entryUpdated, event } from "../support/events.ts";

let client: QueryClient;
let sid: string;
let count = 0;
const conversation = (state: ConversationState) => ({ sid, state }) as Conversation;
const stateUpdated = (parameters: Record<string, string>) => event("onConversationStateUpdated", parameters, sid);
const begun = () => stateUpdated({ StateFrom: "initializing", StateTo: "active" });

beforeEach(() => {
  client = new QueryClient();
  count += 1;
  sid = `CH${String(count).padStart(32, "0")}`;
});
afterEach(() => client.clear());

it("a conversation that was created here is initializing until its event comes", () => {
  noteCreated(conversation("initializing"));
  expect(isInitializing(client, sid)).toBe(true);
  expect(noteActivation(begun())).toBe(sid);
  expect(isInitializing(client, sid)).toBe(false);
});

it("the event may come before the answer", () => {
  noteActivation(begun());
  noteCreated(conversation("initializing"));
  client.setQueryData(keys.details(sid), conversation("initializing"));
  expect(isInitializing(client, sid)).toBe(false);
});

it("its entry in the list says it, too", () => {
  noteCreated(conversation("initializing"));
  expect(noteActivation(entryUpdated(sid, 0, { State: "initializing" }))).toBeNull();
  expect(noteActivation(entryUpdated(sid, 0))).toBe(sid);
  expect(noteActivation(entryUpdated(sid, 1))).toBeNull();
});

it.each<[ConversationState, boolean]>([
  ["initializing", true],
  ["active", false],
  ["closed", false],
])("what was read says it of all others (%s)", (state, expected) => {
  expect(isInitializing(client, sid)).toBe(false);
  const pages = [{ entries: [entry(sid, 0, { state })], next: null }];
  client.setQueryData(keys.inbox({ view: "all" }), { pages, pageParams: [null] });
  expect(isInitializing(client, sid)).toBe(expected);
  client.setQueryData(keys.details(sid), conversation("active"));
  expect(isInitializing(client, sid)).toBe(false);
});

it("other events say nothing of it", () => {
  expect(noteActivation(stateUpdated({ StateFrom: "active", StateTo: "closed" }))).toBeNull();
  expect(noteActivation({ type: "typing", conversation: sid, identity: "ann" } as never)).toBeNull();
});
