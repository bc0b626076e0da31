// @ts-check
// One clock for the page and its workers, which have a zero each. `Date.now()` may be set at any time, also while a clip is recorded.

/** Now, as milliseconds since 1970 by the clock that was right when the page was opened. */
export const pageNow = () => performance.timeOrigin + performance.now();

/** A media timestamp on that clock. @param {number} timestamp µs since the page was opened @param {number} [origin] of the page */
export const pageTime = (timestamp, origin = performance.timeOrigin) => origin + timestamp / 1000;

/**
 * Each track counts its time from a zero of its own. Here all are brought to µs since the page was opened, by the arrival of the first frame;
 * later corrections would break the order of frames.
 */
export class TrackClock {
  /** @type {number|null} */ #offset = null;

  /** @param {number} origin the page's `performance.timeOrigin` */
  constructor(origin) {
    this.origin = origin;
  }

  /** @param {number} timestamp µs */
  see(timestamp) {
    this.#offset ??= (pageNow() - this.origin) * 1000 - timestamp;
  }

  /** @param {number} timestamp µs */
  common(timestamp) {
    return Math.max(0, Math.round(timestamp + (this.#offset ?? 0)));
  }
}
