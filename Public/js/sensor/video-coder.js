// @ts-check
// Encodes pictures one by one, and drops those that the device is too slow for.

import { TRACK } from "../net/frame.js";
import { bitRate } from "../state/settings.js";
import { base64 } from "../lib/bytes.js";
import { TrackClock } from "./page-clock.js";

/** @typedef {import("../lib/ring.js").Chunk} Chunk */

const KEYFRAME_INTERVAL_US = 2_000_000;
/** More pictures than this in the encoder's queue: the device is too slow for all, and late pictures help nobody. */
const MAXIMUM_QUEUE = 4;

/**
 * @typedef {object} Coder what an encoder tells
 * @property {(chunk: Chunk) => void} onChunk
 * @property {(track: number, json: Record<string, unknown>) => void} onConfiguration
 * @property {(error: Error) => void} onError
 */

export class VideoCoder {
  /** Pictures that came, that were left out, and that were encoded. */
  counts = { in: 0, dropped: 0, out: 0 };
  /** The longest that a picture was in the encoder since this was last asked, ms. */
  #lag = 0;
  /** When each picture was given to the encoder, by its timestamp. @type {Map<number, number>} */
  #begun = new Map();
  /** When the last picture came. */
  #cameAt = 0;
  #isKeyframeWanted = true;
  #lastKeyframe = -Infinity;
  /** @type {TrackClock} */ #clock;
  /** @type {VideoEncoder} */ #encoder;

  /**
   * @param {VideoEncoderConfig} configuration
   * @param {{origin: number, quality: import("../state/settings.js").Settings["capture"]["quality"]}} options
   * @param {Coder} coder
   */
  constructor(configuration, { origin, quality }, coder) {
    this.configuration = { ...configuration, bitrate: bitRate(configuration.width, configuration.height, quality) };
    this.quality = quality;
    this.coder = coder;
    this.#clock = new TrackClock(origin);
    this.#encoder = new VideoEncoder({
      output: (chunk, metadata) => this.#output(chunk, metadata),
      error: (error) => coder.onError(error),
    });
    this.#encoder.configure(this.configuration);
  }

  /** The caller closes it. @param {VideoFrame} frame */
  encode(frame) {
    this.counts.in++;
    this.#cameAt = performance.now();
    this.#clock.see(frame.timestamp);
    if (this.#encoder.state !== "configured") return;
    if (this.#encoder.encodeQueueSize > MAXIMUM_QUEUE) {
      this.counts.dropped++;
      return;
    }
    const { width, height } = evenSize(frame);
    // A phone was turned: pictures of the old shape would be squeezed.
    if (width !== this.configuration.width || height !== this.configuration.height) this.#configure({ width, height });
    const keyFrame = this.#isKeyframeWanted || frame.timestamp - this.#lastKeyframe >= KEYFRAME_INTERVAL_US;
    if (keyFrame) {
      this.#isKeyframeWanted = false;
      this.#lastKeyframe = frame.timestamp;
    }
    this.#begun.set(frame.timestamp, this.#cameAt);
    this.#encoder.encode(frame, { keyFrame });
  }

  /** The next picture becomes a keyframe. */
  forceKeyframe() {
    this.#isKeyframeWanted = true;
  }

  /** @param {import("../state/settings.js").Settings["capture"]["quality"]} quality */
  setQuality(quality) {
    this.quality = quality;
    this.#configure({});
  }

  /** Pictures that wait in the encoder. */
  get queue() {
    return this.#encoder.state === "configured" ? this.#encoder.encodeQueueSize : 0;
  }

  /**
   * The longest way of a picture through the encoder since this was last asked, ms. One that has not come out counts as far as others came after
   * it: some encoders keep the last.
   */
  takeLag() {
    const [oldest = this.#cameAt] = this.#begun.values();
    const lag = Math.max(this.#lag, this.#cameAt - oldest);
    this.#lag = 0;
    return lag;
  }

  /** Hands on what is still in the encoder, and ends it. */
  async finish() {
    if (this.#encoder.state !== "configured") return;
    await this.#encoder.flush().catch(() => {});
    if (this.#encoder.state === "configured") this.#encoder.close();
  }

  /** @param {{width?: number, height?: number}} size */
  #configure(size) {
    const configuration = { ...this.configuration, ...size };
    configuration.bitrate = bitRate(configuration.width, configuration.height, this.quality);
    this.configuration = configuration;
    if (this.#encoder.state !== "configured") return;
    this.#encoder.configure(configuration);
    this.#isKeyframeWanted = true;
  }

  /** @param {EncodedVideoChunk} encoded @param {EncodedVideoChunkMetadata} [metadata] */
  #output(encoded, metadata) {
    this.counts.out++;
    const begun = this.#begun.get(encoded.timestamp);
    // Those before it that did not come out never will.
    for (const timestamp of this.#begun.keys()) if (timestamp <= encoded.timestamp) this.#begun.delete(timestamp);
    if (begun !== undefined) this.#lag = Math.max(this.#lag, performance.now() - begun);
    const { width, height, framerate } = this.configuration;
    const decoder = metadata?.decoderConfig;
    if (decoder) {
      this.coder.onConfiguration(TRACK.video, {
        codec: decoder.codec,
        width: decoder.codedWidth ?? width,
        height: decoder.codedHeight ?? height,
        ...(decoder.description ? { description: base64(decoder.description) } : {}),
      });
    }
    this.coder.onChunk(chunkOf(TRACK.video, encoded, this.#clock, Math.round(1e6 / (framerate ?? 30))));
  }
}

/**
 * @param {number} track @param {EncodedVideoChunk|EncodedAudioChunk} encoded @param {TrackClock} clock @param {number} usual duration, µs
 * @returns {Chunk}
 */
export function chunkOf(track, encoded, clock, usual) {
  const data = new Uint8Array(encoded.byteLength);
  encoded.copyTo(data);
  return { track, key: encoded.type === "key", timestamp: clock.common(encoded.timestamp), duration: encoded.duration || usual, data };
}

/** H.264 takes even sizes only. @param {VideoFrame} frame */
const evenSize = ({ displayWidth, displayHeight }) => ({ width: displayWidth - (displayWidth % 2), height: displayHeight - (displayHeight % 2) });
