// @ts-check
// What a place looks like when nobody is there, how noisy each part of it is, and which parts differ from that now.

import { BLOCK, boxMean, components, dilated, gradients, structure } from "./motion-blocks.js";
import { fitLight, removeBands } from "./motion-light.js";
import { PixelPass } from "./motion-pixels.js";

/** A block differs by more than this many grey levels, … */
const LEAST_DIFFERENCE = 5;
/** … so many times its own noise, … */
const NOISE_FACTOR = 4;
/** … and this share of the step to the blocks around it, so that leaves and a trembling camera move edges by half a pixel. */
const EDGE_SHARE = 0.12;
/** What is connected to such a block need only differ by this share of it. */
const WEAKER = 0.6;
/** Changes of the light of fewer grey levels tell what belongs together. */
const STEADY_LIGHT = 3;
/** Added to grey levels before they are divided. */
const PEDESTAL = 16;
/** With a smaller share of blocks that have texture, texture says nothing. */
const LEAST_TEXTURED = 0.05;
/** Blocks to each side that count as surroundings. */
const SURROUNDINGS = 3;
/** Age of the pictures that tell what moves now, ms. */
const RECENT_FROM = 350;
const RECENT_TO = 750;
/** Seconds within which the background follows: the light as a whole, what is seen of it, and noise. */
const LIGHT_SECONDS = 0.7;
const QUIET_SECONDS = 5;
const NOISE_SECONDS = 5;
const WAVER_SECONDS = 15;
/** Differences count for the noise of a block up to this. */
const NOISE_CLIP = 12;
/** What stays the same becomes background: after this, and while an event goes on. Who stands still must not be swallowed. */
const ABSORB_SECONDS = 10;
const ABSORB_SECONDS_IN_EVENT = 75;
/** What has left, having been taken for background, sooner. */
const GHOST_SECONDS = 1;
/** Groups of fewer blocks are noise and reflections. */
const LEAST_GROUP = 3;
/** A group counts as a whole up to so many times what of it moves. */
const WHOLE_BY_PART = 3;
/** A block that comes and goes so often (within about a minute) sways in place. */
const SWAYING = 2.5;
const SWAY_SECONDS = 30;
const LATELY_MS = 1500;
/** Only the outline of groups of so many blocks, with a margin, counts: small ones are on their way soon. */
const WIDE_GROUP = 60;

/**
 * @typedef {object} Sight
 * @property {Uint8Array} moving blocks that differ from half a second ago, without noise and without what is masked
 * @property {Uint8Array} present blocks that differ from the background
 * @property {number} movingCount
 * @property {number} presentCount without what has left, what is masked, and what sways in place
 * @property {number} novelCount moving blocks that were at rest before and do not sway
 * @property {number} recentCount differing from half a second ago, with noise
 * @property {number} litCount of those, where only the light is another than it was before
 * @property {number} texture share of the blocks with texture that still show it; 1 where there are few
 * @property {number} structure of the picture, as a share of that of the background
 * @property {number} shape structure of the picture a block
 * @property {number} detail square of the steps between pixels, noise included
 * @property {number} grain the part of it that is noise
 */

export class Scene {
  /** @param {Uint8Array|Uint8ClampedArray} luma @param {number} width @param {number} height @param {number} at */
  constructor(luma, width, height, at) {
    this.width = width;
    this.height = height;
    const columns = (this.columns = Math.floor(width / BLOCK)), rows = (this.rows = Math.floor(height / BLOCK));
    const size = columns * rows;
    this.background = Float32Array.from(luma);
    this.before = luma.slice();
    this.pass = new PixelPass(columns, rows);
    /** @type {{at: number, means: Float32Array}[]} */
    this.past = [];
    this.flutter = new Float32Array(size).fill(1);
    this.waver = new Float32Array(size).fill(0.5);
    this.noise = new Float32Array(size).fill(1);
    this.residuals = new Float32Array(size);
    this.textured = new Uint8Array(size);
    this.explained = new Uint8Array(size);
    this.altered = new Uint8Array(size);
    this.movingBefore = new Uint8Array(size);
    this.activeBefore = new Uint8Array(size);
    this.activeAt = new Float64Array(size).fill(-Infinity);
    this.sway = new Float32Array(size);
    this.steady = new Float32Array(size);
    this.steadySince = new Float64Array(size).fill(at);
    this.pixelNoise = 4;
    this.learnt = 0;
    this.at = at;
  }

  /**
   * @param {Uint8Array|Uint8ClampedArray} luma @param {number} at
   * @param {{isLearning: boolean, inEvent: boolean, masked: Uint8Array|null, watch: import("./motion-tamper.js").TamperWatch}} how
   *   `watch`: says whether the camera moves, and then nothing is learnt
   * @returns {Sight}
   */
  update(luma, at, { isLearning, inEvent, masked, watch }) {
    const { pass, columns, rows } = this;
    // Pictures may be late; a long gap must not wipe out what was learnt.
    const seconds = Math.min(Math.max((at - this.at) / 1000, 0.001), 0.5);
    this.at = at;
    pass.run(luma, this.before, this.background, this.width);
    this.before.set(luma);
    watch.sway(pass.across, pass.down, at);
    const { shift } = watch;
    const means = pass.mean.slice();
    // What moves flutters too: noise is believed to rise only slowly.
    const flutter = Math.min(pass.flutter / 1.128, 20) ** 2;
    this.pixelNoise += (isLearning ? 0.3 : flutter < this.pixelNoise ? 0.1 : 0.004) * (flutter - this.pixelNoise);
    const { textured, alike } = pass.texture(this.pixelNoise, this);
    const texture = textured < LEAST_TEXTURED * columns * rows ? 1 : alike / textured;
    // Another view, or none, teaches nothing about this one.
    const isFrozen = !isLearning && (watch.isBlind(at) || texture < watch.otherView);

    const light = fitLight(pass.behind, means);
    const slack = gradients(pass.behind, columns, rows).map((step) => step * (EDGE_SHARE + Math.max(Math.abs(shift.dx), Math.abs(shift.dy)) / BLOCK));
    const lasting = this.#difference(pass.behind, means, light, slack, this);
    const reference = this.#recent(at) ?? means;
    const recent = this.#difference(reference, means, fitLight(reference, means), slack, null);
    this.past.push({ at, means });
    while (this.past.length > 1 && at - this.past[1].at > RECENT_TO) this.past.shift();

    // Where somebody was a moment ago differs from a moment ago, though it looks as it always does: nothing moves there. What moves does
    // so for more than one picture: rain does not.
    const present = lasting.differs, near = dilated(this.movingBefore, columns, rows);
    const now = new Uint8Array(means.length), moving = new Uint8Array(means.length);
    let recentCount = 0, litCount = 0;
    for (let i = 0; i < now.length; i++) {
      recentCount += recent.differs[i];
      if (recent.differs[i] && this.explained[i] && Math.abs(lasting.residuals[i]) > 2 * LEAST_DIFFERENCE) litCount++;
      now[i] = recent.differs[i] & present[i];
      moving[i] = now[i] & near[i] & (masked?.[i] ? 0 : 1);
    }
    this.movingBefore = now;
    for (const group of components(moving, columns, rows)) {
      if (group.length < LEAST_GROUP) for (const i of group) moving[i] = 0;
    }
    const novelCount = this.#follow(moving, at, seconds);
    const groups = components(present, columns, rows);
    // Of a body that moves a part, the rest moves as well.
    let movingCount = 0;
    for (const group of groups) {
      let parts = 0, all = 0;
      for (const i of group) {
        parts += moving[i];
        all += masked?.[i] ? 0 : 1;
      }
      movingCount += Math.min(WHOLE_BY_PART * parts, all);
    }
    const presentCount = this.#settle(groups, present, means, at, masked, inEvent, isFrozen);
    const background = structure(pass.behind, columns, rows), shape = structure(means, columns, rows);
    const sight = {
      moving, present, movingCount, presentCount, novelCount, recentCount, litCount, light,
      texture, structure: background < columns * rows ? 1 : shape / background, shape: shape / (columns * rows),
      detail: pass.detail ** 2, grain: 1.62 * this.pixelNoise,
    };
    if (!isFrozen) this.#learn(luma, means, { light, lasting, present, moving, seconds, isLearning, inEvent });
    return sight;
  }

  /** Mean of the pictures of half a second ago. @param {number} at */
  #recent(at) {
    if (!this.past.length) return null;
    const some = this.past.filter((each) => at - each.at >= RECENT_FROM);
    if (!some.length) return this.past[0].means;
    if (some.length === 1) return some[0].means;
    const result = new Float32Array(some[0].means.length);
    for (const { means } of some) for (let i = 0; i < result.length; i++) result[i] += means[i];
    for (let i = 0; i < result.length; i++) result[i] /= some.length;
    return result;
  }

  /**
   * Which blocks differ once the light is accounted for: as a whole, in bands, and as it changes slowly from place to place.
   * @param {Float32Array} from @param {Float32Array} means @param {{gain: number, offset: number, change: number}} light
   * @param {Float32Array} slack @param {{explained: Uint8Array, altered: Uint8Array}|null} texture
   */
  #difference(from, means, { gain, offset, change }, slack, texture) {
    const { columns, rows, noise } = this;
    const size = means.length;
    const lit = new Float32Array(size), residuals = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      lit[i] = Math.max(0, gain * from[i] + offset);
      residuals[i] = means[i] - lit[i];
    }
    removeBands(residuals, lit, noise, columns, rows);
    const seen = residuals.map((value, i) => lit[i] + value + PEDESTAL);
    const expected = lit.map((value) => value + PEDESTAL);
    const seenAround = boxMean(seen, columns, rows, SURROUNDINGS), expectedAround = boxMean(expected, columns, rows, SURROUNDINGS);
    const local = new Float32Array(size);
    const differs = new Uint8Array(size), weak = new Uint8Array(size);
    const least = LEAST_DIFFERENCE + 0.3 * change;
    let strong = 0;
    for (let i = 0; i < size; i++) {
      local[i] = seen[i] - (expected[i] * seenAround[i]) / expectedAround[i];
      if (texture?.explained[i]) continue;
      const limit = least + NOISE_FACTOR * noise[i] + slack[i];
      if (Math.abs(local[i]) > limit) {
        differs[i] = 1;
        strong++;
      }
      if (texture?.altered[i] || Math.abs(residuals[i]) > limit * WEAKER) weak[i] = 1;
    }
    // The inside of somebody near looks like the surroundings: it belongs to them all the same.
    if (strong && change < STEADY_LIGHT) grow(differs, weak, columns, rows);
    return { differs, residuals, local };
  }

  /**
   * How many of the moving blocks are where nothing moved before, beyond the outline of what moved just now: somebody who walks reaches new
   * places all the time, leaves and a patch of sun fill the same.
   * @param {Uint8Array} moving @param {number} at @param {number} seconds
   */
  #follow(moving, at, seconds) {
    const { columns, rows } = this;
    const fade = Math.exp(-seconds / SWAY_SECONDS);
    const lately = this.activeAt.map((time) => (at - time < LATELY_MS ? 1 : 0));
    let novel = 0;
    const inside = new Uint8Array(moving.length);
    for (const group of components(dilated(Uint8Array.from(lately), columns, rows), columns, rows)) {
      if (group.length >= WIDE_GROUP) fillBox(inside, group, columns);
    }
    for (let i = 0; i < moving.length; i++) {
      this.sway[i] *= fade;
      if (!moving[i]) continue;
      if (at - this.activeAt[i] > 1000) {
        if (this.sway[i] < SWAYING && !inside[i]) novel++;
        this.sway[i]++;
      } else if (!this.activeBefore[i]) this.sway[i] += 0.5;
      this.activeAt[i] = at;
    }
    this.activeBefore = moving.slice();
    return novel;
  }

  /** Absorbs what stays as it is, and counts who is there. @param {number[][]} groups @param {Uint8Array} present @param {Float32Array} means @param {number} at @param {Uint8Array|null} masked @param {boolean} inEvent @param {boolean} isFrozen */
  #settle(groups, present, means, at, masked, inEvent, isFrozen) {
    const { columns, rows, noise } = this;
    for (let i = 0; i < means.length; i++) {
      if (!present[i] || Math.abs(means[i] - this.steady[i]) > LEAST_DIFFERENCE + NOISE_FACTOR * noise[i]) {
        this.steady[i] = means[i];
        this.steadySince[i] = at;
      }
    }
    const patience = (inEvent ? ABSORB_SECONDS_IN_EVENT : ABSORB_SECONDS) * 1000;
    let count = 0;
    for (const group of groups) {
      let still = 0;
      for (const i of group) if (at - this.steadySince[i] > GHOST_SECONDS * 1000) still++;
      const isGhost = group.length >= LEAST_GROUP && still > 0.8 * group.length && this.#isGhost(group, present, means);
      for (const i of group) {
        if (!isFrozen && (isGhost || at - this.steadySince[i] > patience)) this.#absorb(i);
        else if (group.length >= LEAST_GROUP && !masked?.[i] && this.sway[i] < SWAYING * 2) count++;
      }
    }
    return count;
  }

  /**
   * Whether what differs is where something has left: its outline shows in the background, and not in the picture.
   * @param {number[]} group @param {Uint8Array} present @param {Float32Array} means
   */
  #isGhost(group, present, means) {
    const { columns, rows } = this;
    let before = 0, now = 0, pairs = 0;
    for (const i of group) {
      const x = i % columns, y = (i - x) / columns;
      for (const [dx, dy] of SIDES) {
        const u = x + dx * 2, v = y + dy * 2;
        if (u < 0 || v < 0 || u >= columns || v >= rows) continue;
        const other = v * columns + u;
        if (present[other] || present[(y + dy) * columns + x + dx]) continue;
        before += Math.abs(this.pass.behind[i] - this.pass.behind[other]);
        now += Math.abs(means[i] - means[other]);
        pairs++;
      }
    }
    return pairs >= 3 && before > 1.5 * now + 4 * pairs;
  }

  /** The block becomes background as it is. @param {number} i */
  #absorb(i) {
    const x = (i % this.columns) * BLOCK, y = Math.floor(i / this.columns) * BLOCK;
    for (let v = y; v < y + BLOCK; v++) {
      for (let u = x; u < x + BLOCK; u++) this.background[v * this.width + u] = this.before[v * this.width + u];
    }
  }

  /**
   * @param {Uint8Array|Uint8ClampedArray} luma @param {Float32Array} means
   * @param {{light: {gain: number, offset: number, change: number}, lasting: {residuals: Float32Array, local: Float32Array}, present: Uint8Array,
   *   moving: Uint8Array, seconds: number, isLearning: boolean, inEvent: boolean}} seen
   */
  #learn(luma, means, { light, lasting, present, moving, seconds, isLearning, inEvent }) {
    const { columns, rows, width, background } = this;
    this.learnt++;
    const follow = light.change > 0.3 ? Math.min(1, seconds / LIGHT_SECONDS) : 0;
    const gain = 1 + follow * (light.gain - 1), offset = follow * light.offset;
    const flutterStep = isLearning ? 1 / Math.min(this.learnt + 1, 8) : seconds / NOISE_SECONDS;
    const waverStep = isLearning ? 0 : seconds / WAVER_SECONDS;
    const quietStep = isLearning ? 1 / (this.learnt + 1) : seconds / QUIET_SECONDS;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const i = row * columns + column;
        const flutter = Math.min(Math.abs(lasting.residuals[i] - this.residuals[i]), NOISE_CLIP);
        const slowly = inEvent ? (present[i] ? 0 : 1) : moving[i] ? 0.3 : 1;
        this.flutter[i] += slowly * flutterStep * (flutter - this.flutter[i]);
        // What stands there is no noise, what comes and goes is.
        const stands = present[i] && this.at - this.steadySince[i] > 1000;
        if (!stands) this.waver[i] += slowly * waverStep * (Math.min(Math.abs(lasting.local[i]), NOISE_CLIP) - this.waver[i]);
        this.noise[i] = Math.max(this.flutter[i] / 1.128, this.waver[i] * 1.25);
        const step = present[i] && !isLearning ? 0 : quietStep;
        if (!step && !follow) continue;
        for (let y = 0; y < BLOCK; y++) {
          const start = (row * BLOCK + y) * width + column * BLOCK;
          for (let p = start; p < start + BLOCK; p++) {
            const lit = gain * background[p] + offset;
            background[p] = lit + step * (luma[p] - lit);
          }
        }
      }
    }
    this.residuals = lasting.residuals;
  }
}

/** Sets the box around a group, without its margin of one block. @param {Uint8Array} mask @param {number[]} group @param {number} columns */
function fillBox(mask, group, columns) {
  let left = Infinity, right = 0, top = Infinity, bottom = 0;
  for (const i of group) {
    const x = i % columns, y = (i - x) / columns;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  for (let y = top + 1; y < bottom; y++) mask.fill(1, y * columns + left + 1, y * columns + right);
}

const SIDES = /** @type {const} */ ([[1, 0], [-1, 0], [0, 1], [0, -1]]);

/** Adds what is weak and connected to what is strong. @param {Uint8Array} strong changed in place @param {Uint8Array} weak @param {number} columns @param {number} rows */
function grow(strong, weak, columns, rows) {
  const queue = [];
  for (let i = 0; i < strong.length; i++) if (strong[i]) queue.push(i);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const x = at % columns, y = (at - x) / columns;
    for (const [dx, dy] of SIDES) {
      const u = x + dx, v = y + dy;
      if (u < 0 || v < 0 || u >= columns || v >= rows) continue;
      const next = v * columns + u;
      if (strong[next] || !weak[next]) continue;
      strong[next] = 1;
      queue.push(next);
    }
  }
}
