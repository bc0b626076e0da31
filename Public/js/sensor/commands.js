// @ts-check
// What a person asks of this camera from another device.

/** How long a siren sounds at most, whoever asks. */
const LONGEST_SIREN = 60;
const USUAL_SIREN = 10;

/**
 * What commands are performed on: `Sensor`, seen from here.
 * @typedef {object} Subject
 * @property {string} phase
 * @property {() => Promise<void>} resume
 * @property {() => Promise<void>} standBy
 * @property {() => Promise<boolean>} recordNow
 * @property {boolean} hasTorch
 * @property {(patch: Record<string, any>) => Promise<unknown>} change
 * @property {{start: (seconds: number) => Promise<void>, stop: () => void}} siren
 * @property {() => void} relearn
 */

/** @param {Subject} subject */
function mustWatch({ phase }) {
  if (phase !== "watching") throw new Error("The camera is not watching.");
}

/** @type {Record<string, (subject: Subject, args: any) => Promise<void>|void>} */
const COMMANDS = {
  start: (subject) => subject.resume(),
  stop: (subject) => subject.standBy(),
  async record(subject) {
    mustWatch(subject);
    if (!await subject.recordNow()) throw new Error("There is no picture yet. Try again in a moment.");
  },
  async torch(subject, { on }) {
    mustWatch(subject);
    if (on && !subject.hasTorch) throw new Error("This camera has no torch.");
    await subject.change({ capture: { torch: Boolean(on) } });
  },
  async siren(subject, { on, seconds = USUAL_SIREN }) {
    if (on) await subject.siren.start(Math.min(Math.max(1, Number(seconds) || USUAL_SIREN), LONGEST_SIREN));
    else subject.siren.stop();
  },
  async camera(subject, { facing }) {
    if (facing !== "environment" && facing !== "user") throw new Error("facing: environment or user is expected.");
    await subject.change({ capture: { facing } });
  },
  relearn(subject) {
    mustWatch(subject);
    subject.relearn();
  },
};

/**
 * @param {Subject} subject
 * @param {string} command
 * @param {Record<string, unknown>} [args]
 * @returns {Promise<{ok: boolean, message?: string}>}
 */
export async function perform(subject, command, args = {}) {
  if (!Object.hasOwn(COMMANDS, command)) return { ok: false, message: `This camera does not know “${command}”.` };
  try {
    await COMMANDS[command](subject, args ?? {});
    return { ok: true };
  } catch (/** @type {any} */ error) {
    return { ok: false, message: [error.title ?? error.message, error.advice].filter(Boolean).join(" ") };
  }
}

/**
 * Whether a command still counts: who waited for it has given up, and what was wanted then may be wrong now.
 * @param {{expires_at?: number|string}} message @param {number} hubNow ms since 1970 by the hub's clock
 */
export const isInTime = ({ expires_at: expiresAt }, hubNow) => {
  const until = typeof expiresAt === "string" ? Date.parse(expiresAt) : expiresAt;
  return until === undefined || Number.isNaN(until) || hubNow <= until;
};
