// @ts-check
// What almost triggered: kept for who wonders whether something was missed. Pure: times come in.

/**
 * @typedef {object} Candidate a stretch of time, in ms
 * @property {"motion"|"sound"} type
 * @property {"weak"|"cooldown"} reason over the lower threshold alone; or enough, though just after a clip
 * @property {number} at
 * @property {number} until
 * @property {number} score the highest
 * @property {number|null} threshold that it would have needed
 */

/** Pauses up to this do not part stretches. */
const JOIN_MS = 2000;
const MAXIMUM = 200;

export class CandidateLog {
  /** Oldest first. @type {Candidate[]} */
  entries = [];

  /** @param {{maximum?: number, joinMs?: number}} [limits] */
  constructor({ maximum = MAXIMUM, joinMs = JOIN_MS } = {}) {
    this.maximum = maximum;
    this.joinMs = joinMs;
  }

  /** @param {{type: Candidate["type"], reason: Candidate["reason"], score: number, threshold?: number|null}} seen @param {number} at ms, rising */
  add({ type, reason, score, threshold = null }, at) {
    const last = this.entries.findLast((entry) => entry.type === type && entry.reason === reason);
    if (last && at - last.until <= this.joinMs) {
      last.until = at;
      last.score = Math.max(last.score, score);
      last.threshold = threshold ?? last.threshold;
      return;
    }
    this.entries.push({ type, reason, at, until: at, score, threshold });
    if (this.entries.length > this.maximum) this.entries.shift();
  }

  /** A clip shows what happened since then: that is no "almost" any more. @param {number} from ms */
  recorded(from) {
    this.entries = this.entries.filter(({ until }) => until < from);
  }
}
