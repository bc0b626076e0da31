// @ts-check
// Where things moved lately: what goes somewhere is told from what sways in place.

import { components, dilated } from "./motion-blocks.js";

/** A block that comes and goes so often (within about a minute) sways in place. */
export const SWAYING = 2.5;
const SWAY_SECONDS = 30;
/** Who walks up and down comes and goes as leaves do. Known to be somebody, they teach so much of it only; and so do gusts that began an event. */
const SWAY_IN_EVENT = 0.2;
/** And so does one whose texture is so often another. */
const RESTLESS = 0.2;
/** A block that was at rest for so long is new when it moves. */
const REST_MS = 1000;
const LATELY_MS = 1500;
/** Only the outline of groups of so many blocks, with a margin, counts: small ones are on their way soon. */
const WIDE_GROUP = 60;

export class Paths {
  /** @param {number} columns @param {number} rows */
  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    const size = columns * rows;
    this.activeAt = new Float64Array(size).fill(-Infinity);
    this.activeBefore = new Uint8Array(size);
    this.inside = new Uint8Array(size);
    this.lately = new Uint8Array(size);
    /** How often each block came and went, of late. */
    this.sway = new Float32Array(size);
  }

  /**
   * @param {Uint8Array} moving @param {Float32Array} unrest how often the texture of each block is another than usual
   * @param {number} at @param {number} seconds since the picture before @param {boolean} inEvent
   * @returns {{novel: number, fresh: number}} `novel`: moving blocks that were at rest, and lie beyond the outline of what moved just now:
   *   somebody who walks reaches new places all the time, leaves and a patch of sun fill the same; `fresh`: moving blocks that do not sway
   */
  follow(moving, unrest, at, seconds, inEvent) {
    const { columns, rows, activeAt, activeBefore, inside, lately, sway } = this;
    const fade = Math.exp(-seconds / SWAY_SECONDS), once = inEvent ? SWAY_IN_EVENT : 1;
    let some = 0;
    for (let i = 0; i < moving.length; i++) {
      sway[i] *= fade;
      inside[i] = 0;
      lately[i] = at - activeAt[i] < LATELY_MS ? 1 : 0;
      some += lately[i];
    }
    if (some) {
      for (const group of components(dilated(lately, columns, rows), columns, rows)) {
        if (group.length >= WIDE_GROUP) fillBox(inside, group, columns);
      }
    }
    let novel = 0, fresh = 0;
    for (let i = 0; i < moving.length; i++) {
      if (moving[i]) {
        if (sway[i] < SWAYING) fresh++;
        if (at - activeAt[i] > REST_MS) {
          if (sway[i] < SWAYING && unrest[i] < RESTLESS && !inside[i]) novel++;
          sway[i] += once;
        } else if (!activeBefore[i]) sway[i] += once / 2;
        activeAt[i] = at;
      }
      activeBefore[i] = moving[i];
    }
    return { novel, fresh };
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
