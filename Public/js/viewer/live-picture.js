// @ts-check
// The live picture of a camera: chooses how it is shown by what comes and by what this browser can do.

import { el } from "../components/dom.js";
import { FLAG, KIND, TRACK } from "../net/frame.js";
import { canDecode, LivePlayer } from "./live-player.js";
import { canPlayFiles, MsePlayer } from "./mse-player.js";

export class LivePicture {
  /** @type {LivePlayer|MsePlayer|null} */ #player = null;
  /** Whether it is played as a file, by the video element. */ #isFile = false;
  #isShown = false;
  /** What came while the browser was asked what it can show. @type {(() => void)[]|null} */ #held = null;

  /** @param {{onPicture: () => void, wantKeyframe: () => void, onFailure: (reason: string) => void}} callbacks `onFailure`: trying again would not help */
  constructor({ onPicture, ...callbacks }) {
    this.callbacks = {
      ...callbacks,
      onPicture: () => {
        onPicture();
        if (this.#isShown && this.canvas.hidden !== this.#isFile) this.show(true);
      },
    };
    this.canvas = el("canvas", { width: 640, height: 360, "aria-hidden": "true", hidden: true });
    this.video = el("video", { "aria-hidden": "true", tabindex: "-1", hidden: true });
  }

  /** How many pictures were shown since it began. */
  get frames() {
    return this.#player?.frames ?? 0;
  }

  /** The last picture stays after the end. @param {boolean} isShown */
  show(isShown) {
    this.#isShown = isShown;
    this.canvas.hidden = !isShown || this.#isFile;
    this.video.hidden = !isShown || !this.#isFile;
  }

  /** @param {any} frame */
  push(frame) {
    if (this.#held) this.#held.push(() => this.push(frame));
    else if (frame.flags & FLAG.configuration && frame.track === TRACK.video) this.#configured(frame);
    else this.#player?.push(frame);
  }

  /** Frames were left out: what follows decodes only from a keyframe on. */
  gap() {
    if (this.#held) this.#held.push(() => this.gap());
    else this.#player?.gap();
  }

  /** Ends it; what is pushed next begins another. */
  close() {
    this.#held = null;
    if (this.#isFile) this.#keepPicture();
    this.#player?.close();
    this.#player = null;
  }

  /** Tells what is needed to show what follows. @param {any} frame */
  async #configured(frame) {
    /** @type {(() => void)[]} */
    const held = [];
    this.#held = held;
    const isFile = frame.kind !== KIND.live || !(await canDecode(frame.payload));
    // It was closed meanwhile.
    if (this.#held !== held) return;
    if (isFile !== this.#isFile) this.close();
    this.#held = null;
    this.#player ??= this.#playerFor(isFile);
    this.#player?.push(frame);
    // A failure ends it in between.
    for (const step of held) if (this.#player) step();
  }

  /** @param {boolean} isFile */
  #playerFor(isFile) {
    this.#isFile = isFile;
    if (!isFile) return new LivePlayer(this.canvas, this.callbacks);
    if (canPlayFiles()) return new MsePlayer(this.video, this.callbacks);
    this.callbacks.onFailure("This browser cannot show the picture of this camera (Media Source Extensions are missing). Use a current Chrome, Edge, Firefox or Safari.");
    return null;
  }

  /** The element gives up its last picture with all else that it holds; the canvas keeps it. */
  #keepPicture() {
    const { canvas, video } = this;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
    }
    this.#isFile = false;
    this.show(this.#isShown);
  }
}
