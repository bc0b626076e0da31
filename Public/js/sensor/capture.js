// @ts-check
// What becomes of one camera and microphone while they run: encoded for clips and live, judged for motion and sound. All of it happens in
// `capture-worker.js`; here its sources are connected and its results handed on.

import { emit, on } from "../lib/events.js";
import { canTapSound, SoundTap } from "./sound-tap.js";
import { MediaEncoder, videoConfiguration } from "./encoder.js";
import { drawnLuma } from "./frame-luma.js";
import { pageNow } from "./page-clock.js";
import { RecorderEncoder } from "./recorder.js";

const LUMA_MS = 100;
/** As many pictures may be on their way to the worker where they are sent one by one. */
const MAXIMUM_SENT = 3;
/** What the encoder still holds is waited for so long. */
const LAST_PICTURE_MS = 1000;
/** So many pictures may wait for the worker before one is lost. */
const PICTURES_HELD = 4;

/** @param {MediaStreamTrack|undefined} track @param {Record<string, unknown>} [options] @returns {ReadableStream|null} what comes from a track */
function readableOf(track, options = {}) {
  // @ts-ignore: not in TypeScript's DOM types yet
  return track && "MediaStreamTrackProcessor" in globalThis ? new MediaStreamTrackProcessor({ track, ...options }).readable : null;
}

/**
 * Events: `chunk` {chunk}, `configuration` {track}, `motion` (a result of the engine, with `at`), `sound` (likewise), `stats`,
 * `deaf` {hasMicrophone}: sound is wanted, though there is none to judge, `failed` {part, reason}: it cannot go on.
 */
export class Capture extends EventTarget {
  /** @type {MediaEncoder|RecorderEncoder} */ encoder;
  /** Where the sound comes from that is judged; `null`: from nowhere. @type {"track"|"worklet"|null} */ hearing = null;
  /** When the last picture came, on the page's clock. */
  pictureAt = pageNow();
  /** Whether the encoder itself failed, so that another is to be tried. */
  hasEncoderFailed = false;
  #worker = new Worker(new URL("./capture-worker.js", import.meta.url), { type: "module" });
  #ended = new AbortController();
  #sent = 0;

  /**
   * @param {MediaStream} stream
   * @param {HTMLVideoElement} video shows it
   * @param {import("../state/settings.js").Settings} settings
   * @param {VideoEncoderConfig|null} configuration of the encoder; `null`: a recorder takes its place
   */
  constructor(stream, video, settings, configuration) {
    super();
    this.stream = stream;
    this.video = video;
    this.settings = settings;
    this.configuration = configuration;
    const hasSound = "AudioEncoder" in globalThis && stream.getAudioTracks().length > 0;
    this.encoder = configuration
      ? new MediaEncoder(() => this.#post({ type: "keyframe" }), hasSound) : new RecorderEncoder(stream, settings.capture.quality);
  }

  /**
   * @param {MediaStream} stream @param {HTMLVideoElement} video @param {import("../state/settings.js").Settings} settings
   * @param {number} failures of encoders before
   */
  static async of(stream, video, settings, failures) {
    const [track] = stream.getVideoTracks();
    const configuration = await videoConfiguration(track.getSettings(), failures);
    // A recorder is late, but it has sound.
    const hasSound = stream.getAudioTracks().length === 0 || "AudioEncoder" in globalThis;
    return new Capture(stream, video, settings, hasSound || !("MediaRecorder" in globalThis) ? configuration : null);
  }

  async start() {
    const worker = this.#worker;
    worker.onmessage = ({ data }) => this.#message(data);
    worker.onerror = ({ message }) => this.#failed("video", message || "the worker did not start");
    const { configuration, settings } = this;
    const { motion, sound, capture } = settings;
    const encodesSound = configuration !== null && "AudioEncoder" in globalThis;
    this.#post({ type: "start", origin: performance.timeOrigin, video: configuration, quality: capture.quality, encodesSound, motion, sound });
    if (this.encoder instanceof RecorderEncoder) await this.#record(this.encoder);
    await Promise.all([this.#see(), this.#hear()]);
  }

  /** Ends the tracks. What was recorded is handed on; afterwards nothing comes. */
  async stop() {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    if (this.encoder instanceof RecorderEncoder) await this.encoder.stop();
    this.stream.getTracks().forEach((track) => track.stop());
    const last = new Promise((resolve) => this.addEventListener("stopped", resolve, { once: true }));
    this.#post({ type: "stop" });
    await Promise.race([last, new Promise((resolve) => setTimeout(resolve, LAST_PICTURE_MS))]);
    this.#worker.terminate();
  }

  /** @param {import("../state/settings.js").Settings["capture"]["quality"]} quality @returns {boolean} whether it can be changed on the way */
  setQuality(quality) {
    if (this.encoder instanceof RecorderEncoder) return false;
    this.#post({ type: "quality", quality });
    return true;
  }

  /** @param {"motion"|"sound"} part @param {import("../state/settings.js").Settings} settings */
  set(part, settings) {
    this.#post({ type: part, settings: settings[part] });
  }

  relearn() {
    this.#post({ type: "relearn" });
  }

  /** @param {RecorderEncoder} recorder */
  async #record(recorder) {
    on(recorder, "chunk", (detail) => this.#emit("chunk", detail));
    on(recorder, "configuration", (detail) => this.#emit("configuration", detail));
    on(recorder, "ended", ({ reason }) => this.#failed("video", reason));
    await recorder.start();
  }

  #see() {
    const [track] = this.stream.getVideoTracks();
    const readable = readableOf(track, { maxBufferSize: PICTURES_HELD });
    if (readable) this.#post({ type: "pictures", readable }, [readable]);
    else if (this.configuration) this.#sendPictures(track);
    else this.#sendLuma();
  }

  async #hear() {
    const [track] = this.stream.getAudioTracks();
    const readable = readableOf(track);
    if (readable) {
      this.hearing = "track";
      this.#post({ type: "samples", readable }, [readable]);
    } else if (track && canTapSound()) {
      const tap = new SoundTap();
      this.#ended.signal.addEventListener("abort", () => tap.stop());
      const port = await tap.start(track).catch(() => null);
      if (port) {
        this.hearing = "worklet";
        this.#post({ type: "blocks", port }, [port]);
      }
    }
    if (!this.hearing && this.settings.capture.audio) this.#emit("deaf", { hasMicrophone: track !== undefined });
  }

  /** The pictures of the element that shows them; this stops while the page is hidden. @param {MediaStreamTrack} track */
  #sendPictures(track) {
    const { video } = this;
    const next = () => video.requestVideoFrameCallback((now) => {
      if (this.#ended.signal.aborted || track.readyState !== "live") return;
      if (this.#sent < MAXIMUM_SENT) {
        this.#sent++;
        const frame = new VideoFrame(video, { timestamp: Math.round(now * 1000) });
        this.#post({ type: "picture", frame }, [frame]);
      }
      next();
    });
    next();
  }

  #sendLuma() {
    const { video } = this;
    const timer = setInterval(() => {
      if (video.readyState < 2) return;
      const luma = drawnLuma(video);
      this.#post({ type: "luma", luma, width: video.videoWidth, height: video.videoHeight }, [luma.buffer]);
    }, LUMA_MS);
    this.#ended.signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** @param {any} message */
  #message({ type, ...detail }) {
    if (type === "taken") this.#sent--;
    else if (type === "failed") this.#failed(detail.part, detail.reason);
    else if (type === "motion" || type === "sound") this.#emit(type, detail.result);
    else if (type === "stats") this.#stats(detail);
    else if (type !== "configuration") this.#emit(type, detail);
    else if (this.encoder instanceof MediaEncoder && this.encoder.configured(detail.track, detail.json)) this.#emit(type, { track: detail.track });
  }

  /** @param {any} stats */
  #stats(stats) {
    // Drawn pictures go on though the camera does not.
    if (this.configuration) this.pictureAt = Math.max(this.pictureAt, stats.frameAt);
    this.#emit("stats", stats);
  }

  /** @param {"video"|"audio"|"motion"|"sound"} part @param {string} reason */
  #failed(part, reason) {
    // A camera without sound goes on; one that sees nothing must say so.
    if (this.#ended.signal.aborted || part === "audio" || part === "sound") return;
    if (part === "video" && this.configuration && this.stream.getVideoTracks()[0].readyState === "live") this.hasEncoderFailed = true;
    this.#emit("failed", { part, reason });
  }

  /** @param {Record<string, unknown>} message @param {Transferable[]} [transfer] */
  #post(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** @param {string} type @param {any} detail */
  #emit(type, detail) {
    if (type === "chunk" && detail.chunk.track === 0) this.pictureAt = pageNow();
    emit(this, type, detail);
  }
}
