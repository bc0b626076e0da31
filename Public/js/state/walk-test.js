// @ts-check
// The walk test: somebody walks past the camera and learns whether they were seen. Pure: what the motion engine says comes in, with its time.

export const PASSES = 4;
/** Who is out of the picture for so long has ended a pass. */
const QUIET_MS = 1500;
/** A pass that moved so many times what an event needs is seen easily. */
const EASY = 6;
/** For each pass that was missed the slider goes up by so much. */
const STEP = 10;

/**
 * @typedef {{isSeen: boolean, at: number, peak: number}} Pass peak: the highest score, as a multiple of the threshold
 *
 * @typedef {object} WalkTest
 * @property {"leaving"|"ready"|"seen"|"done"} phase `leaving`: whoever is in the picture is to go out of it first. `ready`: for the next pass.
 *   `seen`: somebody is in the picture, and was counted
 * @property {readonly Pass[]} passes
 * @property {number|null} quietSince
 */

/** @type {WalkTest} */
export const WALK_TEST = Object.freeze({ phase: "leaving", passes: Object.freeze([]), quietSince: null });

/**
 * A picture was judged.
 * @param {WalkTest} test
 * @param {{moving: boolean, score: number, threshold: number, state: string, at: number}} motion
 * @returns {WalkTest}
 */
export function judged(test, { moving, score, threshold, state, at }) {
  if (test.phase === "done") return test;
  // Nothing can be seen yet, so that nothing may be counted as missed.
  if (state === "learning") return { ...test, phase: test.phase === "ready" ? "leaving" : test.phase, quietSince: null };
  const peak = threshold > 0 ? score / threshold : 0;
  if (moving) {
    if (test.phase === "ready") return { phase: "seen", passes: [...test.passes, { isSeen: true, at, peak }], quietSince: null };
    return { ...test, passes: test.phase === "seen" ? withPeak(test.passes, peak) : test.passes, quietSince: null };
  }
  const quietSince = test.quietSince ?? at;
  if (at - quietSince < QUIET_MS || test.phase === "ready") return { ...test, quietSince };
  return next(test.passes, "ready", quietSince);
}

/**
 * Somebody says that they walked by and were not seen. Who came to the phone to say so may be in the picture, which does not count.
 * @param {WalkTest} test @param {number} at @returns {WalkTest}
 */
export function missed(test, at) {
  if (test.phase === "done") return test;
  const passes = test.phase === "seen" ? test.passes.slice(0, -1) : test.passes;
  return next([...passes, { isSeen: false, at, peak: 0 }], "leaving", null);
}

/** That was nobody, or somebody else. @param {WalkTest} test @returns {WalkTest} */
export const undone = (test) => ({ phase: "leaving", passes: test.passes.slice(0, -1), quietSince: null });

/** @param {readonly Pass[]} passes @param {"ready"|"leaving"} phase @param {number|null} quietSince @returns {WalkTest} */
const next = (passes, phase, quietSince) => ({ phase: passes.length >= PASSES ? "done" : phase, passes, quietSince });

/** @param {readonly Pass[]} passes @param {number} peak */
const withPeak = (passes, peak) => passes.map((pass, index) => (index === passes.length - 1 ? { ...pass, peak: Math.max(pass.peak, peak) } : pass));

/** @param {WalkTest} test */
export const seenCount = ({ passes }) => passes.filter(({ isSeen }) => isSeen).length;

/** What is to be done now, and how it stands. @param {WalkTest} test @returns {{title: string, text: string}} */
export function walkWords(test) {
  const { phase, passes } = test;
  const seen = seenCount(test), left = PASSES - passes.length;
  const title = passes.length ? `You were seen in ${seen} of ${passes.length === 1 ? "1 pass" : `${passes.length} passes`}` : "Not seen yet";
  switch (phase) {
    case "done": return { title, text: seen === PASSES ? "The camera sees who walks there." : "Some passes were missed." };
    case "seen": return { title, text: "Seen. Walk on, out of the picture." };
    case "leaving": return { title, text: "Go out of the picture, and wait a moment." };
    default: return { title, text: `Walk through the picture, then out of it. ${left === 1 ? "One pass" : `${left} passes`} to go.` };
  }
}

/**
 * What the test says about the sensitivity.
 * @param {WalkTest} test @param {number} sensitivity 0–100
 * @returns {{change: "raise"|"lower"|"keep", sensitivity: number, text: string}}
 */
export function sensitivityAdvice({ passes }, sensitivity) {
  const missedCount = passes.filter(({ isSeen }) => !isSeen).length;
  if (missedCount && sensitivity >= 100) {
    return { change: "keep", sensitivity, text: "It cannot be more sensitive. Put the phone nearer, or let it see more of the way." };
  }
  if (missedCount) {
    return { change: "raise", sensitivity: Math.min(100, sensitivity + STEP * missedCount), text: "Make it more sensitive, and walk again." };
  }
  const weakest = Math.min(...passes.map(({ peak }) => peak));
  if (weakest > EASY && sensitivity > 0) {
    const text = "You were seen easily. Should there be false alarms, it can be less sensitive.";
    return { change: "lower", sensitivity: Math.max(0, sensitivity - STEP), text };
  }
  return { change: "keep", sensitivity, text: "The sensitivity fits this place." };
}
