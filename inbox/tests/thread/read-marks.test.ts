import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReadMarks } from "../../src/thread/read-marks.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function record(answer: () => Promise<void> = async () => {}) {
  const said: number[] = [];
  const marks = new ReadMarks((index) => {
    said.push(index);
    return answer();
  });
  return { said, marks };
}

test("the first message is said at once, those that follow together after a pause", async () => {
  const { said, marks } = record();
  marks.mark(3);
  await vi.advanceTimersByTimeAsync(0);
  marks.mark(4);
  marks.mark(5);
  expect(said).toEqual([3]);

  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([3, 5]);
});

test("two requests are never under way at once", async () => {
  let answer = () => {};
  const { said, marks } = record(() => new Promise((resolve) => (answer = resolve)));
  marks.mark(3);
  marks.mark(4);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([3]);

  answer();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([3, 4]);
});

test("what has failed is said again when asked for, and never goes back", async () => {
  let fails = true;
  const { said, marks } = record(async () => {
    if (fails) throw new Error("no network");
  });
  marks.mark(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([3]);

  fails = false;
  await marks.flush();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([3, 3]);
});

test("who leaves the thread within a pause has still read it", async () => {
  const { said, marks } = record();
  marks.mark(3);
  await vi.advanceTimersByTimeAsync(0);
  marks.mark(4);
  marks.close(false);

  expect(said).toEqual([3, 4]);
});

test("who leaves the thread while a request is under way has still read what came since", async () => {
  let answer = () => {};
  const { said, marks } = record(() => new Promise((resolve) => (answer = resolve)));
  marks.mark(3);
  marks.mark(4);
  marks.close(false);
  expect(said).toEqual([3]);

  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(said).toEqual([3, 4]);
});

test("a conversation that is left as unread is not marked as read after that", async () => {
  const { said, marks } = record();
  marks.mark(3);
  await vi.advanceTimersByTimeAsync(0);
  marks.mark(4);
  marks.close(true);

  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toEqual([3]);
});
