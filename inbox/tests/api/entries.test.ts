import { expect, it } from "vitest";
import { countMessages, readIndexOf } from "../../src/api/entries.ts";
import { CONVERSATION, entry } from "../support/answers.ts";
import { seeded } from "../support/random.ts";

it("an entry is read up to where so many messages as it says are left, reactions apart", () => {
  const random = seeded(7);
  for (let round = 0; round < 500; round += 1) {
    const last = Math.floor(random() * 12);
    const tapbacks = Array.from({ length: last + 1 }, (_, index) => index).filter(() => random() < 0.4);
    const read = Math.floor(random() * (last + 2)) - 1;
    const left = Array.from({ length: last - read }, (_, behind) => read + 1 + behind);
    const unread = left.filter((index) => !tapbacks.includes(index)).length;
    expect(countMessages(read, last, tapbacks)).toBe(unread);
    const found = readIndexOf(entry(CONVERSATION, last, { unread, tapback_indexes: tapbacks }));
    expect(countMessages(found, last, tapbacks)).toBe(unread);
    expect(found).toBeGreaterThanOrEqual(read);
  }
});
