// @ts-check
// Cuts what MediaRecorder writes into pieces that can be played from any keyframe on. A pure state machine: bytes in any pieces come in.

import { concat } from "./bytes.js";
import { MAXIMUM_PIECE, Mp4Splitter } from "./mp4-splitter.js";
import { WebMSplitter } from "./webm-splitter.js";

/**
 * @typedef {{type: "init", bytes: Uint8Array}} Initialization without which nothing decodes
 * @typedef {{type: "segment", bytes: Uint8Array, key: boolean, timestamp: number, duration: number}} Segment which begins with a keyframe or
 *   not; times are µs of the file's clock, the duration 0 where the file does not say
 */

export class ContainerSplitter {
  /** @type {Uint8Array} */ #rest = new Uint8Array(0);
  /** @type {WebMSplitter|Mp4Splitter|null} */ #splitter = null;

  /** @param {Uint8Array} bytes @returns {(Initialization|Segment)[]} Throws for what is neither WebM nor fragmented MP4. */
  push(bytes) {
    this.#rest = this.#rest.length ? concat(this.#rest, bytes) : bytes;
    if (!this.#splitter) {
      if (this.#rest.length < 8) return [];
      this.#splitter = this.#rest[0] === 0x1a ? new WebMSplitter() : new Mp4Splitter();
    }
    const { pieces, used } = this.#splitter.split(this.#rest);
    this.#rest = this.#rest.slice(used);
    if (this.#rest.length > 2 * MAXIMUM_PIECE) throw new RangeError("the recorder wrote a piece that is too long");
    return pieces;
  }
}
