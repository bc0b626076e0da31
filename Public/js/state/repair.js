// @ts-check
// When a camera that ended or froze is begun again. Pure: times come in, actions come out.

import { Backoff } from "../lib/backoff.js";

/** Pictures for so long: whatever was wrong is over. */
const HEALTHY_MS = 30_000;
const LEAST_DELAY_MS = 500;

/**
 * `wait` until a time; `restart` now; `none` to do.
 * @typedef {{type: "none"}|{type: "wait", until: number}|{type: "restart"}} RepairAction
 */

export class CameraRepair {
  /** When the camera is begun again. @type {number|null} */ #at = null;
  /** Since when pictures come. @type {number|null} */ #goodSince = null;
  #isFirst = true;
  #backoff;

  /** @param {{random?: () => number}} [options] */
  constructor({ random = Math.random } = {}) {
    this.#backoff = new Backoff({ base: 2000, max: 60_000, random });
  }

  /**
   * @param {{isBroken: boolean, canTry: boolean}} facts `isBroken`: no track, or a frozen one; `canTry`: a phone gives hidden pages no camera
   * @param {number} at ms
   * @returns {RepairAction}
   */
  tick({ isBroken, canTry }, at) {
    if (!isBroken) {
      this.#at = null;
      this.#goodSince ??= at;
      if (at - this.#goodSince >= HEALTHY_MS) {
        this.#isFirst = true;
        this.#backoff.reset();
      }
      return { type: "none" };
    }
    this.#goodSince = null;
    if (!canTry) return { type: "none" };
    // At once the first time; a camera that goes on breaking is not to be asked for without a pause.
    this.#at ??= this.#isFirst ? at : at + LEAST_DELAY_MS + this.#backoff.next();
    this.#isFirst = false;
    if (at < this.#at) return { type: "wait", until: this.#at };
    this.#at = null;
    return { type: "restart" };
  }

  /** Something changed for the better, such as a page that is shown again: the next attempt comes at once. */
  soon() {
    this.#at = null;
    this.#isFirst = true;
    this.#backoff.reset();
  }
}
