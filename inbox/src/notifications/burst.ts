/** Messages that arrive together. Pure. */

/** Messages with less than this between them arrive together, in milliseconds. */
const GAP = 4_000;

export class Bursts {
  #last = Number.NEGATIVE_INFINITY;

  /** Note that a message has arrived. Returns whether it is the first of several, or the only one. */
  begins(now: number): boolean {
    const isFirst = now - this.#last >= GAP;
    this.#last = now;
    return isFirst;
  }
}
