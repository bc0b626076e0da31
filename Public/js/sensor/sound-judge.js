// @ts-check
// Judges sound, in the capture worker.

import { SoundEngine } from "../lib/sound.js";
import { TrackClock } from "./page-clock.js";

/** The engine speaks 50 times a second: as often as this is enough to be shown, and a change is told at once. */
const INTERVAL_MS = 100;

/** @typedef {import("../lib/sound.js").SoundResult} SoundResult */

export class SoundJudge {
  #engine = new SoundEngine();
  #clock = new TrackClock(0);
  #samples = new Float32Array(0);
  /** What was not told yet: the loudest of it. @type {SoundResult|null} */ #loudest = null;
  #toldAt = -Infinity;
  #state = "";

  /** @param {import("../state/settings.js").Settings["sound"]} settings @param {(result: SoundResult) => void} onResult */
  constructor(settings, onResult) {
    this.onResult = onResult;
    this.set(settings);
  }

  /** @param {import("../state/settings.js").Settings["sound"]} settings */
  set({ sensitivity }) {
    this.#engine.setSensitivity(sensitivity);
  }

  /** Forgets what it is used to. */
  relearn() {
    if (this.#engine.sampleRate) this.#engine.reset(this.#engine.sampleRate);
  }

  /** The caller closes it. @param {AudioData} data */
  data(data) {
    const { numberOfFrames, sampleRate, timestamp } = data;
    if (this.#samples.length < numberOfFrames) this.#samples = new Float32Array(numberOfFrames);
    data.copyTo(this.#samples, { planeIndex: 0, format: "f32-planar" });
    this.block({ samples: this.#samples.subarray(0, numberOfFrames), sampleRate, timestamp });
  }

  /** @param {{samples: Float32Array, sampleRate: number, timestamp: number}} block timestamp: µs */
  block({ samples, sampleRate, timestamp }) {
    this.#clock.see(timestamp);
    for (const result of this.#engine.process(samples, sampleRate, this.#clock.common(timestamp) / 1000)) this.#tell(result);
  }

  /** @param {SoundResult} result */
  #tell(result) {
    if (!this.#loudest || result.score >= this.#loudest.score) this.#loudest = result;
    if (result.state === this.#state && result.at - this.#toldAt < INTERVAL_MS) return;
    // The state is that of now, the score that of the loudest moment since the last time.
    this.onResult({ ...result, score: this.#loudest.score, level: Math.max(result.level, this.#loudest.level) });
    this.#loudest = null;
    this.#toldAt = result.at;
    this.#state = result.state;
  }
}
