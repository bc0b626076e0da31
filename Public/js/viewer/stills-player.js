// @ts-check
// Shows a camera by a still every few seconds; `state/stills.js` decides when and what is said.

import { Backoff } from "../lib/backoff.js";
import { TICK_MS } from "../lib/patience.js";
import { begunStills, isStillDue, nextStills, stillsShown } from "../state/stills.js";
import { takePicture } from "./device-picture.js";

/** Enough for a tile. */
const WIDTH = 640;

export class StillsPlayer {
  /** @type {import("../state/stills.js").Stills|null} */ #stills = null;
  /** What was asked for is of no use any more. */ #abort = new AbortController();
  /** @type {any} */ #ticks = null;
  #backoff = new Backoff({ max: 30_000 });

  /** @param {HTMLCanvasElement} canvas @param {string} deviceId @param {(shown: import("../state/stills.js").Shown) => void} onChange */
  constructor(canvas, deviceId, onChange) {
    this.canvas = canvas;
    this.deviceId = deviceId;
    this.onChange = onChange;
  }

  get isOn() {
    return this.#stills !== null;
  }

  /** How many were shown since it began. */
  get frames() {
    return this.#stills?.count ?? 0;
  }

  begin() {
    this.close();
    this.#abort = new AbortController();
    this.#backoff.reset();
    this.#stills = begunStills(performance.now());
    this.#ticks = setInterval(() => this.look(), TICK_MS);
    this.look();
  }

  /** Time has passed, or the page is seen again. */
  look() {
    if (!this.#stills) return;
    if (isStillDue(this.#stills, performance.now(), document.visibilityState === "visible")) this.#ask();
    this.onChange(stillsShown(this.#stills, performance.now()));
  }

  /** The camera or the hub is back. */
  retry() {
    this.#backoff.reset();
    this.#happened({ type: "hopeful", at: performance.now() });
  }

  close() {
    this.#abort.abort();
    clearInterval(this.#ticks);
    this.#stills = null;
  }

  async #ask() {
    const { signal } = this.#abort;
    if (this.#stills) this.#stills = nextStills(this.#stills, { type: "asked", at: performance.now() });
    try {
      const picture = await createImageBitmap(await takePicture(this.deviceId, signal, WIDTH));
      if (!signal.aborted) this.#draw(picture);
      picture.close();
    } catch (error) {
      if (signal.aborted) return;
      this.#happened({ type: "failed", at: performance.now(), pause: this.#backoff.next(), error: /** @type {any} */ (error) });
    }
  }

  /** @param {ImageBitmap} picture */
  #draw(picture) {
    this.canvas.width = picture.width;
    this.canvas.height = picture.height;
    this.canvas.getContext("2d")?.drawImage(picture, 0, 0);
    this.#backoff.reset();
    this.#happened({ type: "came", at: performance.now() });
  }

  /** @param {import("../state/stills.js").StillsEvent} event */
  #happened(event) {
    if (!this.#stills) return;
    this.#stills = nextStills(this.#stills, event);
    this.look();
  }
}
