// @ts-check
// What was encoded in the last seconds, so that a clip can begin before its trigger.

/**
 * @typedef {object} Chunk an encoded access unit
 * @property {number} track 0 video, 1 audio
 * @property {boolean} key
 * @property {number} timestamp µs
 * @property {number} duration µs
 * @property {boolean} [continues] whether it is the rest of the one before, which is of no use without it
 * @property {Uint8Array} data
 */

/** Of a list that shrinks from its beginning, so many that are gone are kept before they are cut off. */
const MOST_GONE = 512;

/**
 * It holds the given seconds, and up to the keyframe before them: chunks without the one before them are of no use. Where keyframes are so
 * far apart that a single group of pictures is over the bytes, the group is given up, and the ring is empty until the next keyframe.
 */
export class PrerollRing {
  /** @type {Chunk[]} */ #all = [];
  /** So many at the beginning of `#all` are gone. */
  #gone = 0;
  /** Where keyframes are in `#all`, oldest first; the first is the first chunk. @type {number[]} */
  #keyframes = [];

  /** @param {{seconds: number, maximumBytes?: number}} limits */
  constructor(limits) {
    this.limit(limits);
    this.bytes = 0;
  }

  /** From the next chunk on. @param {{seconds: number, maximumBytes?: number}} limits */
  limit({ seconds, maximumBytes = 32 << 20 }) {
    this.span = seconds * 1e6;
    this.maximumBytes = maximumBytes;
  }

  get chunks() {
    return this.#all.slice(this.#gone);
  }

  /** @param {Chunk} chunk */
  push(chunk) {
    const isKeyframe = chunk.track === 0 && chunk.key;
    if (isKeyframe) this.#keyframes.push(this.#all.length);
    else if (!this.#keyframes.length) return;
    this.#all.push(chunk);
    this.bytes += chunk.data.byteLength;
    while (this.#keyframes.length > 1) {
      const isOld = chunk.timestamp - this.#all[this.#keyframes[1]].timestamp >= this.span;
      if (!isOld && this.bytes <= this.maximumBytes) return;
      this.#dropFirstGroup();
    }
    if (this.bytes > this.maximumBytes) this.clear();
  }

  /**
   * Everything from the keyframe at or before a time; from the oldest keyframe when none is so old.
   * @param {number} timestamp µs
   * @returns {Chunk[]}
   */
  from(timestamp) {
    if (!this.#keyframes.length) return [];
    const start = this.#keyframes.findLast((index) => this.#all[index].timestamp <= timestamp) ?? this.#keyframes[0];
    const first = this.#all[start].timestamp;
    return this.#all.slice(start).filter((chunk) => chunk.timestamp >= first);
  }

  clear() {
    this.#all = [];
    this.#gone = 0;
    this.#keyframes = [];
    this.bytes = 0;
  }

  #dropFirstGroup() {
    const [, next] = this.#keyframes;
    for (let index = this.#gone; index < next; index++) this.bytes -= this.#all[index].data.byteLength;
    // What is gone must not be held in memory, nor the list moved for each group.
    this.#all.fill(/** @type {any} */ (null), this.#gone, next);
    this.#gone = next;
    this.#keyframes.shift();
    if (this.#gone < MOST_GONE || this.#gone * 2 < this.#all.length) return;
    this.#all = this.#all.slice(this.#gone);
    this.#keyframes = this.#keyframes.map((index) => index - this.#gone);
    this.#gone = 0;
  }
}
