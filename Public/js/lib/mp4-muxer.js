// @ts-check
// H.264 access units as fragmented MP4 (ISO/IEC 14496-12 and -15), one fragment a picture, for browsers that can only play files.

import { box, concat, fromBase64, fullBox, number } from "./bytes.js";

/** Ticks a second: the protocol's microseconds. */
const TIMESCALE = 1_000_000;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap((value) => [...number(value, 4)]);
const KEY_SAMPLE = 0x2000000, DELTA_SAMPLE = 0x1010000;
const zeros = (/** @type {number} */ count) => new Uint8Array(count);

export class Mp4Muxer {
  #sequence = 0;

  /** @param {{codec: string, width: number, height: number, description?: string}} configuration as its frame has it */
  constructor({ codec, width, height, description }) {
    if (!/^avc[13]\./.test(codec) || !description) throw new TypeError(`${codec} cannot be put into MP4 here`);
    this.mime = `video/mp4;codecs="${codec}"`;
    this.init = initOf(codec.slice(0, 4), width, height, fromBase64(description));
  }

  /** @param {{key: boolean, timestamp: number, duration: number, payload: Uint8Array}} unit times in µs */
  segment({ key, timestamp, duration, payload }) {
    const moof = (/** @type {number} */ offset) => box(
      "moof",
      fullBox("mfhd", 0, 0, number(this.#sequence, 4)),
      box(
        "traf",
        fullBox("tfhd", 0, 0x20000, number(1, 4)),
        fullBox("tfdt", 1, 0, number(timestamp, 8)),
        fullBox("trun", 0, 0x701, number(1, 4), number(offset, 4), number(duration, 4), number(payload.length, 4), number(key ? KEY_SAMPLE : DELTA_SAMPLE, 4)),
      ),
    );
    this.#sequence++;
    return concat(moof(moof(0).length + 8), box("mdat", payload));
  }
}

/** @param {string} type @param {number} width @param {number} height @param {Uint8Array} avcC */
function initOf(type, width, height, avcC) {
  const entry = box(
    type, zeros(6), number(1, 2), zeros(16), number(width, 2), number(height, 2), number(0x480000, 4), number(0x480000, 4), zeros(4), number(1, 2),
    zeros(32), number(24, 2), [0xff, 0xff], box("avcC", avcC),
  );
  const table = box(
    "stbl",
    fullBox("stsd", 0, 0, number(1, 4), entry),
    fullBox("stts", 0, 0, zeros(4)), fullBox("stsc", 0, 0, zeros(4)), fullBox("stsz", 0, 0, zeros(8)), fullBox("stco", 0, 0, zeros(4)),
  );
  const media = box(
    "mdia",
    fullBox("mdhd", 0, 0, zeros(8), number(TIMESCALE, 4), zeros(4), [0x55, 0xc4, 0, 0]),
    fullBox("hdlr", 0, 0, zeros(4), [0x76, 0x69, 0x64, 0x65], zeros(13)),
    box("minf", fullBox("vmhd", 0, 1, zeros(8)), box("dinf", fullBox("dref", 0, 0, number(1, 4), fullBox("url ", 0, 1))), table),
  );
  const track = box(
    "trak",
    fullBox("tkhd", 0, 3, zeros(8), number(1, 4), zeros(20), zeros(4), MATRIX, number(width * 0x10000, 4), number(height * 0x10000, 4)),
    media,
  );
  return concat(
    box("ftyp", [0x69, 0x73, 0x6f, 0x35], zeros(4), [0x69, 0x73, 0x6f, 0x35, 0x6d, 0x70, 0x34, 0x31]),
    box(
      "moov",
      fullBox("mvhd", 0, 0, zeros(8), number(TIMESCALE, 4), zeros(4), number(0x10000, 4), [1, 0], zeros(10), MATRIX, zeros(24), number(2, 4)),
      track,
      box("mvex", fullBox("trex", 0, 0, number(1, 4), number(1, 4), zeros(12))),
    ),
  );
}
