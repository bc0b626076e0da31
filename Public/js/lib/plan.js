// @ts-check
// What the hub lets a camera do. Pure: times come in.

/** @typedef {{maxClipSeconds: number|null, uploadsPerHour: number|null}} Plan null: no limit */
/** @typedef {{reason: "uploads", until: number}} Held why a clip stays on the device for now, and until when, ms */

export const HOUR_MS = 3_600_000;
/** @type {Plan} */
export const UNLIMITED = { maxClipSeconds: null, uploadsPerHour: null };

/**
 * Whether one more clip may go up now.
 * @param {readonly number[]} uploads when clips went up, ms, in any order
 * @param {number|null} perHour
 * @param {number} at ms
 * @returns {Held|null}
 */
export function heldUploads(uploads, perHour, at) {
  if (perHour === null) return null;
  const recent = uploads.filter((time) => time > at - HOUR_MS && time <= at).sort((a, b) => a - b);
  if (recent.length < perHour) return null;
  return { reason: "uploads", until: (recent[recent.length - perHour] ?? at) + HOUR_MS };
}
