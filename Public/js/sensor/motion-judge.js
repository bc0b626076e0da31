// @ts-check
// Judges ten pictures a second for motion, in the capture worker.

import { LUMA_HEIGHT, LUMA_WIDTH } from "../lib/luma.js";
import { MotionEngine } from "../lib/motion.js";
import { SamePicture } from "../lib/same-picture.js";
import { lumaOf } from "./frame-luma.js";
import { pageNow } from "./page-clock.js";

const INTERVAL_MS = 95;

export class MotionJudge {
  /** Since when the pictures are alike. @type {number|null} */ sameSince = null;
  #engine = new MotionEngine();
  #same = new SamePicture();
  #lastAt = -Infinity;
  #shape = "";
  #isBusy = false;

  /** @param {(result: import("../lib/motion.js").MotionResult & {at: number}) => void} onResult @param {(error: any) => void} onError */
  constructor(onResult, onError) {
    this.onResult = onResult;
    this.onError = onError;
  }

  /** What was learnt of the scene stays. @param {import("../state/settings.js").Settings["motion"]} settings */
  set({ sensitivity, threshold, regions }) {
    this.#engine.configure({ sensitivity, threshold, regions });
  }

  /** Forgets the scene. */
  relearn() {
    this.#engine.reset();
  }

  /** The caller closes it; encoding does not wait for this. @param {VideoFrame} frame */
  frame(frame) {
    const at = pageNow();
    if (this.#isBusy || at - this.#lastAt < INTERVAL_MS) return;
    this.#lastAt = at;
    this.#isBusy = true;
    const own = frame.clone();
    lumaOf(own)
      .then((luma) => this.luma(luma, own.displayWidth, own.displayHeight, at))
      .catch(this.onError)
      .finally(() => {
        own.close();
        this.#isBusy = false;
      });
  }

  /** @param {Uint8Array} luma @param {number} width @param {number} height of the camera's picture @param {number} [at] */
  luma(luma, width, height, at = pageNow()) {
    const shape = `${width}x${height}`;
    // Who turns the phone moves nothing in the room.
    if (shape !== this.#shape) this.#engine.reset();
    this.#shape = shape;
    this.sameSince = this.#same.see(luma, at);
    this.onResult({ ...this.#engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, at), at });
  }
}
