// The messages of a batch for one autopilot with `maxConcurrency`, one behind the other: the first one looks for a place, and
// when it has one the next looks. A run that ends makes place for the next of its own batch at once. Where there is no place
// the first one looks again for some seconds, for all: if each went back to the queue at once, places would be empty until
// they come again; if each looked for itself, that would cost D1 more than the runs.

import type { Tried } from "./try.ts";

const PAUSE_MS = 500;
/** For each message, and of a batch: with what its tries cost, a run of 50 subrequests has no more to spare. */
const LOOKS = 4;
const MOST_LOOKS = 15;
/** A queue's consumer may take 15 minutes: what has not begun by then goes back. */
const LONGEST_MS = 5 * 60 * 1000;

export class Line {
  readonly #until = Date.now() + LONGEST_MS;
  #looks: number;
  #running = 0;
  #ended = Promise.withResolvers<void>();
  #turn: Promise<void> = Promise.resolve();

  /** `messages`: how many the batch has. */
  constructor(messages: number) {
    this.#looks = Math.min(LOOKS * messages, MOST_LOOKS);
  }

  /** What `tryOnce` gives when it is its turn, "full" where no place was found; it says when it has one. */
  async inTurn(tryOnce: (onClaimed: () => void) => Promise<Tried>): Promise<Tried> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      let tried = await this.#tryOnce(tryOnce, resolve);
      while (tried === "full" && (await this.#mayLookAgain())) tried = await this.#tryOnce(tryOnce, resolve);
      return tried;
    } finally {
      resolve();
    }
  }

  async #tryOnce(tryOnce: (onClaimed: () => void) => Promise<Tried>, next: () => void): Promise<Tried> {
    let hasPlace = false;
    try {
      return await tryOnce(() => {
        hasPlace = true;
        this.#running++;
        next();
      });
    } finally {
      if (hasPlace) {
        this.#running--;
        this.#ended.resolve();
        this.#ended = Promise.withResolvers<void>();
      }
    }
  }

  async #mayLookAgain(): Promise<boolean> {
    if (Date.now() > this.#until) return false;
    if (this.#running > 0) {
      await this.#ended.promise;
      return true;
    }
    if (--this.#looks < 0) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
    return true;
  }
}
