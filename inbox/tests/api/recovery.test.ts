import { InfiniteQueryObserver, notifyManager, QueryClient, QueryObserver } from "@tanstack/preact-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../clients/javascript/rest.js";
import { isTemporary } from "../../src/api/errors.ts";
import { Recovery } from "../../src/api/recovery.ts";
import { NoAnswerError, SessionEndedError } from "../../src/session/session-ended.ts";

const NO_ANSWER = new ApiError("no answer");
let client: QueryClient;
let recovery: Recovery;
let isVisible: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  isVisible = true;
  client = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false, networkMode: "always" } },
  });
  recovery = new Recovery({ isVisible: () => isVisible, random: () => 1 });
  recovery.watch(client);
});
afterEach(() => {
  client.clear();
  vi.useRealTimers();
});

type Fate = () => string;
const fail = (error: unknown) => () => {
  throw error;
};

/** A screen that shows a query: what it has shown, and how often the server was asked. */
function show(key: string, fates: { now: Fate }) {
  const asked: number[] = [];
  const begun = Date.now();
  const queryFn = async () => {
    asked.push(Date.now() - begun);
    await Promise.resolve();
    return fates.now();
  };
  const observer = new QueryObserver(client, { queryKey: [key], queryFn });
  const states: string[] = [];
  // As hooks do.
  const draw = notifyManager.batchCalls(() => {
    const { status, data } = observer.getCurrentResult();
    const state = data ?? status;
    if (states.at(-1) !== state) states.push(state);
  });
  const close = observer.subscribe(draw);
  return { observer, asked, states, close };
}

describe("a read that failed", () => {
  it("is repeated after pauses that grow, and its failure stays shown until there is an answer", async () => {
    const fates = { now: fail(NO_ANSWER) as Fate };
    const { asked, states } = show("a", fates);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toEqual([0, 2_000, 6_000, 14_000, 30_000, 60_000, 90_000]);
    fates.now = () => "here";
    await vi.advanceTimersByTimeAsync(30_000);
    expect(states).toEqual(["error", "here"]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toHaveLength(8);
  });

  it("is repeated at once when there is reason to hope", async () => {
    const { asked } = show("a", { now: fail(NO_ANSWER) });
    await vi.advanceTimersByTimeAsync(20_000);
    const before = asked.length;
    recovery.wake();
    expect(asked).toHaveLength(before + 1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(before + 2);
  });

  it("waits in a tab that nobody looks at", async () => {
    const { asked } = show("a", { now: fail(NO_ANSWER) });
    isVisible = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
    isVisible = true;
    recovery.wake();
    expect(asked).toHaveLength(2);
  });

  it("is not repeated when the answer is definite", async () => {
    const { asked } = show("a", { now: fail(new ApiError("no", { status: 403 })) });
    await vi.advanceTimersByTimeAsync(60_000);
    recovery.wake();
    expect(asked).toHaveLength(1);
  });

  it("is not repeated when no screen shows it any more", async () => {
    const { asked, close } = show("a", { now: fail(NO_ANSWER) });
    await vi.advanceTimersByTimeAsync(1_000);
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });

  it("shares its pauses with the others, of which one is tried at a time, and all when that has an answer", async () => {
    const fates = { now: fail(NO_ANSWER) as Fate };
    const first = show("a", fates);
    await vi.advanceTimersByTimeAsync(1_500);
    const [second, third] = [show("b", fates), show("c", fates)];
    const counts = () => [first, second, third].map(({ asked }) => asked.length);
    await vi.advanceTimersByTimeAsync(500);
    expect(counts()).toEqual([2, 1, 1]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(counts()).toEqual([2, 2, 1]);
    fates.now = () => "here";
    await vi.advanceTimersByTimeAsync(8_000);
    expect(counts()).toEqual([3, 3, 2]);
  });

  it("does not stand in the way of others when it alone is broken", async () => {
    const broken = show("a", { now: fail(NO_ANSWER) });
    const fates = { now: fail(NO_ANSWER) as Fate };
    const other = show("b", fates);
    await vi.advanceTimersByTimeAsync(1_000);
    fates.now = () => "here";
    await vi.advanceTimersByTimeAsync(5_100);
    expect(other.states.at(-1)).toBe("here");
    expect(broken.asked.length).toBeLessThan(5);
  });

  it("is read with all others when there is reason to hope", async () => {
    const [first, second] = [show("a", { now: fail(NO_ANSWER) }), show("b", { now: fail(NO_ANSWER) })];
    await vi.advanceTimersByTimeAsync(0);
    recovery.wake();
    expect([first.asked.length, second.asked.length]).toEqual([2, 2]);
  });

  it("keeps what was there before", async () => {
    const fates = { now: (() => "old") as Fate };
    const { states } = show("a", fates);
    await vi.advanceTimersByTimeAsync(0);
    fates.now = fail(NO_ANSWER);
    void client.invalidateQueries();
    await vi.advanceTimersByTimeAsync(10_000);
    fates.now = () => "new";
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states).toEqual(["old", "new"]);
  });

  it("may be one page of a list, and that page alone is read again", async () => {
    const asked: number[] = [];
    let isDown = false;
    const observer = new InfiniteQueryObserver(client, {
      queryKey: ["list"],
      queryFn: async ({ pageParam }) => {
        asked.push(pageParam);
        if (isDown) throw NO_ANSWER;
        return `page ${pageParam}`;
      },
      initialPageParam: 0,
      getNextPageParam: (_, pages) => pages.length,
    });
    observer.subscribe(() => {});
    await vi.advanceTimersByTimeAsync(0);
    isDown = true;
    void observer.fetchNextPage();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(observer.getCurrentResult()).toMatchObject({ isFetchNextPageError: true, data: { pages: ["page 0"] } });
    isDown = false;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(observer.getCurrentResult().data?.pages).toEqual(["page 0", "page 1"]);
    expect(asked).toEqual([0, 1, 1, 1]);
  });
});

describe("what is no query", () => {
  it("is repeated until it is removed", async () => {
    const owner = {};
    const read = vi.fn(() => Promise.reject(NO_ANSWER));
    recovery.add(owner, read);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(read).toHaveBeenCalledTimes(2);
    recovery.remove(owner);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(2);
  });
});

it.each([
  [NO_ANSWER, true],
  [new ApiError("", { status: 408 }), true],
  [new ApiError("", { status: 429 }), true],
  [new ApiError("", { status: 503 }), true],
  [new NoAnswerError(), true],
  [new ApiError("", { status: 401 }), false],
  [new ApiError("", { status: 404 }), false],
  [new SessionEndedError(), false],
  [new TypeError("a mistake of ours"), false],
])("%s passes by itself: %s", (error, expected) => {
  expect(isTemporary(error)).toBe(expected);
});
