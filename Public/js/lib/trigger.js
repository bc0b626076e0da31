// @ts-check
// When a clip begins and ends, and what for. A pure state machine: what is seen, heard and pressed comes in with its time, actions come out.
//
// At most one clip is open. Everything that happens meanwhile is a cause of it. What goes on beyond the longest clip is in the next one,
// which begins where that ended. After a clip comes a cooldown, which passes over what is no news; what lasts longer is recorded from its beginning.

import { CandidateLog } from "./candidates.js";
import { heldUploads, HOUR_MS, UNLIMITED } from "./plan.js";

/**
 * @typedef {"sound"|"motion"|"manual"|"tamper"} CauseType
 * @typedef {{type: CauseType, at: number, score: number}} Cause `at`: when it was first there; `score`: its highest
 *
 * @typedef {{type: "open", trigger: CauseType, at: number, score: number, from: number, causes: Cause[], held: import("./plan.js").Held|null}
 *   | {type: "cause", cause: Cause}
 *   | {type: "extend", at: number, until: number}
 *   | {type: "close", at: number, reason: "quiet"|"longest", causes: Cause[]}} TriggerAction
 * `trigger`: the type of the first cause; `held`: the clip is recorded and kept, though not sent yet
 */

/** What is higher passes the cooldown after what is lower. */
const RANK = { sound: 0, motion: 1, manual: 2, tamper: 3 };
/** So does what is so much stronger than the same was. */
const STRONGER = 2;
/** And motion that begins anew with such a share of what was: the engine holds who stands still, so this is somebody who comes, and no curtain that swings after. */
const ANEW = 0.25;

/** Something that lasts: since when, and how strong it is now. */
class Source {
  /** @param {"motion"|"sound"} type */
  constructor(type) {
    this.type = type;
    this.beganAt = -1;
    this.lastAt = -Infinity;
    this.score = 0;
    this.peak = 0;
  }

  get isActive() {
    return this.beganAt >= 0;
  }

  /**
   * @param {boolean} isActive @param {number} score @param {number} at @param {number} longestGap beyond which it is another
   * @returns {boolean} whether it begins
   */
  update(isActive, score, at, longestGap) {
    const begins = isActive && (!this.isActive || at - this.lastAt >= longestGap);
    this.lastAt = at;
    this.score = Number.isFinite(score) ? score : 0;
    this.peak = begins ? this.score : Math.max(this.peak, this.score);
    if (!isActive) this.beganAt = -1;
    else if (begins) this.beganAt = at;
    return begins;
  }
}

export class ClipTrigger {
  candidates = new CandidateLog();
  plan = UNLIMITED;

  /**
   * @param {{preRoll?: number, postRoll?: number, longest?: number, cooldown?: number}} [seconds]
   * @param {number[]} [uploads] when clips went up in the last hour, ms
   */
  constructor({ preRoll = 4, postRoll = 2, longest = 60, cooldown = 5 } = {}, uploads = []) {
    this.preRoll = preRoll * 1000;
    this.postRoll = postRoll * 1000;
    this.longest = longest * 1000;
    this.cooldown = cooldown * 1000;
    this.uploads = uploads;
    this.motionSource = new Source("motion");
    this.soundSource = new Source("sound");
    this.isTampered = false;
    this.openedAt = -1;
    /** The clip that is open ends by then. */
    this.endsBy = Infinity;
    /** When something was last there. */
    this.lastAt = -Infinity;
    this.closedAt = -Infinity;
    this.isCooling = false;
    /** Of the clip that is open, or else was last. @type {Map<CauseType, Cause>} */
    this.causes = new Map();
  }

  get isOpen() {
    return this.openedAt >= 0;
  }

  /** What the hub lets this camera do, for the clips that come. @param {import("./plan.js").Plan} plan */
  limit(plan) {
    this.plan = plan;
  }

  /**
   * A picture was judged.
   * @param {{moving: boolean, score: number, candidate?: boolean, threshold?: number}} motion
   * @param {number} at ms
   * @returns {TriggerAction[]}
   */
  motion({ moving, score, candidate = false, threshold }, at) {
    return this.#lasting(this.motionSource, moving, candidate, { score, threshold }, at);
  }

  /**
   * A stretch of sound was judged.
   * @param {{loud: boolean, score: number, candidate?: boolean, threshold?: number}} sound
   * @param {number} at ms
   * @returns {TriggerAction[]}
   */
  sound({ loud, score, candidate = false, threshold }, at) {
    return this.#lasting(this.soundSource, loud, candidate, { score, threshold }, at);
  }

  /** Somebody pressed "Record now". @param {number} at ms @returns {TriggerAction[]} */
  manual(at) {
    return this.#sudden({ type: "manual", at, score: 0 });
  }

  /**
   * Somebody is at the camera itself. That it begins is what counts: a lens that stays covered shows nothing more.
   * @param {{tampered: boolean, score?: number}} tamper
   * @param {number} at ms
   * @returns {TriggerAction[]}
   */
  tamper({ tampered, score = 1 }, at) {
    const begins = tampered && !this.isTampered;
    this.isTampered = tampered;
    return begins ? this.#sudden({ type: "tamper", at, score }) : this.time(at);
  }

  /** Time passes, though no picture may come: a camera that froze must not keep its clip open. @param {number} at ms @returns {TriggerAction[]} */
  time(at) {
    if (!this.isOpen) return [];
    if (at - this.lastAt >= this.postRoll) return [this.#close(at, "quiet")];
    if (at < this.endsBy) return [];
    const close = this.#close(at, "longest");
    this.isCooling = false;
    return [close, ...this.#openFor(this.#active(at), at)];
  }

  /** The clip cannot go on as it is; what still moves may begin the next at once. @param {number} at ms @returns {TriggerAction[]} */
  cut(at) {
    const actions = this.stop(at);
    this.isCooling = false;
    return actions;
  }

  /** The clip that was just opened could not begin, as there is no picture yet: what lasts opens it again. */
  undo() {
    if (this.uploads.at(-1) === this.openedAt) this.uploads.pop();
    this.openedAt = -1;
    this.endsBy = Infinity;
    this.isCooling = false;
  }

  /** Watching ends. @param {number} at ms @returns {TriggerAction[]} */
  stop(at) {
    return this.isOpen ? [this.#close(at, "quiet")] : [];
  }

  /**
   * @param {Source} source @param {boolean} isActive @param {boolean} isCandidate
   * @param {{score: number, threshold?: number}} measured @param {number} at
   * @returns {TriggerAction[]}
   */
  #lasting(source, isActive, isCandidate, { score, threshold }, at) {
    const begins = source.update(isActive, score, at, this.postRoll);
    if (isActive) this.lastAt = at;
    if (this.isOpen) {
      const ended = this.time(at);
      if (ended.length || !isActive) return ended;
      return [...(begins ? [this.#extend(at)] : []), ...this.#joined({ type: source.type, at, score: source.score })];
    }
    if (!isActive) {
      if (isCandidate) this.candidates.add({ type: source.type, reason: "weak", score: source.score, threshold }, at);
      return [];
    }
    const opened = this.#openFor(this.#active(at).filter((active) => this.#isNews(active, at)), at);
    if (!opened.length) this.candidates.add({ type: source.type, reason: "cooldown", score: source.score, threshold }, at);
    return opened;
  }

  /** @param {Cause} cause @returns {TriggerAction[]} */
  #sudden(cause) {
    this.lastAt = cause.at;
    const passed = this.time(cause.at);
    if (this.isOpen) return [...passed, this.#extend(cause.at), ...this.#joined(cause)];
    return [...passed, this.#open([cause], cause.at, cause.at)];
  }

  /** What is there now; of a camera that froze one knows nothing. @param {number} at */
  #active(at) {
    return [this.motionSource, this.soundSource].filter(({ isActive, lastAt }) => isActive && at - lastAt < this.postRoll);
  }

  /** Whether it begins a clip, be it in the cooldown. @param {Source} source @param {number} at */
  #isNews({ type, score, beganAt }, at) {
    if (!this.isCooling || at - this.closedAt >= this.cooldown) return true;
    const before = [...this.causes.values()];
    if (before.every((cause) => RANK[cause.type] < RANK[type])) return true;
    const peak = this.causes.get(type)?.score ?? Math.max(...before.map((cause) => cause.score));
    const isNew = type === "motion" && beganAt > this.closedAt;
    return score >= (isNew ? ANEW : STRONGER) * peak;
  }

  /** @param {Source[]} news @param {number} at @returns {TriggerAction[]} */
  #openFor(news, at) {
    if (!news.length) return [];
    // What else is there belongs to it, though it would not have begun it.
    const others = this.#active(at).filter((source) => !news.includes(source));
    const began = (/** @type {Source[]} */ sources) => [...sources].sort((a, b) => a.beganAt - b.beganAt);
    const causes = [...began(news), ...others].map(({ type, beganAt, peak }) => ({ type, at: Math.max(beganAt, this.closedAt), score: peak }));
    // Something that began during the cooldown is not lost: the clip reaches back to it.
    return [this.#open(causes, at, Math.min(at, ...news.map(({ beganAt }) => beganAt)))];
  }

  /** @param {Cause} cause @returns {TriggerAction[]} what was not a cause of the clip before */
  #joined(cause) {
    const known = this.causes.get(cause.type);
    if (known) known.score = Math.max(known.score, cause.score);
    else this.causes.set(cause.type, { ...cause });
    return known ? [] : [{ type: "cause", cause: { ...cause } }];
  }

  /** @param {number} at @returns {TriggerAction} */
  #extend(at) {
    return { type: "extend", at, until: Math.min(at + this.postRoll, this.endsBy) };
  }

  /** @param {Cause[]} causes the first is what it began for @param {number} at @param {number} beganAt @returns {TriggerAction} */
  #open(causes, at, beganAt) {
    const most = (this.plan.maxClipSeconds ?? Infinity) * 1000;
    // Where clips must be short, half is still left for what comes.
    const from = Math.max(beganAt - this.preRoll, at - most / 2, this.closedAt);
    const held = heldUploads(this.uploads, this.plan.uploadsPerHour, at);
    this.uploads = this.uploads.filter((time) => time > at - HOUR_MS);
    if (!held) this.uploads.push(at);
    this.openedAt = at;
    this.endsBy = Math.min(at + this.longest, from + most);
    this.causes = new Map(causes.map((cause) => [cause.type, { ...cause }]));
    this.candidates.recorded(from);
    const [{ type: trigger, score }] = causes;
    return { type: "open", trigger, at, score, from, causes, held };
  }

  /** @param {number} at @param {"quiet"|"longest"} reason @returns {TriggerAction} */
  #close(at, reason) {
    this.openedAt = -1;
    this.endsBy = Infinity;
    this.closedAt = at;
    this.isCooling = true;
    // How strong it was before is of the clip that ends.
    for (const source of [this.motionSource, this.soundSource]) source.peak = source.score;
    return { type: "close", at, reason, causes: [...this.causes.values()] };
  }
}
