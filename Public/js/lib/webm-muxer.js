// @ts-check
// VP8 and VP9 access units as WebM (RFC 9559), one Cluster a picture, for browsers that can only play files.

import { ascii, concat, element, number } from "./bytes.js";
import { videoTrack, webMHeader } from "./webm-elements.js";

export class WebMMuxer {
  /** @param {{codec: string, width: number, height: number}} configuration as its frame has it */
  constructor(configuration) {
    const { codec } = configuration;
    const entry = videoTrack(configuration);
    this.mime = `video/webm;codecs="${codec.startsWith("vp09") ? codec : "vp8"}"`;
    this.init = concat(
      webMHeader(),
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
