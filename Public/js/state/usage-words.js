// @ts-check
// A plan and what was used of it, in words. Pure.

/** @param {number} number */
const grouped = (number) => number.toLocaleString([], { maximumFractionDigits: 1 });

/** The share from which on little is left. */
export const NEARLY = 0.8;

/** @param {number} seconds */
function long(seconds) {
  if (seconds < 120) return `${grouped(seconds)} seconds`;
  if (seconds < 7200) return `${grouped(Math.round(seconds / 6) / 10)} minutes`;
  return `${grouped(Math.round(seconds / 360) / 10)} hours`;
}

/** @param {number} count @param {string} one @param {string} many */
const counted = (count, one, many) => `${grouped(count)} ${count === 1 ? one : many}`;

/** What a plan includes, name and value; null is unlimited. @param {Record<string, any>} plan @returns {[string, string][]} */
export function planRows(plan) {
  /** @param {number|null|undefined} value @param {(value: number) => string} words */
  const limit = (value, words) => (value === null || value === undefined ? "unlimited" : words(value));
  return [
    ["Analysed a month", limit(plan.analysed_seconds_per_month, (seconds) => `${long(seconds)} of clips`)],
    ["Longest clip", limit(plan.maximum_clip_seconds, long)],
    ["Clips an hour", limit(plan.uploads_per_hour, grouped)],
    ["Clips are kept", plan.retention_days === null || plan.retention_days === undefined ? "as long as there is room"
      : counted(plan.retention_days, "day", "days")],
    ["Cameras", limit(plan.devices, grouped)],
    ["Watching at once", limit(plan.viewers, (count) => counted(count, "viewer", "viewers"))],
  ];
}

/**
 * How much of what is included was used, to be shown as a meter.
 * @param {{used: number, included: number|null, left?: number|null}} credits
 * @returns {{text: string, note: string, share: number|null, tone: ""|"warn"|"danger"}} `share` from 0 to 1, null without a limit
 */
export function creditWords({ used, included, left }) {
  if (included === null || included === undefined) {
    return { text: `${counted(used, "credit", "credits")} used`, note: "Your plan has no limit.", share: null, tone: "" };
  }
  const rest = Math.max(0, left ?? included - used);
  const share = included > 0 ? Math.min(1, used / included) : 1;
  const note = rest <= 0 ? "Clips are still kept and you are still alerted, but they are not looked at until the month is over." : "";
  const text = `${grouped(used)} of ${counted(included, "credit", "credits")} used, ${grouped(rest)} left`;
  return { text, note, share, tone: rest <= 0 ? "danger" : share >= NEARLY ? "warn" : "" };
}

/** "November 2026". @param {string} month as in "2026-11" */
export function monthName(month) {
  const [year, number] = month.split("-").map(Number);
  return new Date(year, number - 1, 1).toLocaleDateString([], { month: "long", year: "numeric" });
}

/** @type {Record<string, string>} */
const KINDS = { analysis: "Clip analysed", rest: "Rest of a clip analysed" };

/** What an entry of the ledger was for. @param {Record<string, any>} entry */
export const entryName = ({ kind }) => (Object.hasOwn(KINDS, kind) ? KINDS[kind] : kind);

/** "12 s, 2 credits". @param {Record<string, any>} entry */
export function entryWords({ seconds, credits }) {
  return `${grouped(seconds)} s, ${counted(credits, "credit", "credits")}`;
}
