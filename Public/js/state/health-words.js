// @ts-check
// A phone's health, said. Pure.

/** @typedef {Partial<import("../sensor/health-watch.js").Health>} Health */

const percent = (/** @type {number} */ share) => `${Math.round(share * 100)}\u00a0%`;

/** "12 GB", "800 MB". @param {number} bytes */
export const roomWords = (bytes) => (bytes < 1e9 ? `${Math.max(0, Math.round(bytes / 1e6))}\u00a0MB` : `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)}\u00a0GB`);

/** @param {NonNullable<Health["battery"]>} battery */
const batteryWords = ({ level, charging }) => `battery ${percent(level)}${charging ? " and charging" : ", not charging"}`;

/** One calm line. @param {Health} health @param {boolean} [isConnected] without its hub the phone alone is well */
export function wellWords({ fps, battery, storage }, isConnected = true) {
  const begin = isConnected ? "All well" : "The phone is well";
  const parts = [
    fps ? `${Math.round(fps)} pictures a second` : null, battery ? batteryWords(battery) : null,
    storage ? `${roomWords(storage.quota - storage.used)} free` : null,
  ].filter(Boolean);
  return parts.length ? `${begin}: ${parts.join(", ")}` : begin;
}

/** @param {number} ms the hub's clock less this one's */
function clockWords(ms) {
  if (Math.abs(ms) < 1000) return "as the hub's";
  return `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? "behind" : "ahead of"} the hub`;
}

/** @param {NonNullable<Health["network"]>} network */
const networkWords = ({ online, type, rttMs }) =>
  [online ? "online" : "offline", type, rttMs === null ? null : `${Math.round(rttMs)} ms to the hub`].filter(Boolean).join(", ");

/** What is known, for who wants to know. @param {Health} health @returns {[string, string][]} */
export function healthDetails({ fps, wantedFps, droppedShare, encoderQueue, encoderLagMs, storage, battery, clockOffsetMs, network, isScreenKeptOn }) {
  /** @type {[string, string|null][]} */
  const rows = [
    ["Pictures a second", fps === undefined ? null : `${fps.toFixed(1)}${wantedFps ? ` of ${wantedFps}` : ""}`],
    ["Left out by the encoder", droppedShare === undefined ? null : percent(droppedShare)],
    ["Encoder", encoderLagMs === undefined ? null : `${Math.round(encoderLagMs)} ms behind${encoderQueue ? `, ${encoderQueue} waiting` : ""}`],
    ["Storage", storage ? `${roomWords(storage.used)} used, ${roomWords(storage.quota - storage.used)} free` : null],
    ["Battery", battery ? `${percent(battery.level)}${battery.charging ? ", charging" : ""}` : null],
    ["Clock", clockOffsetMs === null || clockOffsetMs === undefined ? null : clockWords(clockOffsetMs)],
    ["Network", network ? networkWords(network) : null],
    ["Screen", isScreenKeptOn === undefined ? null : isScreenKeptOn ? "kept on" : "may turn off"],
  ];
  return /** @type {[string, string][]} */ (rows.filter(([, value]) => value !== null));
}
