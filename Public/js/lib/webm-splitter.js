// @ts-check
// WebM as MediaRecorder writes it: Segment and Clusters of unknown size. The hub cuts in the same way (WebMSplitter.swift).

import { concat, element, number, valueOf } from "./bytes.js";

/** @typedef {import("./container-splitter.js").Initialization|import("./container-splitter.js").Segment} Piece */

const EBML = 0x1a45dfa3, SEGMENT = 0x18538067, CLUSTER = 0x1f43b675, INFO = 0x1549a966, TRACKS = 0x1654ae6b;
const TIMECODE = 0xe7, SIMPLE_BLOCK = 0xa3, BLOCK_GROUP = 0xa0, BLOCK = 0xa1, REFERENCE = 0xfb, TIMECODE_SCALE = 0x2ad7b1;
const TRACK_ENTRY = 0xae, TRACK_NUMBER = 0xd7, TRACK_TYPE = 0x83;
const UNKNOWN_SIZE_SEGMENT = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
/** Sound that waits for a picture goes without it. */
const MAXIMUM_PENDING = 50;

/** A variable-length number at a position; `null` while it is not whole. @param {Uint8Array} bytes @param {number} at @param {number} longest */
function variable(bytes, at, longest) {
  if (at >= bytes.length) return null;
  const length = Math.clz32(bytes[at]) - 23;
  if (length > longest) throw new RangeError("the recorder wrote no WebM");
  if (at + length > bytes.length) return null;
  // Without the bit that tells the length, a number of eight bytes is exact.
  const first = bytes[at] & (0xff >> length);
  return { id: valueOf(bytes, at, length), size: first * 2 ** (8 * (length - 1)) + valueOf(bytes, at + 1, length - 1), length };
}

/** The head of an element. @param {Uint8Array} bytes @param {number} at */
function headOf(bytes, at) {
  const id = variable(bytes, at, 4);
  const size = id && variable(bytes, at + id.length, 8);
  return size && { id: id.id, size: size.size, start: at + id.length + size.length };
}

/** @param {Uint8Array} content @returns {{id: number, content: Uint8Array}[]} */
function children(content) {
  const found = [];
  for (let at = 0; at < content.length;) {
    const head = headOf(content, at);
    if (!head || head.start + head.size > content.length) throw new RangeError("the recorder wrote a damaged element");
    found.push({ id: head.id, content: content.subarray(head.start, head.start + head.size) });
    at = head.start + head.size;
  }
  return found;
}

export class WebMSplitter {
  /** Of the beginning so far. @type {Uint8Array[]} */ #beginning = [];
  #hasInitialized = false;
  /** Nanoseconds a tick. */ #scale = 1_000_000;
  #video = -1;
  #timecode = 0;
  /** What waits for a picture. @type {{time: number, isGroup: boolean, content: Uint8Array, timeAt: number}[]} */ #pending = [];

  /** @param {Uint8Array} bytes from where the last call ended @returns {{pieces: Piece[], used: number}} */
  split(bytes) {
    /** @type {Piece[]} */
    const pieces = [];
    let at = 0;
    for (;;) {
      const head = headOf(bytes, at);
      if (!head) break;
      const { id, size, start } = head;
      if (id === SEGMENT || id === CLUSTER) {
        if (id === SEGMENT) this.#beginning.push(Uint8Array.from(UNKNOWN_SIZE_SEGMENT));
        else if (!this.#hasInitialized) pieces.push(this.#initialize());
        // What is in it comes next.
        at = start;
        continue;
      }
      if (start + size > bytes.length) break;
      const content = bytes.subarray(start, start + size);
      if (id === EBML || id === INFO || id === TRACKS) this.#begin(id, content, bytes.slice(at, start + size));
      else if (id === TIMECODE) this.#timecode = valueOf(content, 0, size);
      else if (id === SIMPLE_BLOCK || id === BLOCK_GROUP) this.#block(content, id === BLOCK_GROUP, pieces);
      at = start + size;
    }
    return { pieces, used: at };
  }

  /** @returns {Piece} */
  #initialize() {
    if (this.#video < 0) throw new RangeError("the recorder wrote no video track");
    this.#hasInitialized = true;
    return { type: "init", bytes: concat(...this.#beginning) };
  }

  /** @param {number} id @param {Uint8Array} content @param {Uint8Array} whole */
  #begin(id, content, whole) {
    this.#beginning.push(whole);
    if (id === EBML) return;
    for (const child of children(content)) {
      if (child.id === TIMECODE_SCALE) this.#scale = valueOf(child.content, 0, child.content.length);
      if (child.id !== TRACK_ENTRY) continue;
      const entry = new Map(children(child.content).map(({ id: key, content: value }) => [key, value]));
      const value = (/** @type {number} */ key) => valueOf(entry.get(key) ?? new Uint8Array(0), 0, entry.get(key)?.length ?? 0);
      if (value(TRACK_TYPE) === 1 && this.#video < 0) this.#video = value(TRACK_NUMBER);
    }
  }

  /** @param {Uint8Array} content @param {boolean} isGroup @param {Piece[]} pieces */
  #block(content, isGroup, pieces) {
    const inner = isGroup ? children(content) : [];
    const block = isGroup ? inner.find(({ id }) => id === BLOCK)?.content : content;
    const track = block && variable(block, 0, 8);
    if (!block || !track || block.length < track.length + 3) throw new RangeError("the recorder wrote a damaged block");
    const timeAt = block.byteOffset - content.byteOffset + track.length;
    const relative = new DataView(block.buffer, block.byteOffset + track.length).getInt16(0);
    const isVideo = track.size === this.#video;
    const key = isVideo && (isGroup ? !inner.some(({ id }) => id === REFERENCE) : (block[track.length + 2] & 0x80) !== 0);
    const time = Math.max(0, this.#timecode + relative);
    const first = this.#pending[0]?.time ?? time;
    if (key || Math.abs(time - first) > 0x7fff) this.#flush(false, pieces);
    this.#pending.push({ time, isGroup, content: content.slice(), timeAt });
    if (isVideo || this.#pending.length >= MAXIMUM_PENDING) this.#flush(key, pieces);
  }

  /** @param {boolean} key @param {Piece[]} pieces */
  #flush(key, pieces) {
    if (!this.#pending.length) return;
    const [{ time: base }] = this.#pending;
    const blocks = this.#pending.map(({ time, isGroup, content, timeAt }) => {
      new DataView(content.buffer).setInt16(timeAt, time - base);
      return element([isGroup ? BLOCK_GROUP : SIMPLE_BLOCK], content);
    });
    this.#pending = [];
    const bytes = element([0x1f, 0x43, 0xb6, 0x75], element([TIMECODE], number(base, 8)), ...blocks);
    pieces.push({ type: "segment", bytes, key, timestamp: (base * this.#scale) / 1000, duration: 0 });
  }
}
