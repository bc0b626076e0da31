// @ts-check
// Until when. Pure.

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** @param {number} count @param {string} unit */
const many = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** @param {number} ms */
function span(ms) {
  if (ms < HOUR) return many(Math.max(1, Math.floor(ms / MINUTE)), "minute");
  if (ms < DAY) return many(Math.floor(ms / HOUR), "hour");
  return many(Math.floor(ms / DAY), "day");
}

/** "in 3 days"; null for what never ends. @param {string|null|undefined} iso @param {number} now */
export function until(iso, now) {
  if (!iso) return null;
  const left = Date.parse(iso) - now;
  return left <= 0 ? "over" : left < MINUTE ? "in less than a minute" : `in ${span(left)}`;
}

/** @param {string|null|undefined} iso @param {number} now */
export const isOver = (iso, now) => Boolean(iso) && Date.parse(/** @type {string} */ (iso)) <= now;

/** "21 November 2026". @param {string} iso */
export const date = (iso) => new Date(iso).toLocaleDateString([], { day: "numeric", month: "long", year: "numeric" });

/** "21 Nov 2026, 15:04". @param {string} iso */
export const dateTime = (iso) => new Date(iso).toLocaleString([],
  { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
