// @ts-check
// Keeps a live picture near the present: how fast to play, and when to jump. Pure.

/** What is buffered is judged over so long a time. */
const WINDOW_MS = 1000;
/** Beyond it the picture jumps. */
const JUMP_SECONDS = 2.5;
/** Where it jumps to: so much is left to be played. */
const LEFT_SECONDS = 0.2;

export class LatencyControl {
  /** @type {{at: number, gap: number}[]} */ #gaps = [];

  /** @param {{canChangeRate?: boolean}} [options] Safari fills its buffer anew when the rate changes: it jumps earlier instead. */
  constructor({ canChangeRate = true } = {}) {
    this.canChangeRate = canChangeRate;
  }

  /**
   * Called right before more is appended: what is left then is more than is needed.
   * @param {number} gap seconds from the present picture to the end of what is buffered
   * @param {number} at ms
   * @returns {{rate: number, jump: number|null}} `jump`: to so many seconds before the end
   */
  observe(gap, at) {
    this.#gaps.push({ at, gap });
    this.#gaps = this.#gaps.filter((each) => at - each.at <= WINDOW_MS);
    const least = Math.min(...this.#gaps.map((each) => each.gap));
    if (least > (this.canChangeRate ? JUMP_SECONDS : JUMP_SECONDS / 2)) {
      this.#gaps = [];
      return { rate: 1, jump: LEFT_SECONDS };
    }
    if (!this.canChangeRate) return { rate: 1, jump: null };
    return { rate: least > 0.6 ? 1.25 : least > 0.15 ? 1.06 : least < 0.03 ? 0.97 : 1, jump: null };
  }
}
