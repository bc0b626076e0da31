// @ts-check
// What the capture worker encodes, as clips and the live stream take it.

import { FLAG, KIND, TRACK } from "../net/frame.js";

/** Hardware first, where the browser says that it has it: an old phone's battery lasts for it. */
const VIDEO_CODECS = [{ codec: "avc1.42001f", avc: { format: "avc" } }, { codec: "vp8" }];
const HARDWARE = /** @type {const} */ (["prefer-hardware", "no-preference"]);
/** By the codec's level 3.1, which old phones decode. Larger pictures need a higher one. */
const LEVEL_31_PIXELS = 1280 * 720;

/**
 * How this browser encodes pictures of a size one by one (WebCodecs); `null` where it cannot, so that a recorder must do it, somewhat later.
 * @param {{width?: number, height?: number, frameRate?: number}} [settings] of the camera's track
 * @param {number} [failures] so many ways were tried, and failed
 * @returns {Promise<VideoEncoderConfig|null>}
 */
export async function videoConfiguration({ width = 640, height = 480, frameRate } = {}, failures = 0) {
  if (!("VideoEncoder" in globalThis)) return null;
  let skipped = 0;
  for (const { codec, ...format } of VIDEO_CODECS) {
    for (const hardwareAcceleration of HARDWARE) {
      /** @type {VideoEncoderConfig} */
      const configuration = {
        // Some sources say 0 for "as it comes".
        width, height, framerate: frameRate || 30, latencyMode: "realtime", hardwareAcceleration, ...format,
        codec: codec === "avc1.42001f" && width * height > LEVEL_31_PIXELS ? "avc1.420028" : codec,
      };
      const answer = await VideoEncoder.isConfigSupported(configuration).catch(() => null);
      if (answer?.supported && skipped++ >= failures) return configuration;
    }
  }
  return null;
}

export class MediaEncoder {
  liveKind = KIND.live;
  /** What a live stream begins with: nothing of before, as the next picture becomes a keyframe. @type {import("../lib/ring.js").Chunk[]} */
  group = [];
  /** Codec configuration per track, as its frame carries it. @type {Map<number, Record<string, unknown>>} */
  configurations = new Map();

  /** @param {() => void} forceKeyframe the next picture becomes one @param {boolean} hasSound whether there is sound to be encoded */
  constructor(forceKeyframe, hasSound) {
    this.forceKeyframe = forceKeyframe;
    this.hasSound = hasSound;
  }

  /** Whether all tracks have begun: a clip has no others than at its beginning. */
  get isComplete() {
    return this.configurations.size === (this.hasSound ? 2 : 1);
  }

  /** @param {number} track @param {Record<string, unknown>} json @returns {boolean} whether it is news */
  configured(track, json) {
    if (JSON.stringify(this.configurations.get(track)) === JSON.stringify(json)) return false;
    this.configurations.set(track, json);
    return true;
  }

  /** What `clip.open` is told of the tracks. */
  get tracks() {
    return [...this.configurations].map(([track, json]) => ({ ...json, track, kind: track === TRACK.video ? "video" : "audio" }));
  }

  /** What precedes the chunks in a live stream, per track. @returns {{track: number, payload: Uint8Array}[]} */
  get beginnings() {
    return [...this.configurations].map(([track, json]) => ({ track, payload: new TextEncoder().encode(JSON.stringify(json)) }));
  }

  /** What precedes the chunks in a clip. @param {number} timestamp µs @returns {import("../lib/upload.js").ClipFrame[]} */
  clipBeginning(timestamp) {
    return this.beginnings.map((beginning) => ({ ...beginning, flags: FLAG.configuration, timestamp, duration: 0 }));
  }
}
