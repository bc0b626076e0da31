// @ts-check
// What is said of a camera on another device: how it is, what it can be asked, and what became of that.

import { roomWords } from "./health-words.js";
import { clockTime, dayName, problemWords } from "./words.js";

/**
 * @typedef {Record<string, any>} Device a device object of the API
 * @typedef {{text: string, tone: ""|"ok"|"warn"|"danger"}} Outcome
 */

/** Codes of what is wrong now. Of a camera that is away nothing is known. @param {Device} device @returns {string[]} */
export const problemsOf = ({ online, health }) => (online ? health?.problems ?? [] : []);

/** Whether somebody has to look after it. @param {Device} device */
export const needsAttention = (device) => Boolean(device.health?.attention) || problemsOf(device).length > 0;

/** What its card says of that, in a few words; "" when all is well. @param {Device} device */
export function attentionWords(device) {
  if (!needsAttention(device)) return "";
  const [first, ...others] = problemsOf(device);
  if (!first) return "Needs attention";
  return others.length ? `${problemWords(first).title}, and ${others.length} more` : problemWords(first).title;
}

/** "15:04:05", with the day where it is not today. @param {string} iso @param {Date} now */
function moment(iso, now) {
  const day = dayName(iso, now);
  return day === "Today" ? clockTime(iso) : `${day}, ${clockTime(iso)}`;
}

/** Since when it is away, or when it last said how it is. @param {Device} device @param {Date} now */
export function presenceWords({ online, last_seen_at: seen, health }, now) {
  if (!online) return seen ? `Offline since ${moment(seen, now)}.` : "It was never connected.";
  return health?.reported_at ? `Last heard ${moment(health.reported_at, now)}.` : "Connected. It has not said yet how it is.";
}

/** Why nothing can be asked of it now; "" when it can. @param {Device} device */
export const cannotAsk = ({ online }) => (online ? "" : "The camera is offline, so it cannot be asked anything now. Open its page on the phone.");

const percent = (/** @type {number} */ share) => `${Math.round(share * 100)}\u00a0%`;
const isNumber = (/** @type {unknown} */ value) => typeof value === "number" && Number.isFinite(value);

/** What a camera's telemetry tells, name and value. @param {Record<string, any>|null|undefined} telemetry @returns {[string, string][]} */
export function telemetryRows(telemetry) {
  const { fps, dropped_share: dropped, encoder_lag_ms: lag, battery, charging, visible } = telemetry ?? {};
  const { storage_left_bytes: room, network, rtt_ms: rtt, clock_offset_ms: offset } = telemetry ?? {};
  /** @type {[string, string|null][]} */
  const rows = [
    ["Battery", isNumber(battery) ? `${percent(battery)}${charging ? ", charging" : ", not charging"}` : null],
    ["Pictures a second", isNumber(fps) ? fps.toFixed(1) : null],
    ["Left out by the encoder", isNumber(dropped) ? percent(dropped) : null],
    ["Encoder", isNumber(lag) ? `${Math.round(lag)} ms behind` : null],
    ["Storage", isNumber(room) ? `${roomWords(room)} free` : null],
    ["Network", isNumber(rtt) || network ? [network, isNumber(rtt) ? `${Math.round(rtt)} ms to the hub` : null].filter(Boolean).join(", ") : null],
    ["Clock", isNumber(offset) ? clockWords(offset) : null],
    ["Page", typeof visible === "boolean" ? (visible ? "in front" : "in the background") : null],
  ];
  return /** @type {[string, string][]} */ (rows.filter(([, value]) => value !== null));
}

/** @param {number} offset ms that the hub is ahead */
const clockWords = (offset) =>
  (Math.abs(offset) < 1000 ? "as the hub's" : `${(Math.abs(offset) / 1000).toFixed(0)} s ${offset > 0 ? "behind" : "ahead of"} the hub`);

// Commands

/** What a person asks, by command and arguments. @param {string} command @param {Record<string, any>} [args] */
export function commandName(command, args = {}) {
  switch (command) {
    case "start": return "Start watching";
    case "stop": return "Stop watching";
    case "record": return "Record now";
    case "torch": return args.on ? "Torch on" : "Torch off";
    case "siren": return args.on ? `Siren for ${args.seconds} s` : "Silence the siren";
    case "camera": return args.facing === "user" ? "Use the front camera" : "Use the back camera";
    case "relearn": return "Relearn the scene";
    default: return command;
  }
}

/** @type {Record<string, string>} */
const DONE = {
  start: "It watches.", stop: "It has stopped watching.", record: "It records a clip.",
  relearn: "It learns anew what the picture usually looks like.",
};

/** What the camera answered. @param {string} command @param {{ok: boolean, message?: string|null}} answer @returns {Outcome} */
export function answerWords(command, { ok, message }) {
  if (!ok) return { text: message || "The camera could not do it, and did not say why.", tone: "danger" };
  return { text: message || DONE[command] || "Done.", tone: "ok" };
}

/** Why there is no answer. @param {{status?: number, code?: string, message: string}} error @returns {Outcome} */
export function failureWords({ code, message }) {
  switch (code) {
    case "camera_offline": return { text: "The camera is not connected, so it was not asked.", tone: "danger" };
    case "camera_silent": return { text: "The camera is connected but does not answer. Look at its screen.", tone: "danger" };
    case "not_found": return { text: "This hub cannot ask cameras for anything yet. Update it.", tone: "danger" };
    default: return { text: message, tone: "danger" };
  }
}

/** Why there is no picture. @param {{status?: number, code?: string, message: string}} error */
export function pictureProblem({ code, message }) {
  switch (code) {
    case "camera_offline": return "There is no picture: the camera is not connected.";
    case "camera_silent": return "There is no picture: the camera is connected but sends none. It may not be watching.";
    case "undecodable": return "There is no picture: what the camera sends cannot be decoded.";
    default: return `There is no picture: ${message}`;
  }
}

/** Why a live picture ended. @param {string|undefined} reason of the hub */
export function liveEndWords(reason) {
  if (reason === "the camera's stream is damaged") return "No longer live: the camera sent something that cannot be shown. Press Stop live, then Live, to try again.";
  return "No longer live: the camera is not connected. The picture comes back with it.";
}

/** A file's name for a picture. @param {string} label @param {Date} at */
export function pictureFile(label, at) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const name = label.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "") || "camera";
  return `${name}-${day}-${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join("-")}.jpg`;
}
