// @ts-check
// Who gets alerts, and how that is said.

/** @typedef {Record<string, any>} Target a target object of the API */

/** "bob" becomes "@bob"; a chat without a name goes by its number. @param {Pick<Target, "channel"|"target"|"name">} target */
export function targetName({ channel, target, name }) {
  if (channel !== "telegram") return target;
  return name ? `@${name.replace(/^@/, "")}` : `chat ${target}`;
}

/** Targets by what they are, and not by when they came. @param {Target} target */
export const targetKey = ({ channel, target }) => `${channel} ${target}`;

/** A hub's reason as a sentence. @param {string} text */
export function sentence(text) {
  const trimmed = text.trim();
  return trimmed && `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`;
}

/** Why nothing is sent there any more, and what helps. @param {Target} target */
export function disabledWords({ channel, disabled_reason: reason }) {
  if (!reason) return "";
  if (channel === "telegram" && /block|removed/.test(reason)) return "The chat blocked the bot; link it again.";
  if (channel === "telegram" && /not know the chat/.test(reason)) return "Telegram does not know this chat any more; link it again.";
  return `${sentence(reason)} Nothing is sent there until it is added again.`;
}

/** @param {Target} target @param {number} now */
export const isSnoozed = ({ snoozed_until: end }, now) => Boolean(end) && Date.parse(end) > now;

/** "until 14:05", with the day where it is not today. @param {string} iso @param {Date} [now] */
export function untilWords(iso, now = new Date()) {
  const end = new Date(iso);
  const time = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return end.toDateString() === now.toDateString() ? `until ${time}` : `until ${end.toLocaleDateString([], { weekday: "long" })}, ${time}`;
}

/** When the next snooze ends, in milliseconds from now; `null` when none is on. @param {Target[]} targets @param {number} now */
export function nextSnoozeEnd(targets, now) {
  const ends = targets.filter((target) => isSnoozed(target, now)).map((target) => Date.parse(target.snoozed_until));
  return ends.length ? Math.min(...ends) - now : null;
}

/**
 * What a camera's tile says of its alerts: the button, and a remark where something is to be done.
 * @param {Target[]|undefined} targets `undefined` while they are not known
 * @param {number} now
 * @returns {{button: string, symbol: string, remark: string}}
 */
export function alertState(targets, now) {
  if (!targets) return { button: "Alerts", symbol: "send", remark: "" };
  if (!targets.length) return { button: "Set up alerts", symbol: "send", remark: "Nobody gets alerts of this camera." };
  const working = targets.filter((target) => !target.disabled_reason);
  if (!working.length) return { button: "Alerts are off", symbol: "warning", remark: targets.length === 1 ? disabledWords(targets[0]) : "None of those who had alerts gets them any more." };
  const someStopped = working.length < targets.length ? `${targetName(/** @type {any} */ (targets.find((target) => target.disabled_reason)))} gets no alerts any more.` : "";
  if (working.every((target) => isSnoozed(target, now))) return { button: "Alerts snoozed", symbol: "clock", remark: someStopped };
  return { button: "Alerts on", symbol: "check", remark: someStopped };
}

/** What came of a test message. @param {{sent: boolean, status_code: number|null, reason: string|null}} result @param {Target} target */
export function testWords({ sent, status_code: code, reason }, target) {
  if (!sent) return `Not sent: ${reason?.replace(/\.$/, "") ?? "nobody knows why"}${code && !reason?.includes(String(code)) ? ` (status ${code})` : ""}.`;
  if (target.disabled_reason) return "Sent, and yet alerts stay off until it is linked again.";
  return target.channel === "email" ? "Sent. It should be in the mailbox soon." : "Sent. It should be in the chat now.";
}
