// @ts-check
// How long somebody who looks has waited for something. Pure: it is told when a second has passed.

/** How often `tick` is called. */
export const TICK_MS = 1000;

export class Patience {
  #waited = 0;

  /** @param {number} seconds */
  constructor(seconds) {
    this.seconds = seconds;
  }

  /** It came. */
  reset() {
    this.#waited = 0;
  }

  /** A second has passed. Browsers halt what nobody sees. @param {boolean} isSeen @returns {boolean} whether it took too long */
  tick(isSeen) {
    this.#waited = isSeen ? this.#waited + 1 : 0;
    return this.#waited > this.seconds;
  }
}
