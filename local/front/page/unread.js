// What has been read on a phone.

/** @param {string[]} numbers */
export const keyOfThread = (numbers) => [...numbers].sort().join();

export class ReadMarks {
  constructor() {
    /** @type {Map<string, number>} */
    this.seen = new Map();
  }

  /** Mark a thread read; whether that changes anything. */
  mark(thread) {
    const count = received(thread.messages);
    if (this.seen.get(keyOfThread(thread.with)) === count) return false;
    this.seen.set(keyOfThread(thread.with), count);
    return true;
  }

  isUnread(thread) {
    // Who writes into a thread has read what came before.
    const answered = thread.messages.slice(
      0,
      thread.messages.findLastIndex((message) => message.direction === "outbound") + 1,
    );
    const seen = Math.max(this.seen.get(keyOfThread(thread.with)) ?? 0, received(answered));
    return received(thread.messages) > seen;
  }
}

const received = (messages) => messages.filter((message) => message.direction === "inbound").length;
