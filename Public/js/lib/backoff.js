// @ts-check
// How long to wait before trying again.

/** Exponential backoff with full jitter, so that many clients of a hub that comes back do not come at once. */
export class Backoff {
  #attempts = 0;

  /** @param {{base?: number, max?: number, random?: () => number}} [options] ms */
  constructor({ base = 1000, max = 60_000, random = Math.random } = {}) {
    this.base = base;
    this.max = max;
    this.random = random;
  }

  /** Until the next attempt, in ms. */
  next() {
    return this.random() * Math.min(this.max, this.base * 2 ** this.#attempts++);
  }

  /** Something changed for the better: the next attempt comes soon again. */
  reset() {
    this.#attempts = 0;
  }
}
