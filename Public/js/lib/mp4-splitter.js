// @ts-check
// Fragmented MP4 as MediaRecorder writes it.

import { concat, valueOf } from "./bytes.js";

/** @typedef {import("./container-splitter.js").Initialization|import("./container-splitter.js").Segment} Piece */

/** What is longer is none of a recorder. */
export const MAXIMUM_PIECE = 4 << 20;

/** The boxes in a part of an array; the last one may reach beyond it. @param {Uint8Array} bytes @param {number} start @param {number} end */
function* boxesOf(bytes, start, end) {
  for (let at = start; at + 8 <= end;) {
    const short = valueOf(bytes, at, 4);
    const headSize = short === 1 ? 16 : 8;
    if (at + headSize > end) return;
    const size = short === 1 ? valueOf(bytes, at + 8, 8) : short;
    if (size < headSize) throw new RangeError("the recorder wrote no fragmented MP4");
    yield { type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), at, start: at + headSize, end: at + size };
    at += size;
  }
}

/** A box by its path. @param {Uint8Array} bytes @param {{start: number, end: number}} parent @param {string[]} path */
function find(bytes, parent, ...path) {
  /** @type {{start: number, end: number}|undefined} */
  let box = parent;
  for (const type of path) box = box && [...boxesOf(bytes, box.start, Math.min(box.end, bytes.length))].find((child) => child.type === type);
  return box ?? null;
}

export class Mp4Splitter {
  /** @type {Uint8Array[]} */ #beginning = [];
  #video = { id: 0, timescale: 1, flags: 0 };
  /** A `moof` that waits for its `mdat`. @type {Uint8Array[]} */ #fragment = [];
  /** @type {{key: boolean, timestamp: number, duration: number}|null} */ #about = null;

  /** @param {Uint8Array} bytes from where the last call ended @returns {{pieces: Piece[], used: number}} */
  split(bytes) {
    /** @type {Piece[]} */
    const pieces = [];
    let used = 0;
    for (const box of boxesOf(bytes, 0, bytes.length)) {
      if (box.end - box.at > MAXIMUM_PIECE) throw new RangeError(`the recorder wrote a ${box.type} that is too long`);
      if (box.end > bytes.length) break;
      const whole = bytes.slice(box.at, box.end);
      used = box.end;
      if (box.type === "ftyp") this.#beginning = [whole];
      if (box.type === "moov") {
        this.#readTracks(bytes, box);
        pieces.push({ type: "init", bytes: concat(...this.#beginning, whole) });
      }
      if (box.type === "moof") {
        this.#fragment = [];
        this.#about = this.#readFragment(bytes, box);
      }
      if (this.#about) this.#fragment.push(whole);
      if (box.type === "mdat" && this.#about) {
        pieces.push({ type: "segment", bytes: concat(...this.#fragment), ...this.#about });
        this.#about = null;
      }
    }
    return { pieces, used };
  }

  /** @param {Uint8Array} bytes @param {{start: number, end: number}} moov */
  #readTracks(bytes, moov) {
    for (const trak of boxesOf(bytes, moov.start, moov.end)) {
      if (trak.type !== "trak") continue;
      const handler = find(bytes, trak, "mdia", "hdlr");
      const header = find(bytes, trak, "tkhd"), media = find(bytes, trak, "mdia", "mdhd");
      if (!handler || !header || !media || valueOf(bytes, handler.start + 8, 4) !== 0x76696465) continue;
      this.#video.id = valueOf(bytes, header.start + (bytes[header.start] === 1 ? 20 : 12), 4);
      this.#video.timescale = valueOf(bytes, media.start + (bytes[media.start] === 1 ? 20 : 12), 4) || 1;
    }
    if (!this.#video.id) throw new RangeError("the recorder wrote no video track");
    const mvex = find(bytes, moov, "mvex");
    if (!mvex) throw new RangeError("the recorder wrote an MP4 that is not fragmented");
    for (const trex of boxesOf(bytes, mvex.start, mvex.end)) {
      if (trex.type === "trex" && valueOf(bytes, trex.start + 4, 4) === this.#video.id) this.#video.flags = valueOf(bytes, trex.start + 20, 4);
    }
  }

  /** @param {Uint8Array} bytes @param {{start: number, end: number}} moof */
  #readFragment(bytes, moof) {
    let about = { key: false, timestamp: 0, duration: 0 };
    for (const traf of boxesOf(bytes, moof.start, moof.end)) {
      if (traf.type !== "traf") continue;
      const header = find(bytes, traf, "tfhd"), time = find(bytes, traf, "tfdt"), run = find(bytes, traf, "trun");
      if (!header || !time || !run || valueOf(bytes, header.start + 4, 4) !== this.#video.id) continue;
      const ticks = bytes[time.start] === 1 ? valueOf(bytes, time.start + 4, 8) : valueOf(bytes, time.start + 4, 4);
      about = { key: (this.#firstFlags(bytes, header, run) & 0x10000) === 0, timestamp: (ticks * 1e6) / this.#video.timescale, duration: 0 };
    }
    return about;
  }

  /** Of the first sample: its own, the fragment's, or the track's. @param {Uint8Array} bytes @param {{start: number}} header @param {{start: number}} run */
  #firstFlags(bytes, header, run) {
    const runFlags = valueOf(bytes, run.start + 1, 3), flags = valueOf(bytes, header.start + 1, 3);
    const sample = run.start + 8 + (runFlags & 1 ? 4 : 0);
    if (runFlags & 0x4) return valueOf(bytes, sample, 4);
    if (runFlags & 0x400) return valueOf(bytes, sample + (runFlags & 0x100 ? 4 : 0) + (runFlags & 0x200 ? 4 : 0), 4);
    if (!(flags & 0x20)) return this.#video.flags;
    return valueOf(bytes, header.start + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0) + (flags & 0x8 ? 4 : 0) + (flags & 0x10 ? 4 : 0), 4);
  }
}
