// @ts-check
// Which blocks of a picture differ from how they were, once the light is accounted for.

import { boxMean } from "./motion-blocks.js";
import { fitLight, removeBands } from "./motion-light.js";

/** A block differs by more than this many grey levels, … */
export const LEAST_DIFFERENCE = 5;
/** … and so many times its own noise. */
export const NOISE_FACTOR = 4;
/** What is connected to such a block need only differ by this share of it. */
const WEAKER = 0.6;
/** Changes of the light of fewer grey levels tell what belongs together. */
const STEADY_LIGHT = 3;
/** The light as a whole is known to this share of what it changed. */
const LIGHT_DOUBT = 0.3;
/** Blocks to each side that count as surroundings. */
const SURROUNDINGS = 3;
/** Added to grey levels before they are divided. */
const PEDESTAL = 16;

/** Keeps its arrays: a picture comes ten times a second. */
export class Comparison {
  /** @param {number} columns @param {number} rows */
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    const size = columns * rows;
    this.light = { gain: 1, offset: 0, change: 0 };
    /** Grey levels that neither the light as a whole nor bands explain, … */
    this.residuals = new Float32Array(size);
    /** … nor light that changes slowly from place to place. */
    this.local = new Float32Array(size);
    this.differs = new Uint8Array(size);
    this.weak = new Uint8Array(size);
    this.lit = new Float32Array(size);
    this.seen = new Float32Array(size);
    this.seenAround = new Float32Array(size);
    this.litAround = new Float32Array(size);
    this.scratch = new Float32Array(size);
    this.queue = new Uint16Array(size);
  }

  /**
   * @param {Float32Array} from block means before @param {Float32Array} means
   * @param {Float32Array} noise of each block @param {Float32Array} slack grey levels that each may differ besides
   * @param {{explained: Uint8Array, altered: Uint8Array}|null} texture
   */
  run(from, means, noise, slack, texture) {
    const { columns, rows, lit, residuals, local, differs, weak, seen, seenAround, litAround } = this;
    const size = means.length;
    this.light = fitLight(from, means);
    const { gain, offset, change } = this.light;
    for (let i = 0; i < size; i++) {
      lit[i] = Math.max(0, gain * from[i] + offset);
      residuals[i] = means[i] - lit[i];
    }
    removeBands(residuals, lit, noise, columns, rows);
    for (let i = 0; i < size; i++) {
      lit[i] += PEDESTAL;
      seen[i] = lit[i] + residuals[i];
    }
    boxMean(seen, seenAround, this.scratch, columns, rows, SURROUNDINGS);
    boxMean(lit, litAround, this.scratch, columns, rows, SURROUNDINGS);
    const least = LEAST_DIFFERENCE + LIGHT_DOUBT * change;
    let strong = 0;
    for (let i = 0; i < size; i++) {
      local[i] = seen[i] - (lit[i] * seenAround[i]) / litAround[i];
      differs[i] = weak[i] = 0;
      if (texture && texture.explained[i]) continue;
      const limit = least + NOISE_FACTOR * noise[i] + slack[i];
      if (local[i] > limit || local[i] < -limit) {
        differs[i] = 1;
        strong++;
      }
      if ((texture && texture.altered[i]) || Math.abs(residuals[i]) > limit * WEAKER) weak[i] = 1;
    }
    // The inside of somebody near looks like the surroundings: it belongs to them all the same.
    if (strong && change < STEADY_LIGHT) this.#grow();
  }

  /** Adds what is weak and connected to what is strong. */
  #grow() {
    const { differs, weak, columns, rows, queue } = this;
    let end = 0;
    for (let i = 0; i < differs.length; i++) if (differs[i]) queue[end++] = i;
    const add = (/** @type {number} */ i) => {
      if (differs[i] || !weak[i]) return;
      differs[i] = 1;
      queue[end++] = i;
    };
    for (let next = 0; next < end; next++) {
      const i = queue[next], x = i % columns;
      if (x > 0) add(i - 1);
      if (x + 1 < columns) add(i + 1);
      if (i >= columns) add(i - columns);
      if (i + columns < columns * rows) add(i + columns);
    }
  }
}
