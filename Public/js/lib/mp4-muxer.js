// @ts-check
// H.264 access units as fragmented MP4 (ISO/IEC 14496-12 and -15), one fragment a picture, for browsers that can only play files.

import { box, concat, fullBox, number } from "./bytes.js";
import { movieHeader, trackBox, videoEntry, zeros } from "./mp4-boxes.js";

const KEY_SAMPLE = 0x2000000, DELTA_SAMPLE = 0x1010000;

export class Mp4Muxer {
  #sequence = 0;

  /** @param {{codec: string, width: number, height: number, description?: string}} configuration as its frame has it */
  constructor(configuration) {
    this.mime = `video/mp4;codecs="${configuration.codec}"`;
    this.init = initOf(configuration);
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

/** @param {{codec: string, width: number, height: number, description?: string}} configuration */
function initOf(configuration) {
  const table = box(
    "stbl",
    fullBox("stsd", 0, 0, number(1, 4), videoEntry(configuration)),
    fullBox("stts", 0, 0, zeros(4)), fullBox("stsc", 0, 0, zeros(4)), fullBox("stsz", 0, 0, zeros(8)), fullBox("stco", 0, 0, zeros(4)),
  );
  const { width, height } = configuration;
  return concat(
    box("ftyp", [0x69, 0x73, 0x6f, 0x35], zeros(4), [0x69, 0x73, 0x6f, 0x35, 0x6d, 0x70, 0x34, 0x31]),
    box("moov", movieHeader(0, 2), trackBox({ id: 1, duration: 0, width, height }, table), box("mvex", fullBox("trex", 0, 0, number(1, 4), number(1, 4), zeros(12)))),
  );
}
