// @ts-check
// What a place looks like when nobody is there, how noisy each part of it is, and which parts differ from that now.

import { BLOCK, components, dilated, gradients, structure } from "./motion-blocks.js";
import { Comparison } from "./motion-compare.js";
import { Paths } from "./motion-paths.js";
import { PixelPass } from "./motion-pixels.js";
import { LEAST_GROUP, Standing } from "./motion-standing.js";

/** A block may differ by this share of the step to the blocks around it: leaves and a trembling camera move edges by half a pixel. */
const EDGE_SHARE = 0.12;
/** Age of the pictures that tell what moves now, ms. */
const RECENT_FROM = 350;
const RECENT_TO = 750;
/** Seconds within which the background follows: the light as a whole, and what is seen of it. */
const LIGHT_SECONDS = 0.7;
const QUIET_SECONDS = 5;
/** The same for noise: from one picture to the next, and as a place wavers about its background. */
const NOISE_SECONDS = 5;
const WAVER_SECONDS = 15;
/** The same for texture that is seldom as usual, and grey levels that such blocks may differ besides. */
const UNREST_SECONDS = 20;
const UNREST_LEVELS = 15;
/** Differences count for the noise of a block up to this. */
const NOISE_CLIP = 12;
/** Texture says something where at least this share of the blocks has it. */
const LEAST_TEXTURED = 0.05;
/** Texture that is so many grey levels brighter or darker is lit otherwise. */
const LIT = 10;
/** A group counts as a whole, up to so many times what of it moves. */
const WHOLE_BY_PART = 3;
/** Mean step of a value with noise from one picture to the next, by the deviation of the noise; and mean distance from its mean. */
const MEAN_STEP = 1.128;
const MEAN_DISTANCE = 0.8;

/**
 * @typedef {object} Sight
 * @property {number} movingCount blocks of what moves, without noise and without what is masked
 * @property {number} novelCount moving blocks where nothing moved before
 * @property {number} freshCount moving blocks that do not sway in place
 * @property {number} presentCount blocks that differ from the background, without what has left, what is masked and what sways
 * @property {number} recentCount blocks that differ from half a second ago, noise included
 * @property {number} litCount of those, where only the light is another than it was before
 * @property {number} lightChange grey levels by which the light as a whole differs from half a second ago
 * @property {number} texture share of the blocks with texture that still show it; 1 where there are few
 * @property {number} structure of the picture, as a share of that of the background; 1 where that has none
 * @property {number} shape structure of the picture a block
 * @property {number} detail mean square of the steps between pixels, noise included
 * @property {number} grain the part of it that is noise
 */

export class Scene {
  /** @param {Uint8Array} luma @param {number} width @param {number} height @param {number} at */
  constructor(luma, width, height, at) {
    this.width = width;
    this.height = height;
    const columns = (this.columns = Math.floor(width / BLOCK)), rows = (this.rows = Math.floor(height / BLOCK));
    const size = columns * rows;
    this.background = Float32Array.from(luma);
    this.before = luma.slice();
    this.pass = new PixelPass(columns, rows);
    this.lasting = new Comparison(columns, rows);
    this.recent = new Comparison(columns, rows);
    this.paths = new Paths(columns, rows);
    this.standing = new Standing(columns, rows, at);
    /** @type {{at: number, means: Float32Array}[]} */
    this.past = [];
    this.reference = new Float32Array(size);
    this.slack = new Float32Array(size);
    this.flutter = new Float32Array(size).fill(1);
    this.waver = new Float32Array(size).fill(0.5);
    this.noise = new Float32Array(size).fill(1);
    this.residuals = new Float32Array(size);
    /** How often the texture of each block is another than usual, 0…1: leaves, water, grass. */
    this.unrest = new Float32Array(size);
    this.textured = new Uint8Array(size);
    this.explained = new Uint8Array(size);
    this.altered = new Uint8Array(size);
    this.moving = new Uint8Array(size);
    this.movingBefore = new Uint8Array(size);
    this.pixelNoise = 4;
    this.learnt = 0;
    this.at = at;
  }

  /**
   * @param {Uint8Array} luma @param {number} at
   * @param {{isLearning: boolean, inEvent: boolean, masked: Uint8Array|null, watch: import("./motion-tamper.js").TamperWatch}} how
   *   `watch`: says whether the camera moves, and then nothing is learnt
   * @returns {Sight}
   */
  update(luma, at, { isLearning, inEvent, masked, watch }) {
    const { pass, columns, rows, lasting, recent, noise, slack } = this;
    const blocks = columns * rows;
    // Pictures may be late; a long gap must not wipe out what was learnt.
    const seconds = Math.min(Math.max((at - this.at) / 1000, 0.001), 0.5);
    this.at = at;
    pass.run(luma, this.before, this.background, this.width);
    this.before.set(luma);
    watch.sway(pass.across, pass.down, at);
    const { mean: means, behind } = pass;
    // What moves flutters too: noise is believed to rise only slowly.
    const flutter = Math.min(pass.flutter / MEAN_STEP, 20) ** 2;
    this.pixelNoise += (isLearning ? 0.3 : flutter < this.pixelNoise ? 0.1 : 0.004) * (flutter - this.pixelNoise);
    const { textured, alike } = pass.texture(this.pixelNoise, this);
    const texture = textured < LEAST_TEXTURED * blocks ? 1 : alike / textured;

    gradients(behind, slack, columns, rows);
    const loose = EDGE_SHARE + Math.max(Math.abs(watch.shift.dx), Math.abs(watch.shift.dy)) / BLOCK;
    for (let i = 0; i < blocks; i++) slack[i] = slack[i] * loose + UNREST_LEVELS * this.unrest[i];
    lasting.run(behind, means, noise, slack, this);
    recent.run(this.#recall(means, at), means, noise, slack, null);

    const { recentCount, litCount } = this.#findMoving(masked);
    const groups = components(lasting.differs, columns, rows);
    // Of a body that moves a part, the rest moves as well.
    let movingCount = 0;
    for (const group of groups) {
      let parts = 0, all = 0;
      for (const i of group) {
        parts += this.moving[i];
        all += masked?.[i] ? 0 : 1;
      }
      movingCount += Math.min(WHOLE_BY_PART * parts, all);
    }
    const { novel: novelCount, fresh: freshCount } = this.paths.follow(this.moving, this.unrest, at, seconds, inEvent);
    const { count: presentCount, absorbed } = this.standing.settle(
      { groups, present: lasting.differs, means, behind, noise, sway: this.paths.sway, masked }, at, inEvent);
    // Another view, or none, teaches nothing about this one.
    if (isLearning || (!watch.isBlind(at) && texture >= watch.otherView)) {
      for (const i of absorbed) this.#absorb(i);
      this.#learn(luma, seconds, isLearning, inEvent);
    }
    const backgroundShape = structure(behind, columns, rows), shape = structure(means, columns, rows);
    return {
      movingCount, novelCount, freshCount, presentCount, recentCount, litCount, texture,
      lightChange: recent.light.change,
      structure: backgroundShape < blocks ? 1 : shape / backgroundShape,
      shape: shape / blocks,
      detail: pass.detail,
      grain: 2 * this.pixelNoise,
    };
  }

  /** Mean of the pictures of half a second ago; keeps this one for later. @param {Float32Array} means @param {number} at */
  #recall(means, at) {
    const { past, reference } = this;
    reference.fill(0);
    let count = 0;
    for (const each of past) {
      // Where pictures are rare, the oldest must do.
      if (at - each.at < RECENT_FROM && each !== past[0]) break;
      for (let i = 0; i < reference.length; i++) reference[i] += each.means[i];
      count++;
    }
    if (!count) reference.set(means);
    else if (count > 1) for (let i = 0; i < reference.length; i++) reference[i] /= count;
    const used = past.length > 1 && at - past[1].at > RECENT_TO ? past.shift() : null;
    const kept = used?.means ?? new Float32Array(means.length);
    kept.set(means);
    past.push({ at, means: kept });
    while (past.length > 1 && at - past[1].at > RECENT_TO) past.shift();
    return reference;
  }

  /**
   * What differs from half a second ago and from the background: where somebody was a moment ago looks as it always does, and nothing moves
   * there. What moves does so for more than one picture: rain does not.
   * @param {Uint8Array|null} masked
   */
  #findMoving(masked) {
    const { columns, rows, moving, lasting, recent, explained } = this;
    const near = dilated(this.movingBefore, columns, rows);
    let recentCount = 0, litCount = 0;
    for (let i = 0; i < moving.length; i++) {
      const differs = recent.differs[i];
      recentCount += differs;
      if (differs && explained[i] && Math.abs(lasting.residuals[i]) > LIT) litCount++;
      const isMoving = differs & lasting.differs[i];
      this.movingBefore[i] = isMoving;
      moving[i] = isMoving && near[i] && !masked?.[i] ? 1 : 0;
    }
    for (const group of components(moving, columns, rows)) {
      if (group.length < LEAST_GROUP) for (const i of group) moving[i] = 0;
    }
    return { recentCount, litCount };
  }

  /** The block becomes background as it is. @param {number} i */
  #absorb(i) {
    const { width, background, before } = this;
    const x = (i % this.columns) * BLOCK, y = Math.floor(i / this.columns) * BLOCK;
    for (let v = y; v < y + BLOCK; v++) {
      for (let p = v * width + x; p < v * width + x + BLOCK; p++) background[p] = before[p];
    }
  }

  /** @param {Uint8Array} luma @param {number} seconds @param {boolean} isLearning @param {boolean} inEvent */
  #learn(luma, seconds, isLearning, inEvent) {
    const { columns, rows, width, background, noise, residuals, moving } = this;
    const { light, residuals: now, local, differs: present } = this.lasting;
    this.learnt++;
    const follow = light.change > 0.3 ? Math.min(1, seconds / LIGHT_SECONDS) : 0;
    const gain = 1 + follow * (light.gain - 1), offset = follow * light.offset;
    const flutterStep = isLearning ? 1 / Math.min(this.learnt + 1, 8) : seconds / NOISE_SECONDS;
    const waverStep = isLearning ? 0 : seconds / WAVER_SECONDS;
    const unrestStep = isLearning ? 0 : seconds / UNREST_SECONDS;
    const quietStep = isLearning ? 1 / (this.learnt + 1) : seconds / QUIET_SECONDS;
    for (let i = 0, row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, i++) {
        const slowly = inEvent ? (present[i] ? 0 : 1) : moving[i] ? 0.3 : 1;
        const flutter = Math.min(Math.abs(now[i] - residuals[i]), NOISE_CLIP);
        this.flutter[i] += slowly * flutterStep * (flutter - this.flutter[i]);
        // What stands there is no noise, what comes and goes is.
        const stands = present[i] && this.at - this.standing.since[i] > 1000;
        if (!stands) this.waver[i] += slowly * waverStep * (Math.min(Math.abs(local[i]), NOISE_CLIP) - this.waver[i]);
        const unrest = this.textured[i] && !this.explained[i] ? 1 : 0;
        this.unrest[i] += slowly * unrestStep * (unrest - this.unrest[i]);
        noise[i] = Math.max(this.flutter[i] / MEAN_STEP, this.waver[i] / MEAN_DISTANCE);
        residuals[i] = now[i];
        const step = present[i] && !isLearning ? 0 : quietStep;
        if (!step && !follow) continue;
        const keep = 1 - step, scale = keep * gain, shift = keep * offset;
        let p = row * BLOCK * width + column * BLOCK;
        for (let y = 0; y < BLOCK; y++, p += width) {
          background[p] = background[p] * scale + shift + step * luma[p];
          background[p + 1] = background[p + 1] * scale + shift + step * luma[p + 1];
          background[p + 2] = background[p + 2] * scale + shift + step * luma[p + 2];
          background[p + 3] = background[p + 3] * scale + shift + step * luma[p + 3];
        }
      }
    }
  }
}
