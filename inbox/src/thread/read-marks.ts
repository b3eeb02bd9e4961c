/** Says to the server how far a conversation was read: at once, then at most every two seconds. */

/** Milliseconds between two requests. */
const PAUSE = 2_000;

export class ReadMarks {
  #post: (index: number) => Promise<unknown>;
  /** The last index that is to be said. */
  #due: number | null = null;
  #isUnderWay = false;
  #pause: ReturnType<typeof setTimeout> | null = null;
  #isClosed = false;

  constructor(post: (index: number) => Promise<unknown>) {
    this.#post = post;
  }

  /** Everything up to an index has been read. */
  mark(index: number): void {
    this.#due = Math.max(index, this.#due ?? index);
    void this.flush();
  }

  /** Say what is due. What has failed waits for this, or for the next message. */
  async flush(): Promise<void> {
    if (this.#isUnderWay || this.#pause || this.#due === null) return;
    const index = this.#due;
    this.#due = null;
    this.#isUnderWay = true;
    try {
      await this.#post(index);
      this.#rest();
    } catch {
      this.#due = Math.max(index, this.#due ?? index);
    }
    this.#isUnderWay = false;
    if (this.#isClosed && this.#pause) this.#goOn();
  }

  /** The thread is left: what is due is said without a pause, unless the person wants it to be unread again. */
  close(isUnreadAgain: boolean): void {
    this.#isClosed = true;
    if (isUnreadAgain) this.#due = null;
    if (!this.#isUnderWay) this.#goOn();
  }

  #rest(): void {
    this.#pause = setTimeout(() => this.#goOn(), PAUSE);
  }

  #goOn(): void {
    if (this.#pause) clearTimeout(this.#pause);
    this.#pause = null;
    void this.flush();
  }
}
