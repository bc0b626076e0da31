// @ts-check
// An event from its trigger to the alert, or why there was none, in words.

import { sentence, targetKey, targetName, disabledWords } from "./alerts.js";
import { clockTime, duration } from "./words.js";

/**
 * @typedef {{time: string, outcome: string, detail: string}} Failure a try that did not succeed
 * @typedef {{key: string, title: string, time: string, note: string, tone: ""|"ok"|"warn"|"danger"|"busy", isRepeat: boolean, failures: Failure[]}} Item
 * @typedef {Record<string, any>} Loose
 */

/** "+0.4 s", "+1 min 15 s", "+2 h 5 min": how long after the trigger. @param {string} iso @param {string} start */
export function relativeTime(iso, start) {
  const seconds = (Date.parse(iso) - Date.parse(start)) / 1000;
  const sign = seconds < 0 ? "−" : "+", length = Math.abs(seconds);
  if (length < 59.95) return `${sign}${length.toFixed(1)} s`;
  if (length < 3600) return sign + duration(length);
  const minutes = Math.round(length / 60);
  if (minutes < 24 * 60) return `${sign}${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${sign}${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/**
 * The list's items, in the order in which they happened; what is under way comes last.
 * @param {Loose} event @param {Loose[]} steps the hub's timeline @param {Loose[]} deliveries with their history @param {Loose[]} targets
 * @returns {Item[]}
 */
export function whatHappened(event, steps, deliveries, targets) {
  const start = event.triggered_at;
  const items = steps.map((step) => {
    const item = step.step === "alerted" ? alertItem(step, deliveries, targets, start) : stepItem(step, event, start);
    return { item, place: step.step === "triggered" ? -Infinity : item.at ? Date.parse(item.at) : Infinity };
  });
  // Equal times stay in the hub's order.
  return items.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place)).map(({ item: { at, ...item } }) => item);
}

/** @param {Loose} step @param {Loose} event @param {string} start @returns {Item & {at: string|null}} */
function stepItem({ step, at, reason }, event, start) {
  /** @param {string} title @param {Item["tone"]} tone @param {string} [note] */
  const item = (title, tone, note = "") => ({ key: step, title, tone, note, at: at ?? null, time: at ? relativeTime(at, start) : "", isRepeat: false, failures: [] });
  switch (step) {
    case "triggered": return { ...item("Triggered", "ok"), time: clockTime(at ?? start) };
    case "first_byte": return item("First byte", "ok");
    case "durable": return at ? item("Stored", "ok", reason ? sentence(reason) : "") : item("Recording…", "busy");
    case "analysed": {
      if (at) return item("Analysed", "ok", event.should_notify && event.alert_reason ? sentence(event.alert_reason) : "");
      return item(event.status === "processing" ? "Analysing…" : "Waiting for analysis…", "busy");
    }
    case "failed": return item("Failed", "danger", reason ? sentence(reason) : "");
    case "dropped": return item("Dropped", "warn", reason ? sentence(reason) : "");
    case "not_alerted": return item("Nobody was alerted", "", reason ? sentence(reason) : "");
    default: return item(sentence(step.replaceAll("_", " ")).replace(/\.$/, ""), "", reason ? sentence(reason) : "");
  }
}

/** "by Telegram to @bob". @param {Loose} delivery @param {Loose[]} targets */
export function way({ channel, target }, targets) {
  if (channel === "webhook") return "by webhook";
  const name = targetName(targets.find((other) => targetKey(other) === targetKey({ channel, target })) ?? /** @type {any} */ ({ channel, target }));
  return channel === "email" ? `by e-mail to ${name}` : `by Telegram to ${name}`;
}

/** @param {Loose} step @param {Loose[]} deliveries @param {Loose[]} targets @param {string} start @returns {Item & {at: string|null}} */
function alertItem(step, deliveries, targets, start) {
  // What the socket told since is newer than the timeline.
  const delivery = { ...step, ...deliveries.find((other) => targetKey(other) === targetKey(/** @type {any} */ (step))) };
  const history = delivery.history ?? [];
  const isOver = ["sent", "failed", "expired", "suppressed"].includes(delivery.state);
  const at = delivery.sent_at ?? step.at ?? (isOver ? delivery.updated_at : null) ?? null;
  return {
    key: targetKey(/** @type {any} */ (step)), at, time: at ? relativeTime(at, start) : "", isRepeat: Boolean(delivery.possible_repeat),
    failures: failedTries(history, start), ...alertWords(delivery, history, way(delivery, targets), start),
  };
}

/** @param {Loose} delivery @param {Loose[]} history @param {string} by @param {string} start @returns {Pick<Item, "title"|"tone"|"note">} */
function alertWords(delivery, history, by, start) {
  const reason = delivery.reason ? sentence(delivery.reason) : "";
  switch (delivery.state) {
    case "sent": return { title: `Alerted ${by}`, tone: "ok", note: pictureFirst(history, start) };
    case "failed":
    case "expired": return { title: `Not alerted ${by}`, tone: "danger", note: reason };
    case "suppressed": return { title: `Not alerted ${by}`, tone: "", note: suppressionWords(delivery) };
    default:
      if (delivery.stage === "still") return { title: `Picture sent ${by}`, tone: "busy", note: delivery.state === "retry" ? `The clip follows. ${reason}` : "The clip follows." };
      return { title: `Alerting ${by}…`, tone: delivery.state === "retry" ? "warn" : "busy", note: delivery.state === "retry" ? `${reason} The hub tries again.`.trim() : "" };
  }
}

/** @param {Loose[]} history @param {string} start */
function pictureFirst(history, start) {
  const sent = history.filter((attempt) => attempt.outcome === "sent");
  const clip = sent.find((attempt) => attempt.stage === "clip");
  return clip && sent.some((attempt) => attempt.stage === "still") ? `First the picture, the clip at ${relativeTime(clip.ended_at, start)}.` : "";
}

/** @param {Loose} delivery */
function suppressionWords({ channel, reason }) {
  const cooldown = reason?.match(/^cooldown: .* (\d+) s before$/);
  if (cooldown) return `Cooldown: another alert of this camera had arrived there ${duration(Number(cooldown[1]))} before.`;
  if (reason === "snoozed") return "Alerts were snoozed at that time.";
  if (reason === "unlinked") return channel === "telegram" ? "The chat was not linked any more." : "The address was removed.";
  if (channel === "telegram" && /block|removed|not know the chat/.test(reason ?? "")) return disabledWords(/** @type {any} */ ({ channel, disabled_reason: reason }));
  return reason ? sentence(reason) : "";
}

/** @type {Record<string, string>} */
const OUTCOMES = { retry: "Failed, to be tried again", failed: "Failed", unknown: "Outcome unknown" };

/** @param {Loose[]} history @param {string} start @returns {Failure[]} */
const failedTries = (history, start) =>
  history.filter(({ outcome }) => OUTCOMES[outcome]).map(({ ended_at, started_at, outcome, status_code, reason }) => ({
    time: relativeTime(ended_at ?? started_at, start),
    outcome: OUTCOMES[outcome],
    detail: [status_code && !reason?.includes(`status ${status_code}`) ? `status ${status_code}` : "", reason ?? ""].filter(Boolean).join(" · "),
  }));

/** "1 try failed". @param {Failure[]} failures */
export const failuresTitle = ({ length }) => `${length} ${length === 1 ? "try" : "tries"} failed`;

// Trying again

/** Ends that a person may want to try again. @param {Loose} event @param {Loose[]} deliveries */
const failedWork = (event, deliveries) => [
  ...(event.status === "failed" && event.failure?.retryable ? [{ key: "failed", delivery_id: null, target: null }] : []),
  ...deliveries.filter(({ state }) => state === "failed" || state === "expired").map((delivery) => ({ key: targetKey(/** @type {any} */ (delivery)), delivery_id: delivery.delivery_id, target: delivery })),
];

/** @param {Loose} work @param {Loose[]} jobs */
const jobOf = ({ delivery_id: id }, jobs) => jobs.find((job) => job.state === "dead" && (id ? job.delivery_id === id : job.work === "process"));

/** Whether something failed of which no dead job is known yet. @param {Loose} event @param {Loose[]} deliveries @param {Loose[]} jobs */
export const lacksJob = (event, deliveries, jobs) => failedWork(event, deliveries).some((work) => !jobOf(work, jobs));

/**
 * The dead jobs that can be set going again, by the item of the list that they belong to. An alert to somebody who gets none now would only
 * be given up for good.
 * @param {Loose} event @param {Loose[]} deliveries @param {Loose[]} jobs @param {Loose[]|undefined} targets
 * @returns {Record<string, Loose>}
 */
export function retryable(event, deliveries, jobs, targets) {
  /** @type {Record<string, Loose>} */
  const result = {};
  for (const work of failedWork(event, deliveries)) {
    const job = jobOf(work, jobs);
    if (job && (!work.target || canReach(work.target, targets))) result[work.key] = job;
  }
  return result;
}

/** @param {Loose} delivery @param {Loose[]|undefined} targets */
function canReach(delivery, targets) {
  if (delivery.channel === "webhook" || !targets) return true;
  const target = targets.find((other) => targetKey(/** @type {any} */ (other)) === targetKey(/** @type {any} */ (delivery)));
  return Boolean(target) && !target?.disabled_reason;
}

/**
 * What became of trying again.
 * @param {Loose} job as the hub answered @param {Loose} event @param {Loose[]} deliveries
 * @returns {{text: string, isOver: boolean}}
 */
export function retryOutcome(job, event, deliveries) {
  const subject = job.delivery_id ? deliveries.find((delivery) => delivery.delivery_id === job.delivery_id) : event;
  const state = subject?.state ?? subject?.status;
  // What is known is from before.
  if (!subject || subject.updated_at < job.updated_at) return { text: "Trying again…", isOver: false };
  switch (state) {
    case "sent": return { text: "Sent this time.", isOver: true };
    case "done": return { text: "It worked this time.", isOver: true };
    case "failed": return { text: `It failed again: ${subject.reason ?? subject.failure?.reason ?? "the reason is not known"}.`, isOver: true };
    case "expired": return { text: "It came too late again.", isOver: true };
    case "suppressed": return { text: suppressionWords(subject), isOver: true };
    case "dropped": return { text: sentence(subject.dropped_reason ?? "it was dropped"), isOver: true };
    case "retry": return { text: `It failed again: ${subject.reason ?? "the reason is not known"}. The hub goes on trying.`, isOver: true };
    default: return { text: "Trying again…", isOver: false };
  }
}
