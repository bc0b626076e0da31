// @ts-check
// Encodes camera and microphone once; ring buffer, clip and live stream share what comes out.

import { FLAG, KIND, TRACK } from "../net/frame.js";
import { trackFrames, videoFrames, CameraError } from "./camera.js";

/** @typedef {import("../lib/ring.js").Chunk} Chunk */

const KEYFRAME_INTERVAL_US = 2_000_000;
/** More pictures than this in the encoder's queue: the phone is too slow for all, and late pictures help nobody. */
const MAXIMUM_QUEUE = 4;
const VIDEO_CODECS = [
  { codec: "avc1.42001f", avc: { format: "avc" } },
  { codec: "vp8" },
];

/**
 * How this browser encodes pictures of a size one by one (WebCodecs); `null` where it cannot, so that a recorder must do it, somewhat later.
 * @param {{width?: number, height?: number, frameRate?: number}} [settings] of the camera's track
 * @returns {Promise<VideoEncoderConfig|null>}
 */
export async function videoConfiguration({ width = 640, height = 480, frameRate } = {}) {
  if (!("VideoEncoder" in globalThis)) return null;
  for (const codec of VIDEO_CODECS) {
    // Some sources say 0 for "as it comes".
    /** @type {VideoEncoderConfig} */
    const configuration = { width, height, framerate: frameRate || 30, bitrate: bitRate(width, height), ...codec, latencyMode: "realtime" };
    const answer = await VideoEncoder.isConfigSupported(configuration).catch(() => null);
    if (answer?.supported) return configuration;
  }
  return null;
}

/** Events: `chunk` {chunk}, `configuration` {track}, `ended` (the camera stopped by itself). */
export class MediaEncoder extends EventTarget {
  liveKind = KIND.live;
  /** What a live stream begins with: nothing of before, as the next picture becomes a keyframe. @type {Chunk[]} */
  group = [];
  /** Codec configuration per track, as its frame carries it. @type {Map<number, Record<string, unknown>>} */
  configurations = new Map();
  #abort = new AbortController();
  #isKeyframeWanted = true;
  #lastKeyframe = -Infinity;

  /** @param {MediaStream} stream @param {HTMLVideoElement} video */
  constructor(stream, video) {
    super();
    this.stream = stream;
    this.video = video;
  }

  async start() {
    const [track] = this.stream.getVideoTracks();
    const configuration = await videoConfiguration(track.getSettings());
    if (!configuration) throw new CameraError("This browser has no video encoder for H.264 or VP8.", "Use a current Chrome, Edge or Safari.");
    this.#run(this.#encodeVideo(track, configuration));
    const [sound] = this.stream.getAudioTracks();
    if (sound && "AudioEncoder" in globalThis && "MediaStreamTrackProcessor" in globalThis) this.#run(this.#encodeAudio(sound));
  }

  stop() {
    this.#abort.abort();
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

  /** The next picture becomes a keyframe. */
  forceKeyframe() {
    this.#isKeyframeWanted = true;
  }

  /** @param {Promise<void>} work */
  #run(work) {
    work.catch((error) => {
      if (!this.#abort.signal.aborted) this.dispatchEvent(new CustomEvent("ended", { detail: { reason: String(error?.message ?? error) } }));
    });
  }

  /** @param {MediaStreamTrack} track @param {VideoEncoderConfig} wanted */
  async #encodeVideo(track, wanted) {
    const clock = new TrackClock();
    let configuration = wanted;
    const encoder = new VideoEncoder({
      output: (chunk, metadata) => this.#videoChunk(chunk, metadata, clock, configuration),
      error: (error) => this.#run(Promise.reject(error)),
    });
    encoder.configure(configuration);
    for await (const frame of videoFrames(track, this.video, this.#abort.signal)) {
      try {
        clock.see(frame.timestamp);
        if (encoder.encodeQueueSize > MAXIMUM_QUEUE) continue;
        const { width, height } = evenSize(frame);
        if (width !== configuration.width || height !== configuration.height) {
          // A phone was turned: pictures of the old shape would be squeezed.
          configuration = { ...configuration, width, height, bitrate: bitRate(width, height) };
          encoder.configure(configuration);
          this.#isKeyframeWanted = true;
        }
        const keyFrame = this.#isKeyframeWanted || frame.timestamp - this.#lastKeyframe >= KEYFRAME_INTERVAL_US;
        if (keyFrame) {
          this.#isKeyframeWanted = false;
          this.#lastKeyframe = frame.timestamp;
        }
        encoder.encode(frame, { keyFrame });
      } finally {
        frame.close();
      }
    }
    encoder.close();
    if (!this.#abort.signal.aborted) throw new Error("The camera stopped.");
  }

  /** @param {EncodedVideoChunk} chunk @param {any} metadata @param {TrackClock} clock @param {VideoEncoderConfig} wanted */
  #videoChunk(chunk, metadata, clock, wanted) {
    const decoder = metadata?.decoderConfig;
    if (decoder) {
      this.#configure(TRACK.video, {
        codec: decoder.codec,
        width: decoder.codedWidth ?? wanted.width,
        height: decoder.codedHeight ?? wanted.height,
        ...(decoder.description ? { description: base64(decoder.description) } : {}),
      });
    }
    this.#chunk(TRACK.video, chunk, clock, Math.round(1e6 / (wanted.framerate ?? 30)));
  }

  /** @param {MediaStreamTrack} track */
  async #encodeAudio(track) {
    const clock = new TrackClock();
    /** @type {AudioEncoder|null} */
    let encoder = null;
    for await (const data of trackFrames(track, this.#abort.signal)) {
      try {
        clock.see(data.timestamp);
        if (!encoder) {
          const channels = Math.min(data.numberOfChannels, 2);
          encoder = new AudioEncoder({
            output: (chunk, metadata) => this.#audioChunk(chunk, metadata, clock, data.sampleRate, channels),
            // A camera without sound goes on.
            error: () => {},
          });
          encoder.configure({ codec: "opus", sampleRate: data.sampleRate, numberOfChannels: channels, bitrate: 32_000 * channels });
        }
        if (encoder.state === "configured") encoder.encode(data);
      } finally {
        data.close();
      }
    }
    if (encoder && encoder.state === "configured") encoder.close();
  }

  /** @param {EncodedAudioChunk} chunk @param {any} metadata @param {TrackClock} clock @param {number} sampleRate @param {number} channels */
  #audioChunk(chunk, metadata, clock, sampleRate, channels) {
    const decoder = metadata?.decoderConfig;
    if (decoder || !this.configurations.has(TRACK.audio)) {
      this.#configure(TRACK.audio, {
        codec: "opus",
        sample_rate: decoder?.sampleRate ?? sampleRate,
        channels: decoder?.numberOfChannels ?? channels,
        ...(decoder?.description ? { description: base64(decoder.description) } : {}),
      });
    }
    this.#chunk(TRACK.audio, chunk, clock, 20_000);
  }

  /** @param {number} track @param {Record<string, unknown>} json */
  #configure(track, json) {
    if (JSON.stringify(this.configurations.get(track)) === JSON.stringify(json)) return;
    this.configurations.set(track, json);
    this.dispatchEvent(new CustomEvent("configuration", { detail: { track } }));
  }

  /** @param {number} track @param {EncodedVideoChunk|EncodedAudioChunk} encoded @param {TrackClock} clock @param {number} usual */
  #chunk(track, encoded, clock, usual) {
    const data = new Uint8Array(encoded.byteLength);
    encoded.copyTo(data);
    /** @type {Chunk} */
    const chunk = {
      track,
      key: encoded.type === "key",
      timestamp: clock.common(encoded.timestamp),
      duration: encoded.duration || usual,
      data,
    };
    this.dispatchEvent(new CustomEvent("chunk", { detail: { chunk } }));
  }
}

/**
 * Each track counts its time from a zero of its own. Here both are brought to the page's clock (µs since `performance.timeOrigin`) by the
 * arrival of the first frame; later corrections would break the order of frames.
 */
class TrackClock {
  /** @type {number|null} */
  #offset = null;

  /** @param {number} timestamp µs */
  see(timestamp) {
    this.#offset ??= performance.now() * 1000 - timestamp;
  }

  /** @param {number} timestamp µs */
  common(timestamp) {
    return Math.max(0, Math.round(timestamp + (this.#offset ?? 0)));
  }
}

/** A time on the page's clock, as milliseconds since 1970 when the page was opened. @param {number} timestamp µs */
export const pageTime = (timestamp) => performance.timeOrigin + timestamp / 1000;

/** Now on that clock. `Date.now()` may be set at any time, also while a clip is recorded. */
export const pageNow = () => performance.timeOrigin + performance.now();

/** H.264 takes even sizes only. @param {VideoFrame} frame */
const evenSize = ({ displayWidth, displayHeight }) => ({ width: displayWidth - (displayWidth % 2), height: displayHeight - (displayHeight % 2) });

/** Bits a second that look good at a size. @param {number} width @param {number} height */
export const bitRate = (width, height) => Math.round(Math.min(Math.max(width * height * 4, 400_000), 4_000_000));

/** @param {BufferSource} source */
function base64(source) {
  const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  return btoa(String.fromCharCode(...bytes));
}
