import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clearTyping, endTyping, noteTyping, typingIn } from "../../src/live/typing.ts";
import { CONVERSATION } from "../support/answers.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  clearTyping();
  vi.useRealTimers();
});

describe("who is writing", () => {
  it("is shown until they were silent for six seconds", () => {
    const names = typingIn(CONVERSATION);
    noteTyping(CONVERSATION, "ann");
    vi.advanceTimersByTime(3_000);
    noteTyping(CONVERSATION, "ann");
    noteTyping(CONVERSATION, "ben");
    vi.advanceTimersByTime(5_999);
    expect(names.value).toEqual(["ann", "ben"]);
    vi.advanceTimersByTime(1);
    expect(names.value).toEqual([]);
  });

  it("is not shown any more once they have sent it", () => {
    noteTyping(CONVERSATION, "ann");
    endTyping(CONVERSATION, "ann");
    expect(typingIn(CONVERSATION).value).toEqual([]);
  });
});
