// @ts-check
// What is wrong with a camera, from facts to problems. Pure: facts with their time in, problems out, each with hysteresis, so that what
// comes and goes is neither told at once nor told again and again.

/**
 * What is known at a time; `null` for what the browser does not tell.
 * @typedef {object} Facts
 * @property {number} at ms
 * @property {boolean} isWatching whether the camera is meant to run
 * @property {boolean} isVisible the page
 * @property {boolean} hasTrack whether there is a camera track that has not ended
 * @property {boolean} isMuted whether the system took the camera away for a while
 * @property {number} frameAt when the last picture came
 * @property {number|null} sameSince since when all pictures are alike to the last grey level
 * @property {boolean|null} isScreenKeptOn `null` where the browser has no wake lock
 * @property {{used: number, quota: number}|null} storage bytes
 * @property {{level: number, charging: boolean}|null} battery level: 0…1
 * @property {number} droppedShare of the pictures that the encoder was too slow for, 0…1
 * @property {number} encoderLagMs
 * @property {number|null} clockOffsetMs the hub's clock less this one's
 * @property {"covered"|"moved"|null} tamper
 */

/**
 * @typedef {"frozen"|"track_ended"|"track_muted"|"page_hidden"|"wake_lock_lost"|"storage_low"|"battery_low"|"encoder_slow"|"covered"|"moved"
 *   |"clock_wrong"} ProblemCode
 * @typedef {{code: ProblemCode, since: number}} Problem since: ms
 *
 * @typedef {object} Rule
 * @property {ProblemCode} code
 * @property {(facts: Facts) => boolean} begins
 * @property {(facts: Facts) => boolean} [lasts] once it began; as `begins` if left out
 * @property {number} after it must have been so for so long, ms
 * @property {number} until it must have been over for so long, ms
 */

/** Without a picture for so long a camera is frozen. */
export const STALLED_MS = 5000;
/** Sensors are never the same twice: pictures that are alike for so long are not the present. */
const SAME_MS = 30_000;
/** Less room than this share of the quota, or so many bytes: some minutes of clips. */
const LOW_SHARE = 0.1;
const LOW_BYTES = 100 << 20;
const LOW_BATTERY = 0.15;
const SLOW_SHARE = 0.1;
const SLOW_MS = 500;
const WRONG_CLOCK_MS = 60_000;
/** Where a problem ends lies so much beyond where it begins. */
const MARGIN = 1.5;

/** @param {Facts} facts */
const hasPictures = ({ isWatching, hasTrack, isMuted }) => isWatching && hasTrack && !isMuted;

/** Whether the camera claims to run, but its pictures are not of now. @param {Facts} facts */
export const isFrozen = (facts) => hasPictures(facts)
  && (facts.at - facts.frameAt > STALLED_MS || (facts.sameSince !== null && facts.at - facts.sameSince > SAME_MS));

/** @param {number} share @param {number} bytes @returns {(facts: Facts) => boolean} */
const hasRoomBelow = (share, bytes) => ({ storage }) => {
  const left = storage ? storage.quota - storage.used : Infinity;
  return storage !== null && storage.quota > 0 && left < Math.min(storage.quota * share, bytes);
};

/** @type {Rule[]} */
const RULES = [
  { code: "track_ended", begins: ({ isWatching, hasTrack }) => isWatching && !hasTrack, after: 0, until: 0 },
  { code: "track_muted", begins: ({ isWatching, hasTrack, isMuted }) => isWatching && hasTrack && isMuted, after: 2000, until: 1000 },
  { code: "frozen", begins: isFrozen, after: 0, until: 1000 },
  { code: "page_hidden", begins: ({ isWatching, isVisible }) => isWatching && !isVisible, after: 3000, until: 0 },
  {
    code: "wake_lock_lost",
    // A hidden page has none, which is said by itself.
    begins: ({ isWatching, isVisible, isScreenKeptOn }) => isWatching && isVisible && isScreenKeptOn === false,
    after: 5000,
    until: 0,
  },
  {
    code: "storage_low",
    begins: hasRoomBelow(LOW_SHARE, LOW_BYTES),
    lasts: hasRoomBelow(LOW_SHARE * MARGIN, LOW_BYTES * MARGIN),
    after: 0,
    until: 0,
  },
  {
    code: "battery_low",
    begins: ({ battery }) => battery !== null && !battery.charging && battery.level < LOW_BATTERY,
    lasts: ({ battery }) => battery !== null && !battery.charging && battery.level < LOW_BATTERY * MARGIN,
    after: 0,
    until: 10_000,
  },
  {
    code: "encoder_slow",
    begins: (facts) => hasPictures(facts) && (facts.droppedShare > SLOW_SHARE || facts.encoderLagMs > SLOW_MS),
    lasts: (facts) => hasPictures(facts) && (facts.droppedShare > SLOW_SHARE / MARGIN || facts.encoderLagMs > SLOW_MS / MARGIN),
    after: 5000,
    until: 10_000,
  },
  { code: "covered", begins: ({ isWatching, tamper }) => isWatching && tamper === "covered", after: 0, until: 3000 },
  { code: "moved", begins: ({ isWatching, tamper }) => isWatching && tamper === "moved", after: 0, until: 30_000 },
  {
    code: "clock_wrong",
    begins: ({ clockOffsetMs }) => clockOffsetMs !== null && Math.abs(clockOffsetMs) > WRONG_CLOCK_MS,
    lasts: ({ clockOffsetMs }) => clockOffsetMs !== null && Math.abs(clockOffsetMs) > WRONG_CLOCK_MS / MARGIN,
    after: 0,
    until: 0,
  },
];

/**
 * `problems`: what is wrong. `changing`: since when a code would be otherwise than it is.
 * @typedef {{problems: readonly Problem[], changing: Readonly<Record<string, number>>}} HealthState
 */

/** @type {HealthState} */
export const HEALTHY = Object.freeze({ problems: Object.freeze([]), changing: Object.freeze({}) });

/**
 * @param {HealthState} state
 * @param {Facts} facts
 * @returns {HealthState}
 */
export function nextHealth(state, facts) {
  /** @type {Problem[]} */
  const problems = [];
  /** @type {Record<string, number>} */
  const changing = {};
  for (const { code, begins, lasts = begins, after, until } of RULES) {
    const known = state.problems.find((problem) => problem.code === code);
    const isSo = known ? lasts(facts) : begins(facts);
    if (isSo === Boolean(known)) {
      if (known) problems.push(known);
      continue;
    }
    const since = state.changing[code] ?? facts.at;
    if (facts.at - since < (known ? until : after)) {
      changing[code] = since;
      if (known) problems.push(known);
    } else if (!known) {
      problems.push({ code, since });
    }
  }
  return { problems, changing };
}

/** @param {HealthState} state */
export const codesOf = ({ problems }) => problems.map(({ code }) => code);
