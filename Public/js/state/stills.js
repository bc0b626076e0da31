// @ts-check
// Stills of a camera, one every few seconds, for browsers that cannot play its live picture. Pure: it is told the time.

import { pictureProblem } from "./device-words.js";
import { duration } from "./words.js";

/** From one question to the next. The hub's picture is at most two seconds old. */
export const STILL_SECONDS = 3;
const STILL_MS = STILL_SECONDS * 1000;
/** Timers that tick each second are not exact: what is due so soon is due. */
const EARLY_MS = 500;
/** A still that is older is no picture of now, which is said. */
const FRESH_MS = 2 * STILL_MS + EARLY_MS;
/** Asking again would not help: nobody is signed in, it is not allowed, or there is no such camera. */
const FINAL = [401, 403, 404];

/**
 * Times are milliseconds of one clock.
 * @typedef {object} Stills
 * @property {boolean} isAsking there is an answer to wait for: nobody asks twice at a time
 * @property {number} dueAt when to ask next
 * @property {number|null} cameAt when the newest still came
 * @property {number} count of stills
 * @property {string} problem why there is none, since the last question that was answered
 * @property {boolean} isOver
 *
 * `failed` brings how long to leave the hub alone beyond the usual; `hopeful`: the camera or the hub is back.
 * @typedef {{type: "asked"|"came"|"hopeful", at: number}
 *   | {type: "failed", at: number, pause: number, error: {status?: number, code?: string, message: string}}} StillsEvent
 *
 * @typedef {{live: "starting"|"stills"|"silent"|"ended", text: string, problem: string}} Shown
 */

/** @param {number} at @returns {Stills} */
export const begunStills = (at) => ({ isAsking: false, dueAt: at, cameAt: null, count: 0, problem: "", isOver: false });

/** @param {Stills} stills @param {StillsEvent} event @returns {Stills} */
export function nextStills(stills, event) {
  const { at } = event;
  switch (event.type) {
    case "asked":
      return { ...stills, isAsking: true, dueAt: at + STILL_MS };
    case "came":
      return { ...stills, isAsking: false, cameAt: at, count: stills.count + 1, problem: "" };
    case "failed": {
      const { error, pause } = event;
      const problem = pictureProblem({ code: error.code ?? "", message: error.message });
      return { ...stills, isAsking: false, dueAt: at + STILL_MS + pause, problem, isOver: FINAL.includes(error.status ?? 0) };
    }
    case "hopeful":
      return { ...stills, dueAt: Math.min(stills.dueAt, at) };
  }
}

/** Whether it is time to ask for one. @param {Stills} stills @param {number} now @param {boolean} isSeen somebody may look at the page */
export const isStillDue = (stills, now, isSeen) => isSeen && !stills.isAsking && !stills.isOver && now >= stills.dueAt - EARLY_MS;

/** What somebody is to see. @param {Stills} stills @param {number} now @returns {Shown} */
export function stillsShown({ cameAt, problem, isOver }, now) {
  if (isOver) return { live: "ended", text: problem, problem };
  const isLate = cameAt !== null && now - cameAt > FRESH_MS;
  if (cameAt !== null && !problem && !isLate) return { live: "stills", text: "", problem };
  if (cameAt === null) return { live: problem ? "silent" : "starting", text: problem, problem };
  return { live: "silent", text: [problem, `The last still is ${duration((now - cameAt) / 1000)} old.`].filter(Boolean).join(" "), problem };
}
