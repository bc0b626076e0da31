// @ts-check
// From the clock of a recorder's file to the page's. Pure; times are µs.

/** A recorder that is so late, for so long, was halted: its file's clock stood still meanwhile. */
const LATE_US = 2e6, PATIENCE_US = 3e6;

export class RecorderClock {
  /** @type {number|null} */ #offset = null;
  /** How late pictures have come, at least, since they do. @type {{since: number, least: number}|null} */ #late = null;
  #latest = 0;

  /** A file begins, or goes on after a pause: it is later by nobody knows how much. */
  restart() {
    this.#offset = null;
    this.#late = null;
  }

  /**
   * A slice came. Its last picture was taken just before.
   * @param {number} end of that picture, on the file's clock
   * @param {number} at when the slice came, on the page's
   */
  slice(end, at) {
    this.#offset ??= at - end;
    const late = at - end - this.#offset;
    if (late < 0) {
      // No picture comes before it is taken: the slices up to now were late.
      this.#offset += late;
    }
    if (late < LATE_US) {
      this.#late = null;
      return;
    }
    // A busy page is late as well, but catches up.
    this.#late ??= { since: at, least: late };
    this.#late.least = Math.min(this.#late.least, late);
    if (at - this.#late.since < PATIENCE_US) return;
    this.#offset += this.#late.least;
    this.#late = null;
  }

  /** On the page's clock, never before what was asked last. @param {number} timestamp of the file */
  toPage(timestamp) {
    this.#latest = Math.max(this.#latest, Math.round(timestamp + (this.#offset ?? 0)));
    return this.#latest;
  }
}
