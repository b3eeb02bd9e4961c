/**
 * Which tab of this browser leads: the one that holds a lock. When it is closed, the browser gives the lock to the next.
 * A tab that the browser has frozen keeps the lock, so the others look whether the leader answers, and take the lock from
 * one that does not.
 */

/** How often a visible tab looks, in milliseconds. */
const INTERVAL = 600;
/** How many times in a row the leader may be silent: another leads within two seconds. */
const PATIENCE = 2;

export type LeadershipPorts = {
  name: string;
  locks: LockManager;
  /** Ask the leader to answer. Whatever it says is told by `hear`. */
  ping: () => void;
  isVisible: () => boolean;
  onLead: () => void;
  /** Another tab has taken the lock. */
  onLose: () => void;
};

/** The candidacy of one tab. */
export class Leadership {
  #ports: LeadershipPorts;
  #isLeading = false;
  #isStopped = false;
  #resign: (() => void) | null = null;
  #waiting: AbortController | null = null;
  #timer: ReturnType<typeof setInterval>;
  #silences = 0;
  #lookedAt = 0;

  constructor(ports: LeadershipPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    void this.#stand();
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** The leader has said something. */
  hear(): void {
    this.#silences = 0;
  }

  /** Lead from now on, whoever does. */
  take(): void {
    this.#silences = 0;
    if (!this.#isLeading) void this.#stand(true);
  }

  /** Lead no more, for good. */
  stop(): void {
    this.#isStopped = true;
    this.#isLeading = false;
    clearInterval(this.#timer);
    this.#waiting?.abort();
    this.#resign?.();
  }

  /** Wait for the lock, or take it. */
  async #stand(isTaken = false): Promise<void> {
    this.#waiting?.abort();
    const waiting = new AbortController();
    this.#waiting = waiting;
    const options = isTaken ? { steal: true } : { signal: waiting.signal };
    const lead = () => {
      if (this.#isStopped) return;
      const isNew = !this.#isLeading;
      this.#isLeading = true;
      if (isNew) this.#ports.onLead();
      return new Promise<void>((resign) => {
        this.#resign = resign;
      });
    };
    try {
      await this.#ports.locks.request(this.#ports.name, options, lead);
    } catch {
      // Another tab took it, or this one stopped waiting for it, to take it.
      if (this.#isStopped || this.#waiting !== waiting) return;
      // Nothing else refuses a lock.
      if (!this.#isLeading) return;
      this.#isLeading = false;
      this.#ports.onLose();
      void this.#stand();
    }
  }

  #look(): void {
    const now = Date.now();
    // This tab itself was frozen or slow, so it has not heard what was said meanwhile.
    const isLate = now - this.#lookedAt > 2 * INTERVAL;
    this.#lookedAt = now;
    if (this.#isLeading || !this.#ports.isVisible()) return;
    if (isLate) this.#silences = 0;
    if (this.#silences >= PATIENCE) {
      this.take();
      return;
    }
    this.#silences += 1;
    this.#ports.ping();
  }
}
