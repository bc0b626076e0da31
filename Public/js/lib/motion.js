// @ts-check
// Motion from small grey pictures. Pure and deterministic: pictures with their times in, score and state out.
//
// Blocks of the picture are compared with how the place usually looks and with half a second ago; light is taken out first, each block
// knows its own noise, and the score is the share of the picture that moves, whatever its resolution. An event begins when enough moves in
// M of N pictures and reaches where nothing moved before: leaves and lamps stay where they are. Who came in and stands still keeps it
// going for a while. docs/DETECTION.md has the method and what it achieves.

import { maskOf } from "./regions.js";
import { Scene } from "./motion-scene.js";
import { DEFAULT_SENSITIVITY, sensitivity as meaning } from "./sensitivity.js";
import { TamperWatch } from "./motion-tamper.js";

/**
 * @typedef {object} MotionOptions
 * @property {number} [sensitivity] 0…100, see sensitivity.js
 * @property {number} [threshold] share of the picture that must move for an event, 0…1, instead of what the sensitivity says
 * @property {number} [candidate] and for a candidate
 * @property {number} [needed] of the last `window` pictures so many must be over the threshold
 * @property {number} [window]
 * @property {number} [learningSeconds] at the start
 * @property {number} [holdSeconds] for which somebody who stands still keeps the motion going
 * @property {import("./regions.js").Region[]} [regions] to watch or to leave out
 */

/**
 * @typedef {object} MotionResult
 * @property {number} score share of the whole picture that moves outside of what is masked
 * @property {number} threshold of the score for an event
 * @property {boolean} moving an event goes on
 * @property {"learning"|"quiet"|"moving"} state
 * @property {boolean} candidate something moves, though perhaps too little, too shortly or in place: for the log
 * @property {import("./motion-tamper.js").Tamper|null} tamper what was done to the camera
 * @property {number} masked share of the picture that regions leave out
 */

/** Presence goes on while this share of its peak is there, and at least this share of the threshold. */
const PRESENCE_OF_PEAK = 0.3;
const PRESENCE_OF_THRESHOLD = 0.6;
/** Motion must have reached new places within this time, and go on doing so if it is not only presence. */
const NOVEL_MS = 1500;
const STALE_MS = 8000;
/** What appears within this time appears at once, as a lamp does. */
const AT_ONCE_MS = 150;
/** Where so many blocks, for each that moves, are only lit otherwise, a patch of sun may fade in. */
const LIT_SHARE = 0.7;
const FADE_MS = 900;
/** Blocks, or share of what the threshold asks for, that must be new besides those that appear at once. */
const LEAST_NOVEL = 2;
const NOVEL_SHARE = 0.3;

export class MotionEngine {
  /** @param {MotionOptions} [options] */
  constructor({ sensitivity = DEFAULT_SENSITIVITY, threshold, candidate, needed = 3, window = 5, learningSeconds = 1, holdSeconds = 40, regions = [] } = {}) {
    const meant = meaning(sensitivity);
    this.threshold = threshold ?? meant.threshold;
    this.candidate = Math.min(candidate ?? (threshold === undefined ? meant.candidate : threshold / 2), this.threshold);
    this.needed = needed;
    this.window = window;
    this.learningSeconds = learningSeconds;
    this.holdSeconds = holdSeconds;
    this.regions = regions;
    /** @type {Scene|null} */
    this.scene = null;
    this.reset();
  }

  /** Forgets everything, as after the camera was moved. */
  reset() {
    this.tamper = new TamperWatch();
    this.#relearn();
  }

  #relearn() {
    this.scene = null;
    /** @type {boolean[]} */
    this.recent = [];
    /** @type {boolean[]} */
    this.recentCandidates = [];
    /** @type {{at: number, novel: number}[]} */
    this.novel = [];
    this.isMoving = false;
    this.peak = 0;
    this.startedAt = 0;
    this.lastMotionAt = 0;
    this.lastNovelAt = -Infinity;
    this.lastLitAt = -Infinity;
  }

  /**
   * @param {Uint8Array|Uint8ClampedArray} luma `width * height` grey values
   * @param {number} width
   * @param {number} height
   * @param {number} at milliseconds, rising
   * @returns {MotionResult}
   */
  process(luma, width, height, at) {
    if (!this.scene || this.scene.width !== width || this.scene.height !== height) {
      if (this.scene) this.reset();
      this.scene = new Scene(luma, width, height, at);
      this.mask = maskOf(this.regions, this.scene.columns, this.scene.rows);
      this.startedAt = at;
      return this.#result(0, "learning", false, this.tamper.judge({ texture: 1, structure: 1, shape: 1, detail: 0, grain: 0, recentShare: 0 }, true).tamper);
    }
    const { scene, tamper } = this;
    const isLearning = at - this.startedAt < this.learningSeconds * 1000;
    const sight = scene.update(luma, at, {
      isLearning, inEvent: this.isMoving, masked: this.mask?.share ? this.mask.masked : null,
      watch: tamper,
    });
    this.lastSight = sight;
    const blocks = scene.columns * scene.rows;
    const verdict = tamper.judge({ ...sight, recentShare: sight.recentCount / blocks }, isLearning);
    if (verdict.relearn) {
      this.#relearn();
      return this.#result(0, "learning", false, verdict.tamper);
    }
    if (isLearning) return this.#result(0, "learning", false, verdict.tamper);
    const isBlind = tamper.isBlind(at);
    const score = isBlind ? 0 : sight.movingCount / blocks;
    if (sight.litCount > LIT_SHARE * sight.movingCount) this.lastLitAt = at;
    this.#decide(score, isBlind ? 0 : sight.novelCount, sight.presentCount / blocks, blocks, at);
    if (isBlind) this.isMoving = false;
    const isCandidate = this.recentCandidates.filter(Boolean).length >= this.needed;
    return this.#result(score, this.isMoving ? "moving" : "quiet", isCandidate || isBlind && sight.movingCount / blocks >= this.candidate, verdict.tamper);
  }

  /** @param {number} score @param {number} novelCount @param {number} present @param {number} blocks @param {number} at */
  #decide(score, novelCount, present, blocks, at) {
    this.recent.push(score >= this.threshold);
    this.recentCandidates.push(score >= this.candidate);
    if (this.recent.length > this.window) this.recent.shift();
    if (this.recentCandidates.length > this.window) this.recentCandidates.shift();
    this.novel.push({ at, novel: novelCount });
    while (at - this.novel[0].at > NOVEL_MS) this.novel.shift();
    const atOnce = at - this.lastLitAt < NOVEL_MS ? FADE_MS : AT_ONCE_MS;
    let sum = 0, most = 0;
    for (const one of this.novel) {
      sum += one.novel;
      let together = 0;
      for (const other of this.novel) if (other.at >= one.at && other.at - one.at < atOnce) together += other.novel;
      most = Math.max(most, together);
    }
    const isNovel = sum - most >= Math.max(LEAST_NOVEL, NOVEL_SHARE * this.threshold * blocks);
    if (isNovel) this.lastNovelAt = at;
    const enough = this.recent.filter(Boolean).length >= this.needed;
    const some = this.recentCandidates.filter(Boolean).length >= this.needed;
    if (this.isMoving ? some && at - this.lastNovelAt < STALE_MS : enough && isNovel) {
      this.isMoving = true;
      this.lastMotionAt = at;
      this.peak = Math.max(this.peak * 0.995, present);
    } else if (this.isMoving) {
      const isPresent = present >= Math.max(PRESENCE_OF_THRESHOLD * this.threshold, PRESENCE_OF_PEAK * this.peak);
      this.isMoving = isPresent && at - this.lastMotionAt < this.holdSeconds * 1000;
    } else {
      this.peak = 0;
    }
  }

  /** @param {number} score @param {MotionResult["state"]} state @param {boolean} candidate @param {MotionResult["tamper"]} tamper @returns {MotionResult} */
  #result(score, state, candidate, tamper) {
    return { score, threshold: this.threshold, moving: state === "moving", state, candidate, tamper, masked: this.mask?.share ?? 0 };
  }
}
