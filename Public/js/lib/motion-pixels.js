// @ts-check
// The one pass over the pixels of a picture: what blocks need to know of it and of the background behind.

import { BLOCK } from "./motion-blocks.js";

/** Blocks to each side within which local light is fitted. */
const REACH = 1;

export class PixelPass {
  /** @param {number} columns @param {number} rows */
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    const size = columns * rows;
    this.mean = new Float32Array(size);
    this.behind = new Float32Array(size);
    /** Products of picture and background, summed over the surroundings of a block. */
    this.cc = new Float32Array(size);
    this.bb = new Float32Array(size);
    this.cb = new Float32Array(size);
    this.c = new Float32Array(size);
    this.b = new Float32Array(size);
    this.scratch = new Float32Array(size);
    this.across = new Float32Array(columns * BLOCK);
    this.down = new Float32Array(rows * BLOCK);
    /** Mean square of the step from a pixel to the next beside it, and mean step from it to itself in the picture before. */
    this.detail = 0;
    this.flutter = 0;
  }

  /**
   * @param {Uint8Array} luma @param {Uint8Array} before the picture before
   * @param {Float32Array} background as large as `luma` @param {number} width
   */
  run(luma, before, background, width) {
    const { columns, rows, across, down, c, b, cc, bb, cb } = this;
    across.fill(0);
    c.fill(0);
    b.fill(0);
    cc.fill(0);
    bb.fill(0);
    cb.fill(0);
    let detail = 0, flutter = 0;
    for (let y = 0; y < rows * BLOCK; y++) {
      const first = (y >> 2) * columns;
      let line = 0;
      for (let column = 0, p = y * width; column < columns; column++, p += BLOCK) {
        const c0 = luma[p], c1 = luma[p + 1], c2 = luma[p + 2], c3 = luma[p + 3];
        const b0 = background[p], b1 = background[p + 1], b2 = background[p + 2], b3 = background[p + 3];
        const sum = c0 + c1 + c2 + c3, i = first + column;
        line += sum;
        c[i] += sum;
        b[i] += b0 + b1 + b2 + b3;
        cc[i] += c0 * c0 + c1 * c1 + c2 * c2 + c3 * c3;
        bb[i] += b0 * b0 + b1 * b1 + b2 * b2 + b3 * b3;
        cb[i] += c0 * b0 + c1 * b1 + c2 * b2 + c3 * b3;
        const x = column * BLOCK;
        across[x] += c0;
        across[x + 1] += c1;
        across[x + 2] += c2;
        across[x + 3] += c3;
        detail += (c1 - c0) * (c1 - c0) + (c2 - c1) * (c2 - c1) + (c3 - c2) * (c3 - c2);
        flutter += Math.abs(c0 - before[p]) + Math.abs(c1 - before[p + 1]) + Math.abs(c2 - before[p + 2]) + Math.abs(c3 - before[p + 3]);
      }
      down[y] = line;
    }
    const size = columns * rows;
    for (let i = 0; i < size; i++) {
      this.mean[i] = c[i] / (BLOCK * BLOCK);
      this.behind[i] = b[i] / (BLOCK * BLOCK);
    }
    this.detail = detail / (size * BLOCK * (BLOCK - 1));
    this.flutter = flutter / (size * BLOCK * BLOCK);
    for (const sums of [c, b, cc, bb, cb]) this.#addUp(sums);
  }

  /** Sums over the surroundings, in place. @param {Float32Array} sums */
  #addUp(sums) {
    const { columns, rows, scratch } = this;
    for (let y = 0; y < rows; y++) {
      for (let x = 0, i = y * columns; x < columns; x++, i++) {
        scratch[i] = sums[i] + (x > 0 ? sums[i - 1] : 0) + (x + 1 < columns ? sums[i + 1] : 0);
      }
    }
    for (let y = 0; y < rows; y++) {
      for (let x = 0, i = y * columns; x < columns; x++, i++) {
        sums[i] = scratch[i] + (y > 0 ? scratch[i - columns] : 0) + (y + 1 < rows ? scratch[i + columns] : 0);
      }
    }
  }

  /** Pixels that `addUp` brought together at a block. @param {number} x @param {number} y */
  #pixels(x, y) {
    const wide = Math.min(this.columns - 1, x + REACH) - Math.max(0, x - REACH) + 1;
    const high = Math.min(this.rows - 1, y + REACH) - Math.max(0, y - REACH) + 1;
    return wide * high * BLOCK * BLOCK;
  }

  /**
   * Where the background has texture, and where the picture still shows it, however bright: lamps and sun leave texture as it is, a body
   * hides it.
   * @param {number} noise variance of a pixel
   * @param {{textured: Uint8Array, explained: Uint8Array, altered: Uint8Array}} result `explained`: light alone explains the picture,
   *   `altered`: the texture is another
   * @returns {{textured: number, alike: number}} blocks with texture, and those of them that roughly show it
   */
  texture(noise, { textured, explained, altered }) {
    const { columns, rows } = this;
    let count = 0, alike = 0;
    const least = LEAST_TEXTURE + noise;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const i = y * columns + x, n = this.#pixels(x, y);
        const mb = this.b[i] / n, mc = this.c[i] / n;
        const vb = this.bb[i] / n - mb * mb;
        textured[i] = vb > least ? 1 : 0;
        explained[i] = altered[i] = 0;
        if (!textured[i]) continue;
        count++;
        const vc = Math.max(this.cc[i] / n - mc * mc - noise, 0.01), cov = this.cb[i] / n - mb * mc;
        const shared = cov > 0 ? (cov * cov) / vb : 0;
        if (vb > 4 * least && shared < 0.3 * Math.max(vb, vc)) altered[i] = 1;
        if (cov <= 0) continue;
        if (shared > 0.5 * vc && shared > 0.5 + 0.05 * noise) alike++;
        if (vc - shared < UNEXPLAINED * vc + noise * 0.5) explained[i] = 1;
      }
    }
    return { textured: count, alike };
  }
}

/** Variance of pixels within a block and its neighbours from which they have texture. */
const LEAST_TEXTURE = 16;
/** Share of the variance that light may leave unexplained. */
const UNEXPLAINED = 0.12;
