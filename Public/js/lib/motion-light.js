// @ts-check
// What the light did between two pictures, so that it can be taken out before they are compared.

const BINS = 512;
/** Of the histograms below: grey levels a bin. */
const BIN = 0.25;
const counts = new Uint16Array(BINS);

/**
 * Gain and offset that turn most of `background` into `means`: starts from no change, and fits again and again to the half that fits
 * best, so that what moves does not pull the fit.
 * @param {Float32Array} background @param {Float32Array} means
 * @returns {{gain: number, offset: number, change: number}} `change`: mean grey levels by which the light differs
 */
export function fitLight(background, means) {
  let fit = leastSquares(background, means, 1, medianOffset(background, means), 0);
  for (let round = 0; round < 3; round++) {
    fit = leastSquares(background, means, fit.gain, fit.offset, Math.max(2 * medianResidual(background, means, fit), 1));
  }
  let change = 0;
  for (const value of background) change += Math.abs(fit.gain * value + fit.offset - value);
  return { ...fit, change: change / background.length };
}

/** @param {Float32Array} from @param {Float32Array} to */
function medianOffset(from, to) {
  counts.fill(0);
  for (let i = 0; i < from.length; i++) tally((to[i] - from[i]) / 4 + (BINS * BIN) / 2);
  return (median(from.length) * BIN - (BINS * BIN) / 2) * 4;
}

/** @param {Float32Array} from @param {Float32Array} to @param {{gain: number, offset: number}} fit */
function medianResidual(from, to, { gain, offset }) {
  counts.fill(0);
  for (let i = 0; i < from.length; i++) tally(Math.abs(to[i] - gain * from[i] - offset));
  return median(from.length) * BIN;
}

/** @param {number} value at least 0 */
function tally(value) {
  const bin = (value * (1 / BIN) + 0.5) | 0;
  counts[bin < BINS ? bin : BINS - 1]++;
}

/** The middle of what was counted. @param {number} total */
function median(total) {
  let below = 0, at = 0;
  while (at < BINS - 1 && (below += counts[at]) * 2 < total) at++;
  return at;
}

/**
 * @param {Float32Array} from @param {Float32Array} to @param {number} gain @param {number} offset
 * @param {number} limit of what still fits; 0: everything does
 */
function leastSquares(from, to, gain, offset, limit) {
  let n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (let i = 0; i < from.length; i++) {
    const x = from[i], y = to[i];
    if (limit && Math.abs(y - gain * x - offset) > limit) continue;
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const spread = n * sxx - sx * sx;
  // A picture of one grey, or too little left to fit: only the offset can be told.
  const slope = n < 8 || spread < n * n * 4 ? 1 : Math.min(Math.max((n * sxy - sx * sy) / spread, 0.2), 5);
  return { gain: slope, offset: n ? (sy - slope * sx) / n : 0 };
}

/** Bands of flicker are at most so deep, and most of a line agrees on them. */
const DEEPEST_BAND = 0.2;
const AGREED = 0.6;

/**
 * Takes bands out of `residuals`: under lamps on 50 or 60 Hz, a rolling shutter makes whole lines brighter or darker by a share of what
 * they show. Lines are rows, or columns where the phone stands upright.
 * @param {Float32Array} residuals changed in place @param {Float32Array} light what the residuals are against @param {Float32Array} noise
 * @param {number} columns @param {number} rows
 */
export function removeBands(residuals, light, noise, columns, rows) {
  for (let y = 0; y < rows; y++) removeBand(residuals, light, noise, y * columns, 1, columns);
  for (let x = 0; x < columns; x++) removeBand(residuals, light, noise, x, columns, rows);
}

/** Added to grey levels before dividing by them. */
const PEDESTAL = 16;
const DEPTH_BINS = 128;
const DEPTH_BIN = (2 * DEEPEST_BAND) / DEPTH_BINS;

/**
 * @param {Float32Array} residuals @param {Float32Array} light @param {Float32Array} noise @param {number} start @param {number} step
 * @param {number} count
 */
function removeBand(residuals, light, noise, start, step, count) {
  counts.fill(0, 0, DEPTH_BINS);
  for (let n = 0, i = start; n < count; n++, i += step) {
    const depth = residuals[i] / (light[i] + PEDESTAL);
    const bin = ((depth + DEEPEST_BAND) * (1 / DEPTH_BIN) + 0.5) | 0;
    counts[bin < 0 ? 0 : bin < DEPTH_BINS ? bin : DEPTH_BINS - 1]++;
  }
  let below = 0, at = 0;
  while (at < DEPTH_BINS - 1 && (below += counts[at]) * 2 < count) at++;
  if (at === 0 || at === DEPTH_BINS - 1) return;
  const depth = at * DEPTH_BIN - DEEPEST_BAND;
  if (Math.abs(depth) < 0.004) return;
  let agree = 0;
  for (let n = 0, i = start; n < count; n++, i += step) {
    if (Math.abs(residuals[i] - depth * (light[i] + PEDESTAL)) < 2 + 3 * noise[i]) agree++;
  }
  if (agree < AGREED * count) return;
  for (let n = 0, i = start; n < count; n++, i += step) residuals[i] -= depth * (light[i] + PEDESTAL);
}
