// @ts-check
// What is said of regions and their points.

import { maskOf } from "../lib/regions.js";

/** Fine enough for a whole per cent. */
const COLUMNS = 160, ROWS = 90;

/** @param {import("./settings.js").Region} region @param {number} index */
export const regionName = ({ name }, index) => (name ? `Region ${index + 1}, ${name}` : `Region ${index + 1}`);

/** @param {readonly [number, number]} point */
export const placeWords = ([x, y]) => `${Math.round(x * 100)}\u00a0% from the left, ${Math.round(y * 100)}\u00a0% from the top`;

/** How much of the picture counts no more. @param {import("./settings.js").Region[]} regions @returns {{text: string, tone: ""|"warn"}} */
export function maskWords(regions) {
  if (!regions.length) return { text: "The whole picture is watched.", tone: "" };
  const { share } = maskOf(regions, COLUMNS, ROWS);
  if (share === 1) return { text: "Nothing is watched: all of the picture is left out.", tone: "warn" };
  if (share === 0) return { text: "Nothing of the picture is left out.", tone: "" };
  const percent = Math.min(99, Math.max(1, Math.round(share * 100)));
  return { text: `${percent}\u00a0% of the picture is left out.`, tone: share > 0.8 ? "warn" : "" };
}
