// @ts-check
// What all our WebM files have in common (RFC 9559).

import { ascii, concat, element, fromBase64, number } from "./bytes.js";

/** The file's head, before its Segment. */
export const webMHeader = () => element(
  [0x1a, 0x45, 0xdf, 0xa3],
  element([0x42, 0x86], [1]), element([0x42, 0xf7], [1]), element([0x42, 0xf2], [4]), element([0x42, 0xf3], [8]),
  element([0x42, 0x82], ascii("webm")), element([0x42, 0x87], [4]), element([0x42, 0x85], [2]),
);

/** @param {number} id @param {number} type 1 video, 2 sound @param {string} codec @param {(Uint8Array|number[])[]} rest */
const trackEntry = (id, type, codec, ...rest) =>
  element([0xae], element([0xd7], [id]), element([0x73, 0xc5], [id]), element([0x83], [type]), element([0x86], ascii(codec)), ...rest);

/** @param {{codec: string, width: number, height: number}} configuration as its frame has it */
export function videoTrack({ codec, width, height }) {
  const isVP9 = codec.startsWith("vp09");
  if (!isVP9 && codec !== "vp8" && !codec.startsWith("vp08")) throw new TypeError(`${codec} cannot be put into WebM here`);
  return trackEntry(1, 1, isVP9 ? "V_VP9" : "V_VP8", element([0xe0], element([0xb0], number(width, 2)), element([0xba], number(height, 2))));
}

/** Opus. @param {Record<string, any>} configuration as its frame has it */
export function soundTrack({ sample_rate: rate = 48_000, channels = 1, description }) {
  const littleEndian = (/** @type {number} */ value, /** @type {number} */ count) => number(value, count).reverse();
  const head = description ? fromBase64(description) : concat(ascii("OpusHead"), [1, channels], littleEndian(312, 2), littleEndian(rate, 4), [0, 0, 0]);
  const frequency = new Uint8Array(8);
  new DataView(frequency.buffer).setFloat64(0, 48_000);
  return trackEntry(
    2, 2, "A_OPUS", element([0x63, 0xa2], head), element([0x56, 0xaa], number(6_500_000, 4)), element([0x56, 0xbb], number(80_000_000, 4)),
    element([0xe1], element([0xb5], frequency), element([0x9f], [channels])),
  );
}
