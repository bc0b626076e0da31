// @ts-check
// What is always there: the noise of a room, per band and per frequency. It follows the least of the last moments, so that speech, which
// pauses between syllables, does not raise it, and a fan, which never pauses, does.

/** Moments of which the least counts, and how many of them. */
const MOMENT_MS = 250;
const MOMENTS = 6;
/** The least of noise lies so far below its mean. */
const LEAST_TO_MEAN = 2;
/** How fast the floor may rise, dB/s. */
const RISE = 20;
/** Of frequencies, which are noisier than bands: they follow slowly, and never more than this, dB/s. */
const FREQUENCY_RISE = 5;

export const decibels = (/** @type {number} */ power) => 10 * Math.log10(power + 1e-12);

export class BandFloor {
  /** @param {number} bands @param {number} lowest power below which nothing counts as noise */
  constructor(bands, lowest) {
    this.lowest = decibels(lowest);
    this.smooth = new Float64Array(bands).fill(-1);
    /** dB */
    this.level = new Float64Array(bands).fill(this.lowest);
    /** @type {Float64Array[]} */
    this.moments = [];
    this.inMoment = 0;
    this.isLearning = true;
  }

  /**
   * @param {Float64Array} bands power
   * @param {number} ms since the frame before
   */
  update(bands, ms) {
    const keep = Math.exp(-ms / 60);
    const isNew = this.moments.length === 0 || this.inMoment >= MOMENT_MS;
    if (isNew) {
      this.inMoment = 0;
      this.moments.push(new Float64Array(bands.length).fill(Infinity));
      if (this.moments.length > MOMENTS) this.moments.shift();
    }
    this.inMoment += ms;
    const moment = /** @type {Float64Array} */ (this.moments.at(-1));
    for (let band = 0; band < bands.length; band++) {
      const smooth = this.smooth[band] < 0 ? bands[band] : keep * this.smooth[band] + (1 - keep) * bands[band];
      this.smooth[band] = smooth;
      moment[band] = Math.min(moment[band], smooth);
      let least = Infinity;
      for (const { [band]: value } of this.moments) least = Math.min(least, value);
      const goal = Math.max(this.lowest, decibels(least) + LEAST_TO_MEAN);
      const most = this.isLearning ? Infinity : (RISE * ms) / 1000;
      this.level[band] = Math.min(goal, this.level[band] + most);
    }
  }
}

export class FrequencyFloor {
  /** @param {number} count */
  constructor(count) {
    this.smooth = new Float64Array(count);
    this.level = new Float64Array(count);
    this.isNew = true;
  }

  /** @param {Float64Array} power @param {number} ms */
  update(power, ms) {
    const keep = Math.exp(-ms / 100);
    const rise = 10 ** ((FREQUENCY_RISE * ms) / 10_000);
    for (let k = 0; k < power.length; k++) {
      const smooth = this.isNew ? power[k] : keep * this.smooth[k] + (1 - keep) * power[k];
      this.smooth[k] = smooth;
      const level = this.level[k];
      this.level[k] = this.isNew || smooth < level ? smooth : Math.min(smooth, level * rise + 1e-14);
    }
    this.isNew = false;
  }
}
