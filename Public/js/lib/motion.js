// @ts-check
// Motion from small grey pictures. Pure and deterministic: pictures with their times in, score and state out.
//
// Blocks of the picture are compared with two backgrounds: one that adapts within a second shows what moves now, one that adapts over
// minutes shows what was not there before. A global gain and offset is fitted first and what is left is compared with its surroundings,
// so that a cloud, a lamp or auto-exposure is not motion; each block knows its own noise. The score is the share of the picture that
// moves, whatever its resolution. Who came in and stands still keeps the motion going for a while, though no longer starts it.

/**
 * @typedef {object} MotionOptions
 * @property {number} [threshold] share of the picture that must move, 0…1
 * @property {number} [needed] of the last `window` pictures so many must be over the threshold
 * @property {number} [window]
 * @property {number} [learningSeconds] at the start
 * @property {number} [holdSeconds] for which somebody who stands still keeps the motion going
 */

/**
 * @typedef {{score: number, threshold: number, moving: boolean, state: "learning"|"quiet"|"moving"}} MotionResult
 */

/** Edge of a block in pixels of the small picture. */
const BLOCK = 4;
/** A block differs by more than this many grey levels, … */
const LEAST_DIFFERENCE = 5;
/** … so many times its own noise, and as much as the light changed at all. */
const NOISE_FACTOR = 4;
/** Blocks to each side that count as surroundings. */
const SURROUNDINGS = 3;
const RECENT_SECONDS = 1;
/** Of the slow background: where nothing differs, and where something does. */
const QUIET_SECONDS = 5;
const ABSORB_SECONDS = 60;
/** Presence goes on while this share of its peak is there, and at least this share of the picture. */
const PRESENCE_OF_PEAK = 0.3;
const LEAST_PRESENCE = 0.01;

export class MotionEngine {
  /** @param {MotionOptions} [options] */
  constructor({ threshold = 0.008, needed = 3, window = 5, learningSeconds = 1, holdSeconds = 20 } = {}) {
    this.threshold = threshold;
    this.needed = needed;
    this.window = window;
    this.learningSeconds = learningSeconds;
    this.holdSeconds = holdSeconds;
    /** @type {Scene|null} */
    this.scene = null;
    this.reset();
  }

  /** Forgets everything, as after the camera was moved. */
  reset() {
    this.scene = null;
    /** @type {boolean[]} */
    this.recent = [];
    this.isMoving = false;
    this.peak = 0;
    this.startedAt = 0;
    this.lastMotionAt = 0;
  }

  /**
   * @param {Uint8Array} luma `width * height` grey values
   * @param {number} width
   * @param {number} height
   * @param {number} at milliseconds, rising
   * @returns {MotionResult}
   */
  process(luma, width, height, at) {
    const columns = Math.floor(width / BLOCK);
    const rows = Math.floor(height / BLOCK);
    const means = blockMeans(luma, width, columns, rows);
    if (!this.scene || this.scene.columns !== columns || this.scene.rows !== rows) {
      this.reset();
      this.scene = new Scene(means, columns, rows, at);
      this.startedAt = at;
      return this.#result(0, "learning");
    }
    const isLearning = at - this.startedAt < this.learningSeconds * 1000;
    const { moving, present } = this.scene.update(means, at, isLearning);
    if (isLearning) return this.#result(0, "learning");
    this.recent.push(moving >= this.threshold);
    if (this.recent.length > this.window) this.recent.shift();
    if (this.recent.filter(Boolean).length >= this.needed) {
      this.isMoving = true;
      this.lastMotionAt = at;
      this.peak = Math.max(this.peak * 0.995, present);
    } else if (this.isMoving) {
      const isPresent = present >= Math.max(LEAST_PRESENCE, PRESENCE_OF_PEAK * this.peak);
      this.isMoving = isPresent && at - this.lastMotionAt < this.holdSeconds * 1000;
    } else {
      this.peak = 0;
    }
    return this.#result(moving, this.isMoving ? "moving" : "quiet");
  }

  /** @param {number} score @param {MotionResult["state"]} state @returns {MotionResult} */
  #result(score, state) {
    return { score, threshold: this.threshold, moving: state === "moving", state };
  }
}

/** The two backgrounds and the noise of each block. */
class Scene {
  /** @param {Float32Array} means @param {number} columns @param {number} rows @param {number} at */
  constructor(means, columns, rows, at) {
    this.columns = columns;
    this.rows = rows;
    this.recent = means.slice();
    this.lasting = means.slice();
    this.noise = new Float32Array(means.length).fill(1);
    this.previous = means;
    this.at = at;
  }

  /**
   * @param {Float32Array} means @param {number} at @param {boolean} isLearning
   * @returns {{moving: number, present: number}} shares of the picture that differ from each background
   */
  update(means, at, isLearning) {
    // Pictures may be late; a long gap must not wipe out what was learnt.
    const seconds = Math.min(Math.max((at - this.at) / 1000, 0.001), 0.5);
    this.at = at;
    const moving = this.#difference(this.recent, means);
    const present = this.#difference(this.lasting, means);
    const recentStep = Math.min(1, seconds / RECENT_SECONDS);
    const noiseStep = Math.min(1, seconds / 5);
    for (let i = 0; i < means.length; i++) {
      this.recent[i] += recentStep * (means[i] - this.recent[i]);
      const lasting = isLearning ? 0.3 : present[i] ? ABSORB_SECONDS : QUIET_SECONDS;
      this.lasting[i] += Math.min(1, seconds / lasting) * (means[i] - this.lasting[i]);
      // Where somebody was a moment ago differs from a moment ago, though it looks as it always does: nothing moves there.
      if (!present[i]) moving[i] = 0;
      if (!moving[i]) this.noise[i] += noiseStep * (Math.min(Math.abs(means[i] - this.previous[i]), 6) - this.noise[i]);
    }
    this.previous = means;
    return { moving: this.#share(moving), present: this.#share(present) };
  }

  /** Which blocks differ from a background once the light is accounted for. @param {Float32Array} background @param {Float32Array} means */
  #difference(background, means) {
    const { gain, offset, change } = fitLight(background, means);
    const residuals = means.map((value, i) => value - (gain * background[i] + offset));
    const around = this.#blur(residuals);
    const differs = new Uint8Array(means.length);
    for (let i = 0; i < means.length; i++) {
      if (Math.abs(residuals[i] - around[i]) > LEAST_DIFFERENCE + NOISE_FACTOR * this.noise[i] + change) differs[i] = 1;
    }
    return differs;
  }

  /** Mean over the surroundings, by a summed-area table. @param {Float32Array} values */
  #blur(values) {
    const { columns, rows } = this;
    const sums = new Float64Array((columns + 1) * (rows + 1));
    for (let y = 0; y < rows; y++) {
      let line = 0;
      for (let x = 0; x < columns; x++) {
        line += values[y * columns + x];
        sums[(y + 1) * (columns + 1) + x + 1] = sums[y * (columns + 1) + x + 1] + line;
      }
    }
    const result = new Float32Array(values.length);
    for (let y = 0; y < rows; y++) {
      const top = Math.max(0, y - SURROUNDINGS) * (columns + 1), bottom = Math.min(rows, y + SURROUNDINGS + 1) * (columns + 1);
      for (let x = 0; x < columns; x++) {
        const left = Math.max(0, x - SURROUNDINGS), right = Math.min(columns, x + SURROUNDINGS + 1);
        const count = ((bottom - top) / (columns + 1)) * (right - left);
        result[y * columns + x] = (sums[bottom + right] - sums[top + right] - sums[bottom + left] + sums[top + left]) / count;
      }
    }
    return result;
  }

  /** The share of blocks that differ together with two neighbours: noise and reflections are small, people are not. @param {Uint8Array} differs */
  #share(differs) {
    const { columns, rows } = this;
    let count = 0;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        if (!differs[y * columns + x]) continue;
        let together = 0;
        for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++) {
          for (let u = Math.max(0, x - 1); u <= Math.min(columns - 1, x + 1); u++) together += differs[v * columns + u];
        }
        if (together >= 3) count++;
      }
    }
    return count / (columns * rows);
  }
}

/**
 * Means of square blocks.
 * @param {Uint8Array} luma @param {number} width @param {number} columns @param {number} rows
 */
export function blockMeans(luma, width, columns, rows) {
  const means = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = 0; y < BLOCK; y++) {
        const start = (row * BLOCK + y) * width + column * BLOCK;
        for (let x = 0; x < BLOCK; x++) sum += luma[start + x];
      }
      means[row * columns + column] = sum / (BLOCK * BLOCK);
    }
  }
  return means;
}

/**
 * Gain and offset that turn most of `background` into `means`: least squares, then again without the half that fits worst, so that
 * what moves does not pull the fit.
 * @param {Float32Array} background @param {Float32Array} means
 */
export function fitLight(background, means) {
  let fit = leastSquares(background, means, null, Infinity);
  for (let round = 0; round < 3; round++) {
    const { gain, offset } = fit;
    const residuals = Float32Array.from(means, (value, i) => Math.abs(value - (gain * background[i] + offset)));
    const median = residuals.slice().sort()[residuals.length >> 1];
    fit = leastSquares(background, means, residuals, Math.max(median * 2, 1));
  }
  let change = 0;
  for (const value of background) change += Math.abs(fit.gain * value + fit.offset - value);
  return { ...fit, change: change / background.length };
}

/** @param {Float32Array} from @param {Float32Array} to @param {Float32Array|null} residuals @param {number} limit */
function leastSquares(from, to, residuals, limit) {
  let n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (let i = 0; i < from.length; i++) {
    if (residuals && residuals[i] > limit) continue;
    n++;
    sx += from[i];
    sy += to[i];
    sxx += from[i] * from[i];
    sxy += from[i] * to[i];
  }
  const spread = n * sxx - sx * sx;
  // A picture of one grey, or too little left to fit: only the offset can be told.
  const gain = n < 8 || spread < n * n * 4 ? 1 : Math.min(Math.max((n * sxy - sx * sy) / spread, 0.3), 3);
  return { gain, offset: n ? (sy - gain * sx) / n : 0 };
}
