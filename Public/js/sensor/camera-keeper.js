// @ts-check
// Keeps a camera running: as the settings want it, and again when it ended or froze.

import { emit } from "../lib/events.js";
import { effects } from "../state/settings.js";
import { CameraRepair } from "../state/repair.js";
import { hasTorch, setTorch, startCamera } from "./camera.js";
import { Capture } from "./capture.js";
import { REPAIRED } from "./notes.js";
import { pageNow } from "./page-clock.js";

/** @typedef {import("../state/settings.js").Settings} Settings */

/**
 * Events: `capture` {capture} (another one is about to start), `note` {text} (it was repaired), `refused` {error} (the camera may not be used any
 * more), `change` (it runs or does not).
 */
export class CameraKeeper extends EventTarget {
  /** @type {Capture|null} */ capture = null;
  /** @type {MediaStream|null} */ #stream = null;
  /** @type {Settings|null} */ #settings = null;
  #isWanted = false;
  #isRunning = false;
  /** What is done to the camera, one after another. @type {Promise<unknown>} */ #work = Promise.resolve();
  #isBusy = false;
  #repair = new CameraRepair();
  /** @type {keyof typeof REPAIRED|null} */ #broken = null;
  #encoderFailures = 0;
  /** Whether it is begun anew because it is to be another, and not for want of pictures. */
  isChanging = false;

  /** @param {HTMLVideoElement} video shows what the camera sees */
  constructor(video) {
    super();
    this.video = video;
  }

  /** @returns {MediaStreamTrack|null} that of the picture, while it has not ended */
  get track() {
    const track = this.#stream?.getVideoTracks()[0];
    return track?.readyState === "live" ? track : null;
  }

  /** The camera is on, though nothing is made of its pictures before `run`. Throws `CameraError`. @param {Settings} settings */
  open(settings) {
    this.#settings = settings;
    this.#isWanted = true;
    return this.#do(() => this.#open());
  }

  /** Encodes and judges what the camera sees. */
  run() {
    this.#isRunning = true;
    return this.#do(() => this.#run());
  }

  /** What was recorded so far is handed on first. */
  stop() {
    this.#isWanted = false;
    this.#isRunning = false;
    return this.#do(() => this.#close());
  }

  /** Begins anew only what a change concerns. @param {Settings} settings */
  async apply(settings) {
    const before = this.#settings ?? settings;
    this.#settings = settings;
    if (!this.#isRunning) return;
    const { capture } = this;
    const todo = effects(before, settings);
    if (todo.motion) capture?.set("motion", settings);
    if (todo.sound) capture?.set("sound", settings);
    if (todo.camera || (todo.quality && !capture?.setQuality(settings.capture.quality))) await this.#become();
    else if (todo.torch) await this.#light();
  }

  async #become() {
    this.isChanging = true;
    try {
      await this.restart();
    } finally {
      this.isChanging = false;
    }
  }

  get hasTorch() {
    return this.track !== null && hasTorch(this.track);
  }

  /** Stops the camera and starts it as it is to be now. Throws `CameraError`. */
  restart() {
    return this.#do(async () => {
      if (!this.#isWanted) return;
      // A phone gives one camera at a time.
      await this.#close();
      await this.#open();
      await this.#run();
    });
  }

  /**
   * Repairs what is broken, now or later.
   * @param {{isFrozen: boolean, isVisible: boolean}} facts
   */
  tick({ isFrozen, isVisible }) {
    if (!this.#isRunning || this.#isBusy) return;
    if (!this.track) this.#broken ??= "ended";
    else if (isFrozen) this.#broken ??= "frozen";
    else if (this.#broken !== "failed") this.#broken = null;
    // Phones give a hidden page no pictures; that is no fault of the camera. One that is gone may be asked for.
    const canTry = isVisible || this.#broken === "ended";
    if (this.#repair.tick({ isBroken: this.#broken !== null, canTry }, pageNow()).type === "restart") this.#repairNow();
  }

  /** Something changed for the better: what is broken is tried again at once. */
  soon() {
    this.#repair.soon();
  }

  async #repairNow() {
    const reason = this.#broken ?? "ended";
    try {
      await this.restart();
      if (!this.#isWanted) return;
      this.#broken = null;
      emit(this, "note", { text: REPAIRED[reason] });
    } catch (/** @type {any} */ error) {
      this.#broken = "ended";
      if (error.isRefused) emit(this, "refused", { error });
    }
  }

  async #open() {
    const settings = /** @type {Settings} */ (this.#settings);
    const stream = await startCamera(settings.capture);
    // Who left the page while the browser asked for the camera does not want it any more.
    if (!this.#isWanted) return stream.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    for (const name of ["ended", "mute", "unmute"]) stream.getVideoTracks()[0].addEventListener(name, () => emit(this, "change"));
    this.video.srcObject = stream;
    // A hidden page may not play it before it is shown.
    this.video.play().catch(() => {});
    emit(this, "change");
  }

  async #run() {
    if (!this.#stream || !this.#isWanted) return;
    const capture = await Capture.of(this.#stream, this.video, /** @type {Settings} */ (this.#settings), this.#encoderFailures);
    this.capture = capture;
    capture.addEventListener("failed", () => {
      if (capture !== this.capture) return;
      if (capture.hasEncoderFailed) this.#encoderFailures++;
      this.#broken = this.track ? "failed" : "ended";
    });
    emit(this, "capture", { capture });
    await capture.start();
    if (this.#settings?.capture.torch) await this.#light().catch(() => {});
  }

  async #close() {
    const { capture } = this;
    await capture?.stop();
    this.capture = null;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.video.srcObject = null;
    emit(this, "change");
  }

  async #light() {
    if (this.track && hasTorch(this.track)) await setTorch(this.track, Boolean(this.#settings?.capture.torch));
  }

  /** @template T @param {() => Promise<T>} body @returns {Promise<T>} */
  #do(body) {
    const result = this.#work.then(async () => {
      this.#isBusy = true;
      try {
        return await body();
      } finally {
        this.#isBusy = false;
      }
    });
    this.#work = result.catch(() => {});
    return result;
  }
}
