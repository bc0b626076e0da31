// @ts-check
// What stands where nothing was: kept while it may be somebody, taken for background when it stays, or when it is only where something left.

import { LEAST_DIFFERENCE, NOISE_FACTOR } from "./motion-compare.js";
import { SWAYING } from "./motion-paths.js";

/** What stays the same becomes background: after this, and while an event goes on. Who stands still must not be swallowed. */
const ABSORB_MS = 10_000;
const ABSORB_MS_IN_EVENT = 75_000;
/** What has left, having been taken for background, sooner. */
const GHOST_MS = 1000;
/** Groups of fewer blocks are noise and reflections. */
export const LEAST_GROUP = 3;
/** The outline of what has left: so much clearer in the background than in the picture, with so many pairs of blocks across it. */
const CLEARER = 1.5;
const LEAST_STEP = 4;
const LEAST_PAIRS = 3;

export class Standing {
  /** @param {number} columns @param {number} rows @param {number} at */
  constructor(columns, rows, at) {
    this.columns = columns;
    this.rows = rows;
    this.steady = new Float32Array(columns * rows);
    this.since = new Float64Array(columns * rows).fill(at);
  }

  /**
   * @param {{groups: number[][], present: Uint8Array, means: Float32Array, behind: Float32Array, noise: Float32Array, sway: Float32Array,
   *   masked: Uint8Array|null}} sight `groups`: of the blocks that are `present`; `behind`: means of the background
   * @param {number} at @param {boolean} inEvent
   * @returns {{count: number, absorbed: number[]}} blocks of who is there, and those that are to become background
   */
  settle({ groups, present, means, behind, noise, sway, masked }, at, inEvent) {
    const { steady, since } = this;
    for (let i = 0; i < means.length; i++) {
      if (present[i] && Math.abs(means[i] - steady[i]) <= LEAST_DIFFERENCE + NOISE_FACTOR * noise[i]) continue;
      steady[i] = means[i];
      since[i] = at;
    }
    const patience = inEvent ? ABSORB_MS_IN_EVENT : ABSORB_MS;
    const absorbed = [];
    let count = 0;
    for (const group of groups) {
      let still = 0;
      for (const i of group) if (at - since[i] > GHOST_MS) still++;
      const isGhost = group.length >= LEAST_GROUP && still > 0.8 * group.length && this.#isGhost(group, present, means, behind);
      for (const i of group) {
        if (isGhost || at - since[i] > patience) absorbed.push(i);
        else if (group.length >= LEAST_GROUP && !masked?.[i] && sway[i] < SWAYING * 2) count++;
      }
    }
    return { count, absorbed };
  }

  /**
   * Whether what differs is where something has left: its outline shows in the background, and not in the picture.
   * @param {number[]} group @param {Uint8Array} present @param {Float32Array} means @param {Float32Array} behind
   */
  #isGhost(group, present, means, behind) {
    const { columns, rows } = this;
    let before = 0, now = 0, pairs = 0;
    for (const i of group) {
      const x = i % columns, y = (i - x) / columns;
      for (const [dx, dy] of SIDES) {
        const u = x + dx * 2, v = y + dy * 2;
        if (u < 0 || v < 0 || u >= columns || v >= rows) continue;
        const other = v * columns + u;
        if (present[other] || present[(y + dy) * columns + x + dx]) continue;
        before += Math.abs(behind[i] - behind[other]);
        now += Math.abs(means[i] - means[other]);
        pairs++;
      }
    }
    return pairs >= LEAST_PAIRS && before > CLEARER * now + LEAST_STEP * pairs;
  }
}

const SIDES = /** @type {const} */ ([[1, 0], [-1, 0], [0, 1], [0, -1]]);
