// @ts-check
// What a sensitivity from 0 to 100 means: how far away somebody may be and still be seen.
//
// The camera is taken to see 70° across in a picture of 16:9, as a phone held sideways does. A person of 1.7 m by 0.5 m, or a cat of 0.25 m
// by 0.45 m, then covers a known share of the picture at each distance, of which some looks like what is behind.

/** Half the field of view, as width of the picture by distance. */
const WIDTH_AT_1_M = 2 * Math.tan((35 * Math.PI) / 180);
const AREA_AT_1_M = WIDTH_AT_1_M * WIDTH_AT_1_M * (9 / 16);
const PERSON = 1.7 * 0.5;
const CAT = 0.45 * 0.25;
/** Of a body that moves, this share is seen to. */
const SEEN = 0.5;
const NEAREST = 2;
const FARTHEST = 14;
/** A candidate, kept for audit, needs this share of what an event does. */
const CANDIDATE = 0.5;

export const DEFAULT_SENSITIVITY = 50;

/** The share of the picture that a body covers. @param {number} area m² @param {number} distance m */
export const shareAt = (area, distance) => Math.min(1, area / (AREA_AT_1_M * distance * distance));

/** From how far a body is seen. @param {number} area m² @param {number} threshold share of the picture */
const reach = (area, threshold) => Math.sqrt((SEEN * area) / (AREA_AT_1_M * threshold));

/**
 * @param {number} value 0: only what is near, … 100: all that can be told from noise
 * @returns {{threshold: number, candidate: number, personMetres: number, catMetres: number, words: string}} shares of the picture that
 *   must move for an event and for a candidate, and what that means
 */
export function sensitivity(value) {
  const bounded = Math.min(100, Math.max(0, Number.isFinite(value) ? value : DEFAULT_SENSITIVITY));
  const distance = NEAREST + ((FARTHEST - NEAREST) * bounded) / 100;
  const threshold = SEEN * shareAt(PERSON, distance);
  const catMetres = reach(CAT, threshold);
  const words = `person at ${metres(distance)}, cat at ${metres(catMetres)}`;
  return { threshold, candidate: threshold * CANDIDATE, personMetres: distance, catMetres, words };
}

/** @param {number} value */
const metres = (value) => `${value < 3 ? Math.round(value * 2) / 2 : Math.round(value)} m`;
