// @ts-check
// Encodes sound as Opus.

import { TRACK } from "../net/frame.js";
import { base64 } from "../lib/bytes.js";
import { TrackClock } from "./page-clock.js";
import { chunkOf } from "./video-coder.js";

const BITS_A_CHANNEL = 32_000;
const USUAL_DURATION_US = 20_000;

export class AudioCoder {
  #isConfigured = false;
  /** @type {AudioEncoder|null} */ #encoder = null;
  /** @type {TrackClock} */ #clock;

  /** @param {{origin: number}} options @param {import("./video-coder.js").Coder} coder */
  constructor({ origin }, coder) {
    this.coder = coder;
    this.#clock = new TrackClock(origin);
  }

  /** The caller closes it. @param {AudioData} data */
  encode(data) {
    this.#clock.see(data.timestamp);
    this.#encoder ??= this.#begin(data.sampleRate, Math.min(data.numberOfChannels, 2));
    if (this.#encoder.state === "configured") this.#encoder.encode(data);
  }

  async finish() {
    if (this.#encoder?.state !== "configured") return;
    await this.#encoder.flush().catch(() => {});
    if (this.#encoder.state === "configured") this.#encoder.close();
  }

  /** @param {number} sampleRate @param {number} channels */
  #begin(sampleRate, channels) {
    const encoder = new AudioEncoder({
      output: (chunk, metadata) => {
        const decoder = metadata?.decoderConfig;
        if (decoder || !this.#isConfigured) {
          this.#isConfigured = true;
          this.coder.onConfiguration(TRACK.audio, {
            codec: "opus",
            sample_rate: decoder?.sampleRate ?? sampleRate,
            channels: decoder?.numberOfChannels ?? channels,
            ...(decoder?.description ? { description: base64(decoder.description) } : {}),
          });
        }
        this.coder.onChunk(chunkOf(TRACK.audio, chunk, this.#clock, USUAL_DURATION_US));
      },
      error: (error) => this.coder.onError(error),
    });
    encoder.configure({ codec: "opus", sampleRate, numberOfChannels: channels, bitrate: BITS_A_CHANNEL * channels });
    return encoder;
  }
}
