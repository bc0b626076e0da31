// @ts-check
// How states, times and sizes are said.

/** @param {string} type */
const triggerName = (type) => ({ motion: "Motion", sound: "Sound", manual: "By hand" })[type] ?? type.charAt(0).toUpperCase() + type.slice(1).replaceAll("_", " ");

/** @type {Record<string, string>} */
const STATUS = { recording: "recording", uploaded: "received", queued: "waiting", processing: "processing", failed: "failed", dropped: "dropped" };

/** "Motion · recording", and "Motion" once it is done. @param {Record<string, any>} event */
export function eventTitle(event) {
  const name = triggerName(event.trigger_type);
  return STATUS[event.status] ? `${name} · ${STATUS[event.status]}` : name;
}

/** Why there is no result. @param {Record<string, any>} event */
export const eventProblem = (event) => (event.status === "failed" ? event.failure?.reason : event.status === "dropped" ? event.dropped_reason : null);

/** @param {string} iso */
export const clockTime = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** @param {string} iso @param {Date} [now] */
export function dayName(iso, now = new Date()) {
  const date = new Date(iso);
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: now.getFullYear() === date.getFullYear() ? undefined : "numeric" });
}

/** @param {Date} date */
const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** @param {number|null|undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** @param {number} bytes */
export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** What became of an alert: words and tone. @param {Record<string, any>} delivery @returns {{text: string, tone: string}} */
export function deliveryWords({ state, reason }) {
  switch (state) {
    case "sent": return { text: "Sent to Telegram", tone: "ok" };
    case "failed": return { text: `Telegram failed: ${reason ?? "unknown reason"}`, tone: "danger" };
    case "retry": return { text: `Telegram: trying again (${reason ?? "it failed once"})`, tone: "warn" };
    case "suppressed": return { text: `No alert: ${reason ?? "suppressed"}`, tone: "" };
    default: return { text: "Telegram: sending", tone: "" };
  }
}
