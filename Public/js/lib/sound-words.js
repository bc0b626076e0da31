// @ts-check
// What a sensitivity means: one number for people, from 0 to 100, and what the sound engine takes from it.

/** How far a sound must rise above what is always there, dB, at 0 and at 100. */
const MARGIN = [24, 6];
/** What is quieter never counts, dBFS, at 0 and at 100: rooms are not silent. */
const LEAST = [-25, -70];
const WORDS = [
  [15, "a bang or a shout beside the phone"],
  [35, "a shout nearby"],
  [55, "loud talking in the room"],
  [75, "talking nearby"],
  [90, "talking across the room"],
  [100, "a whisper nearby"],
];
export const DEFAULT_SENSITIVITY = 75;

const between = (/** @type {number[]} */ [low, high], /** @type {number} */ share) => low + (high - low) * share;
const clamped = (/** @type {number} */ sensitivity) => Math.min(100, Math.max(0, Number.isFinite(sensitivity) ? sensitivity : DEFAULT_SENSITIVITY));

/** @param {number} sensitivity @returns {{margin: number, least: number}} dB above the floor, and dBFS */
export function soundLimits(sensitivity) {
  const share = clamped(sensitivity) / 100;
  return { margin: between(MARGIN, share), least: between(LEAST, share) };
}

/** The quietest thing that triggers. @param {number} sensitivity @returns {string} */
export const soundWords = (sensitivity) => String(WORDS.find(([limit]) => clamped(sensitivity) <= Number(limit))?.[1]);
