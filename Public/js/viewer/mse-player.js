// @ts-check
// Plays a live stream through Media Source Extensions: what a recorder wrote, and access units where the browser has no decoder for them.

import { fromBase64 } from "../lib/bytes.js";
import { LatencyControl } from "../lib/latency.js";
import { Patience, TICK_MS } from "../lib/patience.js";
import { FLAG, KIND, TRACK } from "../net/frame.js";
import { muxed } from "./muxed.js";

/** @typedef {{kind: number, flags: number, track: number, timestamp: number, duration: number, payload: Uint8Array<ArrayBuffer>}} Frame */

/** Errors in a row, without a picture between them, after which it is given up. */
const MAXIMUM_ERRORS = 5;
/** What may wait to be appended; beyond it the picture goes on with the next keyframe. */
const MAXIMUM_STAGED = 2 << 20;
/** Of what was shown, so much is kept at most, and at least. */
const KEEP_SECONDS = 15, LEAVE_SECONDS = 5;
/** No picture so long after the first keyframe: it does not play. */
const START_SECONDS = 10;

/** Safari on phones has the managed one only. @returns {typeof MediaSource|undefined} */
const mediaSource = () => /** @type {any} */ (globalThis).ManagedMediaSource ?? globalThis.MediaSource;

/** Whether there is anything to play with. */
export const canPlayFiles = () => mediaSource() !== undefined;

export class MsePlayer {
  frames = 0;
  /** @type {MediaSource|null} */ #source = null;
  /** @type {SourceBuffer|null} */ #buffer = null;
  /** Of the source that is in use. */ #abort = new AbortController();
  /** Of the player. */ #closed = new AbortController();
  /** @type {{mime: string, init: Uint8Array, segment: (frame: Frame) => Uint8Array|null}|null} */ #format = null;
  #configuration = "";
  /** @type {Uint8Array[]} */ #staged = [];
  #stagedBytes = 0;
  #waitsForKeyframe = true;
  /** Timestamp of the first frame, from which the source counts. @type {number|null} */ #origin = null;
  #latency = new LatencyControl();
  #errors = 0;
  #start = new Patience(START_SECONDS);
  /** Runs while the first picture of a source is waited for. @type {any} */ #startTicks = null;
  /** Whether the source in use has shown a picture. */ #hasShown = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {{onPicture: () => void, wantKeyframe: () => void, onFailure: (reason: string) => void}} callbacks
   */
  constructor(video, { onPicture, wantKeyframe, onFailure }) {
    this.video = video;
    this.onPicture = onPicture;
    this.wantKeyframe = wantKeyframe;
    this.onFailure = onFailure;
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
    this.#countPictures();
  }

  /** @param {Frame} frame */
  push(frame) {
    if (this.#isClosed || frame.track !== TRACK.video) return;
    if (frame.flags & FLAG.configuration) this.#configure(frame);
    else if (this.#format) this.#media(frame);
  }

  /** Frames were left out: what follows decodes only from a keyframe on. */
  gap() {
    this.#waitsForKeyframe = true;
  }

  /** The element is left empty, so that nothing of the stream stays in memory. */
  close() {
    if (this.#isClosed) return;
    this.#closed.abort();
    this.#release();
    this.video.removeAttribute("src");
    this.video.load();
  }

  get #isClosed() {
    return this.#closed.signal.aborted;
  }

  /** @param {Frame} frame */
  #configure({ kind, payload }) {
    const text = new TextDecoder().decode(payload);
    // Who joined again hears it again.
    if (text === this.#configuration) return this.gap();
    try {
      const json = JSON.parse(text);
      this.#format = kind === KIND.liveBytes
        ? { mime: json.container, init: fromBase64(json.init), segment: (frame) => frame.payload }
        : muxed(json);
    } catch {
      return this.#giveUp("The camera sends a picture that this browser does not understand.");
    }
    this.#configuration = text;
    if (!mediaSource()?.isTypeSupported(this.#format.mime)) return this.#giveUp(`This browser cannot play the camera's picture (${this.#format.mime}).`);
    this.#errors = 0;
    this.#open();
  }

  #open() {
    const Source = mediaSource();
    if (!Source || !this.#format) return;
    this.#release();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { video } = this;
    const source = new Source();
    this.#source = source;
    this.#origin = null;
    this.#waitsForKeyframe = true;
    this.#hasShown = false;
    this.#latency = new LatencyControl({ canChangeRate: !("ManagedMediaSource" in globalThis) });
    this.#stage(this.#format.init);
    source.addEventListener("sourceopen", () => this.#opened(source, signal), { signal });
    // Only the managed one says when it wants something.
    source.addEventListener("startstreaming", () => this.#append(), { signal });
    video.addEventListener("error", () => this.#failed(), { signal });
    const url = URL.createObjectURL(source);
    video.src = url;
    signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    video.play().catch((error) => {
      if (!signal.aborted && error.name === "NotAllowedError") this.#giveUp("This browser does not let the picture play by itself. Allow it in its settings for this site.");
    });
  }

  /** @param {MediaSource} source @param {AbortSignal} signal */
  #opened(source, signal) {
    try {
      this.#buffer = source.addSourceBuffer(/** @type {{mime: string}} */ (this.#format).mime);
    } catch {
      return this.#giveUp("This browser cannot play the camera's picture.");
    }
    this.#buffer.addEventListener("updateend", () => this.#append(), { signal });
    this.#buffer.addEventListener("error", () => this.#failed(), { signal });
    this.#append();
  }

  /** @param {Frame} frame */
  #media(frame) {
    const isKey = Boolean(frame.flags & FLAG.keyframe);
    if (this.#stagedBytes > MAXIMUM_STAGED && !isKey) {
      if (!this.#waitsForKeyframe) this.wantKeyframe();
      this.gap();
    }
    if (this.#waitsForKeyframe && !isKey) return;
    if (isKey && this.#stagedBytes > MAXIMUM_STAGED) this.#unstage();
    this.#waitsForKeyframe = false;
    // Rounded down as WebM rounds: a first picture before zero would be dropped.
    this.#origin ??= Math.floor(frame.timestamp / 1000) * 1000;
    if (!this.#hasShown) this.#startTicks ??= setInterval(() => {
      if (this.#start.tick(!document.hidden)) this.#giveUp("This browser does not show the camera's picture.");
    }, TICK_MS);
    const segment = this.#format?.segment(frame);
    if (!segment) return;
    this.#keepUp();
    this.#stage(segment);
    this.#append();
  }

  /** @param {Uint8Array} bytes */
  #stage(bytes) {
    this.#staged.push(bytes);
    this.#stagedBytes += bytes.length;
  }

  #unstage() {
    // Without the beginning nothing plays.
    const isFresh = this.#staged[0] === this.#format?.init;
    this.#staged = isFresh ? this.#staged.slice(0, 1) : [];
    this.#stagedBytes = isFresh ? this.#staged[0].length : 0;
  }

  #append() {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source?.readyState !== "open") return;
    if (/** @type {any} */ (this.#source).streaming === false) return;
    try {
      if (this.#trim(buffer)) return;
      if (this.#origin !== null && buffer.timestampOffset === 0 && this.#origin > 0) buffer.timestampOffset = -this.#origin / 1e6;
      const bytes = this.#staged.shift();
      if (!bytes) return;
      this.#stagedBytes -= bytes.length;
      buffer.appendBuffer(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
    } catch {
      // The quota is used up, or the source is broken.
      this.#failed();
    }
  }

  /** What was shown is removed now and then. @param {SourceBuffer} buffer @returns {boolean} whether that is going on */
  #trim(buffer) {
    const { currentTime } = this.video;
    if (!buffer.buffered.length || currentTime - buffer.buffered.start(0) < KEEP_SECONDS) return false;
    buffer.remove(0, currentTime - LEAVE_SECONDS);
    return true;
  }

  #keepUp() {
    const { video } = this;
    const { buffered } = video;
    if (!buffered.length || video.readyState === 0) return;
    const start = buffered.start(buffered.length - 1), end = buffered.end(buffered.length - 1);
    // Across what was left out.
    if (video.currentTime < start) {
      video.currentTime = start;
      return;
    }
    const { rate, jump } = this.#latency.observe(end - video.currentTime, performance.now());
    if (jump !== null) video.currentTime = Math.max(start, end - jump);
    if (video.playbackRate !== rate) video.playbackRate = rate;
    // The browser pauses what is in the background.
    if (video.paused && !document.hidden) video.play().catch(() => {});
  }

  #failed() {
    if (this.#isClosed) return;
    if (++this.#errors > MAXIMUM_ERRORS) return this.#giveUp(`This browser cannot play the camera's picture (${this.#format?.mime}).`);
    this.#open();
    this.wantKeyframe();
  }

  /** @param {string} reason */
  #giveUp(reason) {
    if (this.#isClosed) return;
    // Who is told may want to keep the last picture.
    this.onFailure(reason);
    this.close();
  }

  #release() {
    this.#abort.abort();
    this.#endStart();
    this.#staged = [];
    this.#stagedBytes = 0;
    this.#buffer = null;
    if (!this.#source) return;
    this.#source = null;
    // An empty element would lose the last picture, which stays until there is another.
    this.video.pause();
  }

  #endStart() {
    clearInterval(this.#startTicks);
    this.#startTicks = null;
    this.#start.reset();
  }

  #countPictures() {
    const { video } = this;
    const { signal } = this.#closed;
    const count = () => {
      this.frames++;
      this.#errors = 0;
      this.#hasShown = true;
      this.#endStart();
      this.onPicture();
    };
    if (!("requestVideoFrameCallback" in video)) {
      // It comes a few times a second, while the picture moves on.
      /** @type {HTMLVideoElement} */ (video).addEventListener("timeupdate", count, { signal });
      return;
    }
    let handle = 0;
    const next = () => {
      handle = video.requestVideoFrameCallback(() => {
        count();
        // Whoever was told may have closed it.
        if (!signal.aborted) next();
      });
    };
    signal.addEventListener("abort", () => video.cancelVideoFrameCallback(handle));
    next();
  }
}
