import { expect, it } from "vitest";
import { countNews, readIndexOf } from "../../src/api/entries.ts";
import { CONVERSATION, entry } from "../support/answers.ts";
import { seeded } from "../support/random.ts";

it("an entry is read up to where so many messages as it says are left, reactions and own ones apart", () => {
  const random = seeded(7);
  for (let round = 0; round < 500; round += 1) {
    const last = Math.floor(random() * 12);
    const silent = Array.from({ length: last + 1 }, (_, index) => index).filter(() => random() < 0.4);
    const tapback_indexes = silent.filter(() => random() < 0.5);
    const own_indexes = silent.filter((index) => !tapback_indexes.includes(index));
    const held = entry(CONVERSATION, last, { tapback_indexes, own_indexes });
    const read = Math.floor(random() * (last + 2)) - 1;
    const left = Array.from({ length: last - read }, (_, behind) => read + 1 + behind);
    const unread = left.filter((index) => !silent.includes(index)).length;
    expect(countNews(held, read, last)).toBe(unread);
    const found = readIndexOf({ ...held, unread });
    expect(countNews(held, found, last)).toBe(unread);
    expect(found).toBeGreaterThanOrEqual(read);
  }
});
