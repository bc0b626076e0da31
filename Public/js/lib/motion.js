// @ts-check
// Motion from small grey pictures. Pure and deterministic: pictures with their times in, score and state out.
//
// Blocks of the picture are compared with how the place usually looks and with half a second ago; light is taken out first, each block
// knows its own noise, and the score is the share of the picture that moves, whatever its resolution. An event begins when enough moves in
// M of N pictures and goes somewhere, or goes on for long: leaves and lamps stay where they are. Who came in and stands still keeps it
// going for a while. docs/DETECTION.md has the method and what it achieves.

import { maskOf } from "./regions.js";
import { Scene } from "./motion-scene.js";
import { DEFAULT_SENSITIVITY, sensitivity as meaning } from "./sensitivity.js";
import { TamperWatch } from "./motion-tamper.js";

/**
 * @typedef {object} MotionOptions
 * @property {number} [sensitivity] 0…100, see sensitivity.js
 * @property {number|null} [threshold] share of the picture that must move for an event, 0…1, instead of what the sensitivity says
 * @property {number|null} [candidate] and for a candidate
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
 * @property {number} maskedShare share of the picture that regions leave out
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
/** A place that is known for less time than this has not shown yet what sways there: so many times more must be new. */
const YOUNG_MS = 10_000;
const YOUNG_FACTOR = 2;
/** So many times the threshold, for so long and under steady light, is motion wherever it is. */
const MUCH = 2;
const LONG_MS = 1400;
const STEADY_LIGHT = 2;

export class MotionEngine {
  /** @param {MotionOptions} [options] */
  constructor({ needed = 3, window = 5, learningSeconds = 1, holdSeconds = 40, ...rest } = {}) {
    this.needed = needed;
    this.window = window;
    this.learningSeconds = learningSeconds;
    this.holdSeconds = holdSeconds;
    /** @type {Scene|null} */
    this.scene = null;
    this.configure(rest);
    this.reset();
  }

  /**
   * What people set, also while watching: what was learnt stays.
   * @param {Pick<MotionOptions, "sensitivity"|"threshold"|"candidate"|"regions">} options
   */
  configure({ sensitivity = DEFAULT_SENSITIVITY, threshold = null, candidate = null, regions = [] } = {}) {
    const meant = meaning(sensitivity);
    this.threshold = threshold ?? meant.threshold;
    this.candidate = Math.min(candidate ?? this.threshold * (meant.candidate / meant.threshold), this.threshold);
    this.regions = regions;
    this.#mask();
  }

  #mask() {
    this.mask = this.scene ? maskOf(this.regions, this.scene.columns, this.scene.rows) : null;
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
    /** Since when much has moved without a pause. @type {number|null} */
    this.muchSince = null;
  }

  /**
   * @param {Uint8Array} luma `width * height` grey values
   * @param {number} width
   * @param {number} height
   * @param {number} at milliseconds, rising
   * @returns {MotionResult}
   */
  process(luma, width, height, at) {
    if (this.scene && (this.scene.width !== width || this.scene.height !== height)) this.reset();
    const { tamper } = this;
    if (!this.scene) {
      this.scene = new Scene(luma, width, height, at);
      this.#mask();
      this.startedAt = at;
      return this.#result(0, "learning", false, tamper.learning(at));
    }
    const { scene } = this;
    const isLearning = at - this.startedAt < this.learningSeconds * 1000;
    const sight = scene.update(luma, at, {
      isLearning, inEvent: this.isMoving, masked: this.mask?.share ? this.mask.masked : null, watch: tamper,
    });
    const blocks = scene.columns * scene.rows;
    if (isLearning) {
      this.#lasts(sight, blocks, at);
      return this.#result(0, "learning", false, tamper.learning(at, sight));
    }
    const verdict = tamper.judge(sight, sight.recentCount / blocks, at);
    if (verdict.relearn) {
      this.#relearn();
      return this.#result(0, "learning", false, verdict.tamper);
    }
    const share = sight.movingCount / blocks;
    if (tamper.isBlind(at)) {
      this.isMoving = false;
      this.muchSince = null;
      return this.#result(0, "quiet", share >= this.candidate, verdict.tamper);
    }
    this.#decide(share, sight, blocks, at);
    const isCandidate = this.recentCandidates.filter(Boolean).length >= this.needed;
    return this.#result(share, this.isMoving ? "moving" : "quiet", isCandidate, verdict.tamper);
  }

  /** @param {number} score @param {import("./motion-scene.js").Sight} sight @param {number} blocks @param {number} at */
  #decide(score, sight, blocks, at) {
    this.recent.push(score >= this.threshold);
    this.recentCandidates.push(score >= this.candidate);
    if (this.recent.length > this.window) this.recent.shift();
    if (this.recentCandidates.length > this.window) this.recentCandidates.shift();
    if (sight.litCount > LIT_SHARE * sight.movingCount) this.lastLitAt = at;
    const isNovel = this.#goesSomewhere(sight.novelCount, blocks, at);
    const lasts = this.#lasts(sight, blocks, at);
    if (isNovel || lasts) this.lastNovelAt = at;
    const enough = this.recent.filter(Boolean).length >= this.needed;
    const some = this.recentCandidates.filter(Boolean).length >= this.needed;
    const present = sight.presentCount / blocks;
    // Somebody who was there when the place was learnt looks like background now and then.
    const isRestless = sight.recentCount >= MUCH * this.threshold * blocks && sight.lightChange < STEADY_LIGHT;
    if (this.isMoving ? (some || isRestless) && at - this.lastNovelAt < STALE_MS : enough && (isNovel || lasts)) {
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

  /** Whether what moves reached new places, one after the other. @param {number} novel @param {number} blocks @param {number} at */
  #goesSomewhere(novel, blocks, at) {
    this.novel.push({ at, novel });
    while (at - this.novel[0].at > NOVEL_MS) this.novel.shift();
    const atOnce = at - this.lastLitAt < NOVEL_MS ? FADE_MS : AT_ONCE_MS;
    let sum = 0, most = 0;
    this.novel.forEach((one, index) => {
      sum += one.novel;
      let together = 0;
      for (let i = index; i < this.novel.length && this.novel[i].at - one.at < atOnce; i++) together += this.novel[i].novel;
      most = Math.max(most, together);
    });
    const asked = Math.max(LEAST_NOVEL, NOVEL_SHARE * this.threshold * blocks);
    return sum - most >= (at - this.startedAt < YOUNG_MS ? YOUNG_FACTOR * asked : asked);
  }

  /**
   * Whether much has moved for longer than light takes to change: somebody in front of the camera who stays there.
   * @param {import("./motion-scene.js").Sight} sight @param {number} blocks @param {number} at
   */
  #lasts({ freshCount, movingCount, lightChange }, blocks, at) {
    const isMuch = freshCount >= this.threshold * blocks && movingCount >= MUCH * this.threshold * blocks;
    if (!isMuch || lightChange > STEADY_LIGHT || at - this.lastLitAt < NOVEL_MS) this.muchSince = null;
    else this.muchSince ??= at;
    return this.muchSince !== null && at - this.muchSince >= LONG_MS;
  }

  /**
   * @param {number} score @param {MotionResult["state"]} state @param {boolean} candidate @param {MotionResult["tamper"]} tamper
   * @returns {MotionResult}
   */
  #result(score, state, candidate, tamper) {
    return { score, threshold: this.threshold, moving: state === "moving", state, candidate, tamper, maskedShare: this.mask?.share ?? 0 };
  }
}
