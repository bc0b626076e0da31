// @ts-check
// What all our MP4 files have in common (ISO/IEC 14496-12, -15).

import { box, fromBase64, fullBox, number } from "./bytes.js";

/** Ticks a second: the protocol's microseconds. */
const TIMESCALE = 1_000_000;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap((value) => [...number(value, 4)]);
export const zeros = (/** @type {number} */ count) => new Uint8Array(count);

/** @param {{codec: string, width: number, height: number, description?: string}} configuration of H.264 or H.265, as its frame has it */
export function videoEntry({ codec, width, height, description }) {
  const type = codec.slice(0, 4);
  if (!/^(avc[13]|hvc1|hev1)$/.test(type) || !description) throw new TypeError(`${codec} cannot be put into MP4 here`);
  return box(
    type, zeros(6), number(1, 2), zeros(16), number(width, 2), number(height, 2), number(0x480000, 4), number(0x480000, 4), zeros(4), number(1, 2),
    zeros(32), number(24, 2), [0xff, 0xff], box(type.startsWith("avc") ? "avcC" : "hvcC", fromBase64(description)),
  );
}

/** @param {number} duration in ticks, 0 where fragments follow @param {number} nextTrack */
export const movieHeader = (duration, nextTrack) =>
  fullBox("mvhd", 0, 0, zeros(8), number(TIMESCALE, 4), number(duration, 4), number(0x10000, 4), [1, 0], zeros(10), MATRIX, zeros(24), number(nextTrack, 4));

/**
 * @param {{id: number, duration: number, width?: number, height?: number}} track of video where it has a size, else of sound
 * @param {Uint8Array} table its `stbl`
 */
export function trackBox({ id, duration, width = 0, height = 0 }, table) {
  const isVideo = width > 0;
  const header = isVideo ? fullBox("vmhd", 0, 1, zeros(8)) : fullBox("smhd", 0, 0, zeros(4));
  return box(
    "trak",
    fullBox(
      "tkhd", 0, 3, zeros(8), number(id, 4), zeros(4), number(duration, 4), zeros(8), zeros(4), isVideo ? zeros(2) : [1, 0], zeros(2), MATRIX,
      number(width * 0x10000, 4), number(height * 0x10000, 4),
    ),
    box(
      "mdia",
      fullBox("mdhd", 0, 0, zeros(8), number(TIMESCALE, 4), number(duration, 4), [0x55, 0xc4, 0, 0]),
      fullBox("hdlr", 0, 0, zeros(4), isVideo ? [0x76, 0x69, 0x64, 0x65] : [0x73, 0x6f, 0x75, 0x6e], zeros(13)),
      box("minf", header, box("dinf", fullBox("dref", 0, 0, number(1, 4), fullBox("url ", 0, 1))), table),
    ),
  );
}
