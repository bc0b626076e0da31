// @ts-check
// What happened before this camera, as the phone itself knows it. Pure.

import { clockTime, dayName, triggerName } from "./words.js";

/**
 * @typedef {"recording"|"waiting"|"uploading"|"stored"|"kept"|"failed"} RowState
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {RowState} state
 * @property {string} title
 * @property {string} text what became of it
 * @property {boolean} canPlay
 * @property {boolean} canRetry
 *
 * @typedef {Pick<import("../sensor/outbox.js").Clip, "record"|"isRecording"|"problem"|"isGone"> & {upload: {phase: string, reason: string|null}}} ClipFacts
 */

/** @type {Record<RowState, string>} */
const STATE_WORDS = {
  recording: "recording", waiting: "waits for the hub", uploading: "being sent", stored: "stored on the hub",
  kept: "kept on this device: the hub did not want it", failed: "failed",
};
const GONE_WORDS = "no longer on this phone, and the hub did not want it";
/** Why the hub did not want a clip, by its reason. @type {Record<string, string>} */
const UNWANTED_WORDS = { blank: "only one shade", no_change: "no change", light: "only the light changed" };

/** @param {Pick<ClipFacts, "upload"|"isRecording">} clip @returns {RowState} */
function clipState({ upload, isRecording }) {
  if (upload.phase === "failed") return "failed";
  if (upload.phase === "durable") return "stored";
  if (upload.phase === "kept") return "kept";
  if (isRecording) return "recording";
  return upload.phase === "waiting" ? "waiting" : "uploading";
}

/** "14:05:09", with the day where it is not today. @param {number} at ms since 1970 @param {Date} [now] */
function timeWords(at, now = new Date()) {
  const iso = new Date(at).toISOString();
  const day = dayName(iso, now);
  return day === "Today" ? clockTime(iso) : `${day}, ${clockTime(iso)}`;
}

/** "Motion and sound". @param {{trigger: string, causes?: {type: string}[]}} record */
export function causeWords({ trigger, causes = [] }) {
  const [first, ...others] = [...new Set([trigger, ...causes.map(({ type }) => type)])].map(triggerName);
  return [first, ...others.map((name) => name.toLowerCase())].join(" and ");
}

/** "until 15:40": what the plan has to do with it. @param {number} until ms since 1970 @param {number|null} perHour */
export function heldWords(until, perHour) {
  const time = new Date(until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const used = perHour === 1 ? "1 upload an hour is used up" : perHour ? `${perHour} uploads an hour are used up` : "the uploads of this hour are used up";
  return `${used}; goes at ${time}`;
}

/**
 * @param {ClipFacts} clip
 * @param {{now: Date, heldUntil: number|null, uploadsPerHour: number|null}} surroundings
 * @returns {Row}
 */
export function clipRow({ record, upload, isRecording, problem, isGone }, { now, heldUntil, uploadsPerHour }) {
  const state = clipState({ upload, isRecording });
  const isHeld = state === "waiting" && heldUntil !== null && heldUntil > now.getTime();
  const reason = isHeld ? heldWords(heldUntil, uploadsPerHour) : upload.reason ?? problem;
  const why = state === "kept" ? UNWANTED_WORDS[record.unwanted ?? ""] : null;
  const words = isGone && state === "kept" ? GONE_WORDS : STATE_WORDS[state];
  const left = isGone && state === "stored" ? ", no longer on this phone" : "";
  const hasEnded = !isRecording && record.frames > 0 && !isGone;
  return {
    id: record.id, state, title: `${timeWords(record.at, now)} · ${causeWords(record)}`,
    text: `${words}${why ? ` (${why})` : ""}${left}${reason ? `: ${reason}` : ""}`, canPlay: hasEnded, canRetry: state === "failed" && hasEnded,
  };
}

/**
 * Where something moved or sounded, and not enough for a clip.
 * @param {readonly import("../lib/candidates.js").Candidate[]} candidates
 * @param {Date} now
 * @returns {string[]} newest first
 */
export const candidateWords = (candidates, now) => [...candidates].sort((a, b) => b.at - a.at).map(({ type, reason, at, score, threshold }) => {
  const why = reason === "cooldown" ? "in the pause after a clip" : threshold ? `${Math.round((score / threshold) * 100)} % of what a clip needs` : "too little";
  return `${timeWords(at, now)} · ${triggerName(type)} · ${why}`;
});
