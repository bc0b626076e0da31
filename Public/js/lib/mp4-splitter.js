// @ts-check
// Fragmented MP4 as MediaRecorder writes it. The hub cuts and reads in the same way (MP4Splitter.swift, MP4Fragment.swift).

import { concat, valueOf } from "./bytes.js";

/** @typedef {import("./container-splitter.js").Initialization|import("./container-splitter.js").Segment} Piece */
/** @typedef {{isVideo: boolean, timescale: number, duration: number, flags: number}} Track `duration` and `flags`: of samples that say nothing themselves */

/** What is longer is none of a recorder. */
export const MAXIMUM_PIECE = 4 << 20;
const VIDEO = 0x76696465, SOUND = 0x736f756e;

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
  /** By their ids. @type {Map<number, Track>} */ #tracks = new Map();
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
    this.#tracks.clear();
    for (const trak of boxesOf(bytes, moov.start, moov.end)) {
      if (trak.type !== "trak") continue;
      const handler = find(bytes, trak, "mdia", "hdlr");
      const header = find(bytes, trak, "tkhd"), media = find(bytes, trak, "mdia", "mdhd");
      const kind = handler && valueOf(bytes, handler.start + 8, 4);
      if (!header || !media || (kind !== VIDEO && kind !== SOUND)) continue;
      const id = valueOf(bytes, header.start + (bytes[header.start] === 1 ? 20 : 12), 4);
      const timescale = valueOf(bytes, media.start + (bytes[media.start] === 1 ? 20 : 12), 4) || 1;
      this.#tracks.set(id, { isVideo: kind === VIDEO, timescale, duration: 0, flags: 0 });
    }
    if (![...this.#tracks.values()].some(({ isVideo }) => isVideo)) throw new RangeError("the recorder wrote no video track");
    const mvex = find(bytes, moov, "mvex");
    if (!mvex) throw new RangeError("the recorder wrote an MP4 that is not fragmented");
    for (const trex of boxesOf(bytes, mvex.start, mvex.end)) {
      const track = trex.type === "trex" && this.#tracks.get(valueOf(bytes, trex.start + 4, 4));
      if (track) Object.assign(track, { duration: valueOf(bytes, trex.start + 12, 4), flags: valueOf(bytes, trex.start + 20, 4) });
    }
  }

  /** Of the video, or the time of what there is. @param {Uint8Array} bytes @param {{start: number, end: number}} moof */
  #readFragment(bytes, moof) {
    /** @type {{key: boolean, timestamp: number, duration: number}|null} */
    let about = null;
    for (const traf of boxesOf(bytes, moof.start, moof.end)) {
      if (traf.type !== "traf") continue;
      const header = find(bytes, traf, "tfhd"), time = find(bytes, traf, "tfdt");
      const track = header && this.#tracks.get(valueOf(bytes, header.start + 4, 4));
      if (!track || !time || (about && !track.isVideo)) continue;
      const { samples, duration, flags } = samplesOf(bytes, traf, header, track);
      if (!samples) continue;
      const ticks = bytes[time.start] === 1 ? valueOf(bytes, time.start + 4, 8) : valueOf(bytes, time.start + 4, 4);
      const micros = (/** @type {number} */ count) => Math.floor((count * 1e6) / track.timescale);
      about = track.isVideo
        ? { key: (flags & 0x10000) === 0, timestamp: micros(ticks), duration: micros(duration) }
        : { key: false, timestamp: micros(ticks), duration: 0 };
      if (track.isVideo) break;
    }
    return about ?? { key: false, timestamp: 0, duration: 0 };
  }
}

/**
 * What a `traf` says of its samples: each by itself, else the fragment for all (`tfhd`), else the track (`trex`).
 * @param {Uint8Array} bytes @param {{start: number, end: number}} traf @param {{start: number}} header its `tfhd` @param {Track} track
 * @returns {{samples: number, duration: number, flags: number}} how many, how long together (ticks), and the flags of the first
 */
function samplesOf(bytes, traf, header, track) {
  const has = valueOf(bytes, header.start + 1, 3);
  let at = header.start + 8 + (has & 0x1 ? 8 : 0) + (has & 0x2 ? 4 : 0);
  const usual = has & 0x8 ? valueOf(bytes, at, 4) : track.duration;
  at += (has & 0x8 ? 4 : 0) + (has & 0x10 ? 4 : 0);
  const about = { samples: 0, duration: 0, flags: has & 0x20 ? valueOf(bytes, at, 4) : track.flags };
  for (const run of boxesOf(bytes, traf.start, traf.end)) {
    if (run.type !== "trun") continue;
    const fields = valueOf(bytes, run.start + 1, 3), count = valueOf(bytes, run.start + 4, 4);
    const stride = [0x100, 0x200, 0x400, 0x800].filter((field) => fields & field).length * 4;
    const first = run.start + 8 + (fields & 0x1 ? 4 : 0) + (fields & 0x4 ? 4 : 0);
    if (first + count * stride > run.end) throw new RangeError("the recorder wrote a trun that is too short for its samples");
    if (!about.samples && count) {
      if (fields & 0x4) about.flags = valueOf(bytes, first - 4, 4);
      else if (fields & 0x400) about.flags = valueOf(bytes, first + (fields & 0x100 ? 4 : 0) + (fields & 0x200 ? 4 : 0), 4);
    }
    about.samples += count;
    if (!(fields & 0x100)) about.duration += count * usual;
    else for (let sample = 0; sample < count; sample++) about.duration += valueOf(bytes, first + sample * stride, 4);
  }
  return about;
}
