// @ts-check
// The encoder of browsers without WebCodecs: MediaRecorder's file, cut up as it is written.

import { ContainerSplitter } from "../lib/container-splitter.js";
import { KIND, TRACK } from "../net/frame.js";
import { CameraError } from "./camera.js";
import { bitRate } from "./encoder.js";

const SLICE_MS = 100;
/** Nobody can ask for a keyframe: viewers and clips begin with the last one. */
const KEYFRAME_INTERVAL_MS = 1000;
/** As long as a picture lasts where the file does not say. */
const USUAL_DURATION_US = 33_333;
/** A message of the socket has a limit. */
const MAXIMUM_CHUNK = 512 << 10;
/** Some seconds of pictures. */
const MAXIMUM_GROUP = 150;
const WEBM = [["video/webm", "vp8", "opus"], ["video/webm", "vp9", "opus"]];
const MP4 = [["video/mp4", "avc1.42001f", "mp4a.40.2"], ["video/mp4", "avc1.42001f", "opus"]];

/** The first type that this browser records. @param {boolean} hasSound */
function recordedType(hasSound) {
  // WebKit encodes H.264 in hardware, other engines write an MP4 only keyframe by keyframe.
  const formats = "GestureEvent" in globalThis ? [...MP4, ...WEBM] : [...WEBM, ...MP4];
  for (const [container, video, audio] of formats) {
    const type = `${container};codecs="${hasSound ? `${video},${audio}` : video}"`;
    if (MediaRecorder.isTypeSupported(type)) return type;
  }
  throw new CameraError("This browser records neither WebM nor MP4.", "Use a current Chrome, Edge, Safari or Firefox.");
}

/** Events as of `MediaEncoder`: `chunk` {chunk}, which is a piece of the file with pictures and sound, `configuration` {track}, `ended` {reason}. */
export class RecorderEncoder extends EventTarget {
  liveKind = KIND.liveBytes;
  /** What came since the last keyframe: who begins to watch need not wait for the next. @type {import("../lib/ring.js").Chunk[]} */
  group = [];
  /** @type {MediaRecorder|null} */ #recorder = null;
  /** @type {Uint8Array|null} */ #beginning = null;
  #type = "";
  #splitter = new ContainerSplitter();
  /** What was recorded, one after another: reading it takes a while. */
  #work = Promise.resolve();
  /** From the file's clock to the page's, µs. @type {number|null} */
  #offset = null;
  #isStopped = false;

  /** @param {MediaStream} stream */
  constructor(stream) {
    super();
    this.stream = stream;
  }

  async start() {
    const { width = 640, height = 480 } = this.stream.getVideoTracks()[0].getSettings();
    this.#type = recordedType(this.stream.getAudioTracks().length > 0);
    const recorder = new MediaRecorder(this.stream, {
      mimeType: this.#type,
      videoBitsPerSecond: bitRate(width, height),
      audioBitsPerSecond: 32_000,
      // @ts-ignore: not in TypeScript's DOM types yet
      videoKeyFrameIntervalDuration: KEYFRAME_INTERVAL_MS,
    });
    this.#recorder = recorder;
    recorder.ondataavailable = ({ data }) => {
      const at = performance.now();
      this.#work = this.#work.then(async () => this.#take(new Uint8Array(await data.arrayBuffer()), at)).catch((error) => this.#ended(error.message));
    };
    recorder.onerror = (/** @type {any} */ { error }) => this.#ended(error?.message ?? "The recorder failed.");
    recorder.onstop = () => this.#ended("The camera stopped.");
    recorder.start(SLICE_MS);
  }

  stop() {
    this.#isStopped = true;
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  /** A recorder brings them by itself. */
  forceKeyframe() {}

  /** What `clip.open` is told. */
  get tracks() {
    return [{ track: TRACK.video, kind: "container", codec: this.#type }];
  }

  /** @returns {{track: number, payload: Uint8Array}[]} */
  get beginnings() {
    return this.#beginning ? [{ track: TRACK.video, payload: this.#beginning }] : [];
  }

  /** @param {number} timestamp µs @returns {import("../lib/upload.js").ClipFrame[]} */
  clipBeginning(timestamp) {
    return this.beginnings.map((beginning) => ({ ...beginning, flags: 0, timestamp, duration: 0 }));
  }

  /** @param {Uint8Array} bytes @param {number} at when they came, ms */
  #take(bytes, at) {
    if (this.#isStopped) return;
    const pieces = this.#splitter.push(bytes);
    const last = pieces.findLast(({ type }) => type === "segment");
    // The last picture of the first slice was taken just before the slice came.
    if (this.#offset === null && last?.type === "segment") this.#offset = at * 1000 - last.timestamp;
    for (const piece of pieces) {
      if (piece.type === "init") {
        this.#beginning = piece.bytes;
        this.group = [];
        this.dispatchEvent(new CustomEvent("configuration", { detail: { track: TRACK.video } }));
      } else {
        const timestamp = Math.max(0, Math.round(piece.timestamp + (this.#offset ?? 0)));
        const duration = piece.duration || USUAL_DURATION_US;
        for (let start = 0; start < piece.bytes.length; start += MAXIMUM_CHUNK) {
          const data = piece.bytes.subarray(start, start + MAXIMUM_CHUNK);
          const chunk = { track: TRACK.video, key: piece.key && start === 0, continues: start > 0, timestamp, duration, data };
          if (chunk.key) this.group = [];
          if (chunk.key || this.group.length) this.group.push(chunk);
          this.dispatchEvent(new CustomEvent("chunk", { detail: { chunk } }));
        }
        // A recorder that makes keyframes rarely: what it began with is long past.
        if (this.group.length > MAXIMUM_GROUP) this.group = [];
      }
    }
  }

  /** @param {string} reason */
  #ended(reason) {
    if (this.#isStopped) return;
    this.stop();
    this.dispatchEvent(new CustomEvent("ended", { detail: { reason } }));
  }
}
