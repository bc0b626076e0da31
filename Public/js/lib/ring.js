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

export class PrerollRing {
  /** @param {{seconds: number, maximumBytes?: number}} limits */
  constructor(limits) {
    this.limit(limits);
    /** @type {Chunk[]} */
    this.chunks = [];
    this.bytes = 0;
  }

  /** From the next chunk on. @param {{seconds: number, maximumBytes?: number}} limits */
  limit({ seconds, maximumBytes = 32 << 20 }) {
    this.span = seconds * 1e6;
    this.maximumBytes = maximumBytes;
  }

  /** @param {Chunk} chunk */
  push(chunk) {
    this.chunks.push(chunk);
    this.bytes += chunk.data.byteLength;
    // What is dropped goes up to a keyframe: chunks without the one before them are of no use.
    for (;;) {
      const next = this.chunks.findIndex((candidate, index) => index > 0 && candidate.key && candidate.track === 0);
      if (next < 0) break;
      const isOld = chunk.timestamp - this.chunks[next].timestamp >= this.span;
      if (!isOld && this.bytes <= this.maximumBytes) break;
      for (const dropped of this.chunks.splice(0, next)) this.bytes -= dropped.data.byteLength;
    }
  }

  /**
   * Everything from the keyframe at or before a time; from the oldest keyframe when none is so old.
   * @param {number} timestamp µs
   * @returns {Chunk[]}
   */
  from(timestamp) {
    let start = -1;
    this.chunks.forEach((chunk, index) => {
      if (chunk.track === 0 && chunk.key && (start < 0 || chunk.timestamp <= timestamp)) start = index;
    });
    if (start < 0) return [];
    const first = this.chunks[start].timestamp;
    return this.chunks.slice(start).filter((chunk) => chunk.timestamp >= first);
  }

  clear() {
    this.chunks = [];
    this.bytes = 0;
  }
}
