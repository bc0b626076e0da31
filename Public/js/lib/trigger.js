// @ts-check
// When a clip begins and ends. A pure state machine: times come in, actions come out.

/**
 * @typedef {{type: "open", trigger: "motion"|"manual", at: number, score: number, from: number}
 *   | {type: "extend", at: number, until: number}
 *   | {type: "close", at: number, reason: "quiet"|"longest"}} TriggerAction
 */

export class ClipTrigger {
  /** @param {{preRoll?: number, postRoll?: number, longest?: number, cooldown?: number}} [seconds] */
  constructor({ preRoll = 4, postRoll = 2, longest = 60, cooldown = 5 } = {}) {
    this.preRoll = preRoll * 1000;
    this.postRoll = postRoll * 1000;
    this.longest = longest * 1000;
    this.cooldown = cooldown * 1000;
    this.openedAt = -1;
    this.closedAt = -Infinity;
    this.lastMotionAt = -Infinity;
    this.motionBeganAt = -1;
  }

  get isOpen() {
    return this.openedAt >= 0;
  }

  /**
   * A picture was judged.
   * @param {{moving: boolean, score: number}} motion
   * @param {number} at ms
   * @returns {TriggerAction[]}
   */
  motion({ moving, score }, at) {
    const begins = moving && this.motionBeganAt < 0;
    if (begins) this.motionBeganAt = at;
    if (!moving) this.motionBeganAt = -1;
    if (moving) this.lastMotionAt = at;
    if (this.isOpen) {
      const actions = this.time(at);
      return begins && !actions.length ? [this.#extend(at)] : actions;
    }
    if (!moving || at - this.closedAt < this.cooldown) return [];
    // Motion that began during the cooldown is not lost: the clip reaches back to it, though not into the clip before.
    const from = Math.max(Math.min(this.motionBeganAt, at) - this.preRoll, this.closedAt);
    return [this.#open("motion", score, at, from)];
  }

  /** Somebody pressed "Record now". @param {number} at ms @returns {TriggerAction[]} */
  manual(at) {
    this.lastMotionAt = at;
    return [this.isOpen ? this.#extend(at) : this.#open("manual", 0, at, at - this.preRoll)];
  }

  /** Time passes, though no picture may come: a camera that froze must not keep its clip open. @param {number} at ms @returns {TriggerAction[]} */
  time(at) {
    if (!this.isOpen) return [];
    if (at - this.openedAt >= this.longest) return [this.#close(at, "longest")];
    return at - this.lastMotionAt >= this.postRoll ? [this.#close(at, "quiet")] : [];
  }

  /** The clip cannot go on as it is; what still moves may begin the next at once. @param {number} at ms @returns {TriggerAction[]} */
  cut(at) {
    const actions = this.stop(at);
    this.closedAt = -Infinity;
    return actions;
  }

  /** Watching ends. @param {number} at ms @returns {TriggerAction[]} */
  stop(at) {
    return this.isOpen ? [this.#close(at, "quiet")] : [];
  }

  /** @param {number} at @returns {TriggerAction} */
  #extend(at) {
    return { type: "extend", at, until: Math.min(at + this.postRoll, this.openedAt + this.longest) };
  }

  /** @param {"motion"|"manual"} trigger @param {number} score @param {number} at @param {number} from @returns {TriggerAction} */
  #open(trigger, score, at, from) {
    this.openedAt = at;
    return { type: "open", trigger, at, score, from };
  }

  /** @param {number} at @param {"quiet"|"longest"} reason @returns {TriggerAction} */
  #close(at, reason) {
    this.openedAt = -1;
    this.closedAt = at;
    return { type: "close", at, reason };
  }
}
