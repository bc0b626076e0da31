// @ts-check
// VP8 and VP9 access units as WebM (RFC 9559), one Cluster a picture, for browsers that can only play files.

import { ascii, concat, element, number } from "./bytes.js";

export class WebMMuxer {
  /** @param {{codec: string, width: number, height: number}} configuration as its frame has it */
  constructor({ codec, width, height }) {
    const isVP9 = codec.startsWith("vp09");
    if (!isVP9 && codec !== "vp8" && !codec.startsWith("vp08")) throw new TypeError(`${codec} cannot be put into WebM here`);
    this.mime = `video/webm;codecs="${isVP9 ? codec : "vp8"}"`;
    const size = element([0xe0], element([0xb0], number(width, 2)), element([0xba], number(height, 2)));
    const entry = element([0xae], element([0xd7], [1]), element([0x73, 0xc5], [1]), element([0x83], [1]), element([0x86], ascii(isVP9 ? "V_VP9" : "V_VP8")), size);
    this.init = concat(
      element(
        [0x1a, 0x45, 0xdf, 0xa3],
        element([0x42, 0x86], [1]), element([0x42, 0xf7], [1]), element([0x42, 0xf2], [4]), element([0x42, 0xf3], [8]),
        element([0x42, 0x82], ascii("webm")), element([0x42, 0x87], [4]), element([0x42, 0x85], [2]),
      ),
      // Of unknown size.
      [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], number(1_000_000, 3)), element([0x4d, 0x80], ascii("Ping Watch")), element([0x57, 0x41], ascii("Ping Watch"))),
      element([0x16, 0x54, 0xae, 0x6b], entry),
    );
  }

  /** @param {{key: boolean, timestamp: number, duration: number, payload: Uint8Array}} unit times in µs */
  segment({ key, timestamp, duration, payload }) {
    const start = Math.round(timestamp / 1000), end = Math.round((timestamp + duration) / 1000);
    const block = element([0xa1], [0x81, 0, 0, 0], payload);
    // A group, since a simple block cannot say how long it lasts: players guess then, and drop what comes later than they guessed.
    const group = element([0xa0], block, element([0x9b], number(end - start, 4)), ...(key ? [] : [element([0xfb], [0xff])]));
    return element([0x1f, 0x43, 0xb6, 0x75], element([0xe7], number(start, 8)), group);
  }
}
