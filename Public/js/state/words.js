// @ts-check
// How states, times and sizes are said.

import { sentence } from "./alerts.js";

/** @param {string} type */
export const triggerName = (type) => (Object.hasOwn(TRIGGERS, type) ? TRIGGERS[type][0] : type.charAt(0).toUpperCase() + type.slice(1).replaceAll("_", " "));

/** @param {string} type */
export const triggerIcon = (type) => (Object.hasOwn(TRIGGERS, type) ? TRIGGERS[type][1] : "camera");

/** Name and symbol. @type {Record<string, [string, string]>} */
const TRIGGERS = {
  motion: ["Motion", "motion"], sound: ["Sound", "sound"], tamper: ["Tampering", "warning"], manual: ["By hand", "record"],
  attention: ["Needs attention", "warning"], offline: ["Camera offline", "offline"], online: ["Camera back online", "check"],
};

/** Whether an event is about the camera itself, and so has no clip. @param {Record<string, any>} event */
export const isNotice = ({ trigger_type: type }) => ["attention", "offline", "online"].includes(type);

/** "Motion, then sound": what happened in a clip, in its order, each once. @param {Record<string, any>} event */
export function causeWords({ causes, trigger_type: type }) {
  const inOrder = [...(causes ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map((cause) => cause.type);
  const [first, ...others] = new Set(inOrder.length ? inOrder : [type]);
  return [triggerName(first), ...others.map((other) => triggerName(other).toLowerCase())].join(", then ");
}

/** "Motion 10:02:03, sound 10:02:08"; "" where there is but one. @param {Record<string, any>} event */
export function causeTimes({ causes }) {
  if ((causes?.length ?? 0) < 2) return "";
  const inOrder = [...causes].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return inOrder.map((cause, index) => `${index ? triggerName(cause.type).toLowerCase() : triggerName(cause.type)} ${clockTime(cause.at)}`).join(", ");
}

/** The hub has stills of it only; the clip is kept by the camera. @param {Record<string, any>} event */
export const isOnCamera = ({ clip_state: state }) => state === "on_device" || state === "requested";

/** What is said of a clip that is not here yet. @param {Record<string, any>} event */
export function clipNote({ clip_state: state, status }) {
  switch (state) {
    case "preview": return "The hub looks at pictures of it first.";
    case "on_device": return "The clip is on the camera.";
    case "requested": return "Asked for: the clip comes as soon as the camera has sent it.";
    case "gone": return "The clip is gone. The pictures are all there is.";
    default: return status === "recording" ? "Recording… the clip follows." : "The clip is on its way…";
  }
}

/** @type {Record<string, string>} */
const STATUS = { recording: "recording", uploaded: "received", queued: "waiting", processing: "processing", failed: "failed", dropped: "dropped" };

/** "Motion · recording", and "Motion" once it is done. @param {Record<string, any>} event */
export function eventTitle(event) {
  const name = causeWords(event);
  const state = isOnCamera(event) ? (event.clip_state === "requested" ? "being fetched" : "on the camera") : STATUS[event.status];
  return state ? `${name} · ${state}` : name;
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

/** A link that somebody else gave, if following it does no more than open a page. @param {unknown} url */
export function safeLink(url) {
  return typeof url === "string" && /^https?:\/\//i.test(url) ? url : null;
}

/** "4:09", as a clock that runs down. @param {number} milliseconds */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @type {Record<string, string>} */
const CHANNELS = { telegram: "Telegram", email: "E-mail", webhook: "Webhook" };
/** @type {Record<string, string>} */
const SENT = { telegram: "Sent to Telegram", email: "Sent by e-mail", webhook: "Sent to the webhook" };

/** What became of an alert, in a few words; why is said on the event's page. @param {Record<string, any>} delivery @returns {{text: string, tone: string}} */
export function deliveryWords({ channel, state, reason }) {
  const name = CHANNELS[channel] ?? "Alert";
  switch (state) {
    case "sent": return { text: SENT[channel] ?? "Sent", tone: "ok" };
    case "expired":
    case "failed": return { text: `${name} failed`, tone: "danger" };
    case "retry": return { text: `${name}: trying again`, tone: "warn" };
    case "suppressed": return { text: reason === "snoozed" ? "No alert: snoozed" : reason?.startsWith("cooldown") ? "No alert: cooldown" : "No alert", tone: "" };
    default: return { text: `${name}: sending`, tone: "" };
  }
}

/**
 * What a card says beside its words: that the clip ends early, what people said of it, and what became of its alerts, each once.
 * @param {Record<string, any>} event @param {Record<string, any>[]} deliveries @returns {{text: string, tone: string}[]}
 */
export function eventBadges(event, deliveries) {
  /** @type {Map<string, {text: string, tone: string, count: number}>} */
  const alerts = new Map();
  // Where somebody was alerted it is of little interest who was not meant to be.
  const others = deliveries.filter(({ state }) => state !== "suppressed");
  for (const delivery of others.length ? others : deliveries) {
    const words = deliveryWords(delivery);
    alerts.set(words.text, { ...words, count: (alerts.get(words.text)?.count ?? 0) + 1 });
  }
  return [
    ...(clipProblem(event) ? [{ text: event.incomplete ? "Ends early" : "No clip", tone: "" }] : []),
    ...(event.feedback === "false_alarm" ? [{ text: "False alarm", tone: "" }] : []),
    ...[...alerts.values()].map(({ text, tone, count }) => ({ text: count > 1 ? `${text} (${count})` : text, tone })),
  ];
}

/** What is wrong with a clip that there is, as a sentence. @param {Record<string, any>} event */
export function clipProblem(event) {
  // While it is being recorded the rest may still come; a failure has its own reason.
  if (["recording", "failed", "dropped"].includes(event.status) || (!event.incomplete && !event.clip_problem)) return null;
  return sentence(event.clip_problem ?? "the clip ends early");
}

/** @type {Record<string, [string, string]>} */
const PROBLEMS = {
  frozen: ["The picture has stopped", "The camera says it runs, but brings nothing new. It is being started again; if that does not help, restart the phone."],
  track_ended: ["The camera was taken away", "Another app may use it, or it was not allowed any more. It is being asked for again."],
  track_muted: ["The camera brings no pictures", "The phone has paused it, as for a call or another app. It goes on when that ends."],
  page_hidden: ["This page is in the background", "Phones stop the camera of a hidden page. Bring it to the front."],
  wake_lock_lost: ["The screen may turn off", "With it the camera stops. Set the phone's screen time-out to the longest, and turn off battery saving."],
  storage_low: ["Little storage is left", "Delete apps or photos. Clips that the hub has go first, then the oldest that it does not have."],
  battery_low: ["The battery is nearly empty", "Plug the phone in."],
  encoder_slow: ["The phone is too slow", "Pictures are left out. Choose a smaller resolution, or let the phone cool down."],
  covered: ["The lens is covered", "Something is before the camera. Nothing is seen until it is gone."],
  moved: ["The camera was moved", "Its picture is another than before. Look whether it still shows what it should."],
  clock_wrong: ["The phone's clock is wrong", "Times of events may be off. Let the phone set its clock by itself."],
};

/** What is wrong with a camera, by the code of its telemetry, and what to do about it. @param {string} code @returns {{title: string, advice: string}} */
export function problemWords(code) {
  // A newer camera may know of more.
  const [title, advice] = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : [`Something is wrong: ${code.replaceAll("_", " ")}`, "Look at the camera's own screen."];
  return { title, advice };
}
