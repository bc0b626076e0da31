// @ts-check
// Whether somebody did something to the camera: shook it, covered its lens, or turned it to something else.

/** @typedef {"shake"|"covered"|"moved"} Tamper */

/** Pixels by which the picture may shift and still be compared. */
const FARTHEST = 8;
/** From so many pixels on the camera shakes. */
const SHAKE = 1;
/** A shift explains what differs when so much less is left. */
const BETTER = 0.6;
/** Below these shares of texture that is still seen, and of structure, the view is another, or none. */
const OTHER_VIEW = 0.35;
const NO_VIEW = 0.35;
/** A view is another once at most this share of the picture still changes. */
const RESTLESS = 0.1;
/** So long is told that the camera was moved. */
const MOVED_MS = 5000;
/** After a shake so long nothing is said of motion. */
const SETTLE_MS = 500;
/** Below this share of the usual sharpness the picture is out of focus. */
const VAGUE = 0.55;

/**
 * How much two series of sums differ, once the light is taken out, for a shift.
 * @param {Float32Array} a @param {Float32Array} b @param {number} shift
 */
function distance(a, b, shift) {
  let sum = 0;
  for (let i = FARTHEST; i < a.length - FARTHEST; i++) sum += Math.abs(a[i] - b[i + shift]);
  return sum / (a.length - 2 * FARTHEST);
}

/** Mean 0, deviation 1. @param {Float32Array} sums */
function normalised(sums) {
  let mean = 0, square = 0;
  for (const value of sums) mean += value / sums.length;
  for (const value of sums) square += (value - mean) ** 2 / sums.length;
  const deviation = Math.max(Math.sqrt(square), 1e-6);
  return sums.map((value) => (value - mean) / deviation);
}

/**
 * By how many pixels `now` is shifted against `before`: 0 where a shift explains nothing.
 * @param {Float32Array} now sums of rows or of columns @param {Float32Array} before
 */
export function shiftBetween(now, before) {
  const a = normalised(now), b = normalised(before);
  const rest = distance(a, b, 0);
  let best = 0, least = rest;
  for (let shift = -FARTHEST; shift <= FARTHEST; shift++) {
    const each = shift ? distance(a, b, shift) : rest;
    if (each < least) [best, least] = [shift, each];
  }
  if (best && least > BETTER * rest) return 0;
  if (Math.abs(best) === FARTHEST) return best;
  // Between whole pixels: the lines on both sides of the least meet there.
  const left = distance(a, b, best - 1), right = distance(a, b, best + 1);
  const steep = Math.max(left, right) - least;
  return steep > 0 ? best + (0.5 * (left - right)) / steep : best;
}

/** Goes on after so many seconds of a condition, and off after so many without. */
class Latch {
  /** @param {number} on @param {number} off */
  constructor(on, off) {
    this.on = on;
    this.off = off;
    this.isOn = false;
    this.charge = 0;
  }

  /** @param {boolean} condition @param {number} seconds */
  step(condition, seconds) {
    const target = condition ? seconds / this.on : -seconds / this.off;
    this.charge = Math.min(1, Math.max(0, this.charge + target));
    if (this.charge >= 0.999) this.isOn = true;
    if (this.charge <= 0.001) this.isOn = false;
    return this.isOn;
  }

  reset() {
    this.isOn = false;
    this.charge = 0;
  }
}

/**
 * Steps between pixels beside steps between blocks: light changes both, a lens out of focus the first.
 * @param {import("./motion-scene.js").Sight} sight
 */
const sharpnessOf = ({ detail, grain, shape }) => Math.sqrt(Math.max(0, detail - grain)) / Math.max(shape, 0.1);

export class TamperWatch {
  constructor() {
    this.shaking = new Latch(0.35, 1.2);
    this.covering = new Latch(0.8, 0.8);
    this.turning = new Latch(2.5, 1);
    this.blurring = new Latch(6, 2);
    this.shift = { dx: 0, dy: 0 };
    this.otherView = OTHER_VIEW;
    this.sharpness = 0;
    this.movedUntil = -Infinity;
    this.lastShakeAt = -Infinity;
    this.at = NaN;
    this.seconds = 0;
    /** @type {{across: Float32Array, down: Float32Array}|null} */
    this.before = null;
    /** @type {{across: Float32Array, down: Float32Array}|null} */
    this.rest = null;
  }

  /**
   * Looks at the sums of columns and rows of a picture.
   * @param {Float32Array} across @param {Float32Array} down @param {number} at
   * @returns {boolean} whether the camera moves just now
   */
  sway(across, down, at) {
    const seconds = Number.isNaN(this.at) ? 0 : Math.min(Math.max((at - this.at) / 1000, 0.001), 0.5);
    this.at = at;
    this.seconds = seconds;
    const now = { across: across.slice(), down: down.slice() };
    const last = this.before ?? now, rest = this.rest ?? now;
    this.before = now;
    const jump = { dx: shiftBetween(now.across, last.across), dy: shiftBetween(now.down, last.down) };
    this.shift = { dx: shiftBetween(now.across, rest.across), dy: shiftBetween(now.down, rest.down) };
    const isShaking = Math.hypot(jump.dx, jump.dy) >= SHAKE;
    if (isShaking) this.lastShakeAt = at;
    this.shaking.step(isShaking, seconds);
    // Where the camera rests is learnt slowly, and anew where it has come to rest elsewhere.
    const step = this.rest ? seconds / 3 : 1;
    this.rest ??= { across: now.across.slice(), down: now.down.slice() };
    for (let i = 0; i < now.across.length; i++) this.rest.across[i] += step * (now.across[i] - this.rest.across[i]);
    for (let i = 0; i < now.down.length; i++) this.rest.down[i] += step * (now.down[i] - this.rest.down[i]);
    return isShaking;
  }

  /**
   * While a place is learnt, its sharpness is.
   * @param {number} at @param {import("./motion-scene.js").Sight} [sight]
   * @returns {Tamper|null}
   */
  learning(at, sight) {
    if (sight) this.sharpness = sharpnessOf(sight);
    return at < this.movedUntil ? "moved" : null;
  }

  /**
   * @param {import("./motion-scene.js").Sight} sight @param {number} restless share of the picture that differs from half a second ago
   * @param {number} at
   * @returns {{tamper: Tamper|null, relearn: boolean}}
   */
  judge(sight, restless, at) {
    const { texture, structure, shape, grain } = sight, { seconds } = this;
    const sharpness = sharpnessOf(sight);
    const isShaking = this.shaking.isOn;
    const isCovered = this.covering.step(structure < NO_VIEW && texture < OTHER_VIEW, seconds);
    const isOther = texture < OTHER_VIEW && structure >= NO_VIEW && restless < RESTLESS;
    const isElsewhere = this.turning.step(!isCovered && !isShaking && isOther, seconds);
    // Noise hides how sharp a picture is.
    const canTell = shape > 1 && (this.sharpness * shape) ** 2 > 0.5 * grain;
    const isVague = this.blurring.step(!isCovered && !isShaking && canTell && sharpness < VAGUE * this.sharpness, seconds);
    if (isElsewhere || isVague) {
      this.turning.reset();
      this.blurring.reset();
      this.movedUntil = at + MOVED_MS;
      return { tamper: "moved", relearn: true };
    }
    if (!isCovered) this.sharpness += (seconds / (sharpness < this.sharpness ? 120 : 20)) * (sharpness - this.sharpness);
    return { tamper: isCovered ? "covered" : isShaking ? "shake" : at < this.movedUntil ? "moved" : null, relearn: false };
  }

  /** Whether what is seen now says nothing of what moves in the place. @param {number} at */
  isBlind(at) {
    return at - this.lastShakeAt < SETTLE_MS || this.covering.charge > 0;
  }
}
