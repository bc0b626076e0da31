// @ts-check
// The encoder of browsers without WebCodecs: MediaRecorder's file, cut up as it is written.

import { ContainerSplitter } from "../lib/container-splitter.js";
import { RecorderClock } from "../lib/recorder-clock.js";
import { KIND, TRACK } from "../net/frame.js";
import { CameraError } from "./camera.js";
import { bitRate } from "../state/settings.js";

const SLICE_MS = 100;
/** Nobody can ask for a keyframe: viewers and clips begin with the last one. */
const KEYFRAME_INTERVAL_MS = 1000;
/** As long as a picture lasts where the file does not say. */
const USUAL_DURATION_US = 33_333;
/** A message of the socket has a limit. */
const MAXIMUM_CHUNK = 512 << 10;
/** What is kept for who begins to watch: as much as may wait in the socket (live.js), beyond which the stream would skip it. */
const MAXIMUM_GROUP_BYTES = 1 << 20;
/** A recorder that does not end when it is told to keeps nobody waiting. */
const LAST_SLICE_MS = 2000;
const WEBM = [["video/webm", "vp8", "opus"], ["video/webm", "vp9", "opus"]];
const MP4 = [["video/mp4", "avc1.42001f", "mp4a.40.2"], ["video/mp4", "avc1.42001f", "opus"]];

/** The first type that this browser records. @param {boolean} hasSound */
function recordedType(hasSound) {
  // WebKit encodes H.264 in hardware, other engines write an MP4 only keyframe by keyframe.
  if (!("MediaRecorder" in globalThis)) throw new CameraError("This browser can neither encode nor record video.", "Use a current Chrome, Edge, Safari or Firefox.");
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
  /** Its file has all of them from the beginning. */
  isComplete = true;
  /**
   * What came since the last keyframe: who begins to watch need not wait for the next. Empty when it is too much.
   * @type {import("../lib/ring.js").Chunk[]}
   */
  group = [];
  #groupBytes = 0;
  /** @type {MediaRecorder|null} */ #recorder = null;
  /** @type {Uint8Array|null} */ #beginning = null;
  #type = "";
  #splitter = new ContainerSplitter();
  /** What was recorded, one after another: reading it takes a while. */
  #work = Promise.resolve();
  #clock = new RecorderClock();
  #isStopped = false;
  /** Resolves when the recorder has given all that it has. */
  #last = Promise.resolve();

  /** @param {MediaStream} stream @param {import("../state/settings.js").Settings["capture"]["quality"]} [quality] */
  constructor(stream, quality) {
    super();
    this.stream = stream;
    this.quality = quality;
  }

  async start() {
    const { width = 640, height = 480 } = this.stream.getVideoTracks()[0].getSettings();
    this.#type = recordedType(this.stream.getAudioTracks().length > 0);
    const recorder = new MediaRecorder(this.stream, {
      mimeType: this.#type,
      videoBitsPerSecond: bitRate(width, height, this.quality),
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
    recorder.onresume = () => { this.#work = this.#work.then(() => this.#clock.restart()); };
    this.#last = new Promise((resolve) => {
      recorder.onstop = () => {
        // Its last slice may still be read.
        this.#work = this.#work.then(() => this.#ended("The camera stopped."));
        resolve();
      };
    });
    recorder.start(SLICE_MS);
  }

  /** Resolves once all that was recorded has been handed on. */
  async stop() {
    this.#isStopped = true;
    if (!this.#recorder) return;
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    await Promise.race([this.#last, new Promise((resolve) => setTimeout(resolve, LAST_SLICE_MS))]);
    await this.#work;
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
    const pieces = this.#splitter.push(bytes);
    if (pieces.some(({ type }) => type === "init")) this.#clock.restart();
    const last = pieces.findLast(({ type }) => type === "segment");
    if (last?.type === "segment") this.#clock.slice(last.timestamp + last.duration, at * 1000);
    for (const piece of pieces) {
      if (piece.type === "init") {
        this.#beginning = piece.bytes;
        this.#regroup();
        this.dispatchEvent(new CustomEvent("configuration", { detail: { track: TRACK.video } }));
      } else {
        this.#segment(piece);
      }
    }
  }

  /** @param {import("../lib/container-splitter.js").Segment} segment */
  #segment({ bytes, key, timestamp: fileTime, duration }) {
    const timestamp = this.#clock.toPage(fileTime);
    for (let start = 0; start < bytes.length; start += MAXIMUM_CHUNK) {
      const data = bytes.subarray(start, start + MAXIMUM_CHUNK);
      const chunk = { track: TRACK.video, key: key && start === 0, continues: start > 0, timestamp, duration: duration || USUAL_DURATION_US, data };
      if (chunk.key) this.#regroup();
      if (chunk.key || this.group.length) {
        this.group.push(chunk);
        this.#groupBytes += data.length;
      }
      this.dispatchEvent(new CustomEvent("chunk", { detail: { chunk } }));
    }
    if (this.#groupBytes > MAXIMUM_GROUP_BYTES) this.#regroup();
  }

  #regroup() {
    this.group = [];
    this.#groupBytes = 0;
  }

  /** @param {string} reason */
  #ended(reason) {
    if (this.#isStopped) return;
    this.stop();
    this.dispatchEvent(new CustomEvent("ended", { detail: { reason } }));
  }
}
