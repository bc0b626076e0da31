// @ts-check
// Whether pictures go on or repeat the last one. A sensor's noise makes each a little different; a driver that hangs gives the same again and again.

/** A lens that is covered may well give one grey: that is another matter. */
const LEAST_RANGE = 8;

export class SamePicture {
  /** @type {Uint8Array|null} */ #last = null;
  #changedAt = 0;

  /** @param {Uint8Array} luma @param {number} at ms @returns {number|null} since when all pictures are alike; `null` when they are not */
  see(luma, at) {
    if (!this.#last || !isSame(luma, this.#last) || range(luma) < LEAST_RANGE) {
      this.#last = luma;
      this.#changedAt = at;
      return null;
    }
    return this.#changedAt;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function isSame(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @param {Uint8Array} luma */
function range(luma) {
  let least = 255, most = 0;
  for (const value of luma) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most - least;
}
