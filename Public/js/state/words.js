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
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** @param {number} bytes */
export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Whether a camera watches: words, tone and symbol. @param {Record<string, any>} device @returns {{text: string, tone: string, symbol: string}} */
export function cameraState({ online, watching }) {
  if (!online) return { text: "Offline", tone: "", symbol: "offline" };
  return watching ? { text: "Watching", tone: "ok", symbol: "eye" } : { text: "Online", tone: "accent", symbol: "check" };
}

/** How far into the clip the trigger is, in seconds. @param {Record<string, any>} event */
export const triggerOffset = (event) => (event.started_at ? Math.max(0, (Date.parse(event.triggered_at) - Date.parse(event.started_at)) / 1000) : 0);

/** @type {[string, string][]} */
const STAGES = [["first_byte", "First bytes"], ["durable", "Clip complete"], ["processing", "Analysis began"], ["done", "Result"]];

/** Why an alert was late: how long after the trigger each stage was reached. @param {Record<string, any>} event @param {any[]} deliveries @returns {[string, string][]} */
export function stageTimes(event, deliveries) {
  const start = Date.parse(event.stages?.triggered ?? event.triggered_at);
  /** @param {string} time */
  const after = (time) => {
    const seconds = (Date.parse(time) - start) / 1000;
    return seconds < 60 ? `${seconds < 0 ? "−" : "+"}${Math.abs(seconds).toFixed(1)} s` : `+${duration(seconds)}`;
  };
  const sent = deliveries.filter((delivery) => delivery.sent_at).map((delivery) => delivery.sent_at).sort()[0];
  return [
    ["Trigger", clockTime(event.stages?.triggered ?? event.triggered_at)],
    ...STAGES.filter(([key]) => event.stages?.[key]).map(([key, name]) => /** @type {[string, string]} */ ([name, after(event.stages[key])])),
    ...(sent ? [/** @type {[string, string]} */ (["Alert sent", after(sent)])] : []),
  ];
}

/** A link that somebody else gave, if following it does no more than open a page. @param {unknown} url */
export function safeLink(url) {
  return typeof url === "string" && /^https?:\/\//i.test(url) ? url : null;
}

/** "4:09", as a clock that runs down. @param {number} milliseconds */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

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
