// @ts-check
// From samples to what the sound engine looks at: the power in a few bands, and how much of a sound has a pitch.

/** In Hz. Hum and wind lie below the first edge. */
const BAND_EDGES = [90, 180, 355, 710, 1400, 2800, 5600, 11000];
/** By how many dB a band counts less than speech: rumble below it and hiss above it carry little that matters. */
const BAND_WEIGHTS = [-8, -3, 0, 0, 0, -2, -6];
export const BANDS = BAND_WEIGHTS.length;

/** As long as a window lasts at least: two periods of the deepest voice. */
const WINDOW_SECONDS = 0.03;
/** Where a pitch is looked for, in Hz: harmonics up to the first, pitches between the others. */
const PITCH_TOP = 3400;
const PITCH_LOWEST = 80;
const PITCH_HIGHEST = 450;
const PITCH_SIZE = 512;

/** Fast Fourier transform of a power of two, in place. */
class Fft {
  /** @param {number} size */
  constructor(size) {
    this.size = size;
    this.cosines = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sines = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
    const bits = Math.log2(size);
    this.order = Uint32Array.from({ length: size }, (_, i) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
  }

  /** @param {Float64Array} real @param {Float64Array} imaginary */
  transform(real, imaginary) {
    const { size, cosines, sines, order } = this;
    for (let i = 0; i < size; i++) {
      const j = order[i];
      if (j <= i) continue;
      const r = real[i], m = imaginary[i];
      real[i] = real[j];
      imaginary[i] = imaginary[j];
      real[j] = r;
      imaginary[j] = m;
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const a = start + k, b = a + half;
          const c = cosines[k * stride], s = -sines[k * stride];
          const r = real[b] * c - imaginary[b] * s;
          const m = real[b] * s + imaginary[b] * c;
          real[b] = real[a] - r;
          imaginary[b] = imaginary[a] - m;
          real[a] += r;
          imaginary[a] += m;
        }
      }
    }
  }
}

const hann = (/** @type {number} */ size) => Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));

export class Spectrum {
  /** @param {number} sampleRate */
  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this.size = 2 ** Math.ceil(Math.log2(sampleRate * WINDOW_SECONDS));
    this.fft = new Fft(this.size);
    this.window = hann(this.size);
    this.real = new Float64Array(this.size);
    this.imaginary = new Float64Array(this.size);
    /** Power of each frequency; the sum over all is the mean square of the samples. */
    this.power = new Float64Array(this.size / 2);
    const binWidth = sampleRate / this.size;
    this.binWidth = binWidth;
    this.scale = 2 / (this.size * this.window.reduce((sum, value) => sum + value * value, 0));
    /** First and behind the last frequency of each band; none where the sample rate does not reach. */
    this.ranges = BAND_WEIGHTS.map((_, band) => [BAND_EDGES[band], BAND_EDGES[band + 1]]
      .map((edge) => Math.min(Math.round(edge / binWidth), this.size / 2)));
    this.weights = BAND_WEIGHTS.map((weight) => 10 ** (weight / 10));
    this.bands = new Float64Array(BANDS);
    this.pitch = new PitchFinder(this);
  }

  /** @param {Float32Array} samples `size` of them */
  analyse(samples) {
    const { real, imaginary, window, power } = this;
    for (let i = 0; i < this.size; i++) real[i] = samples[i] * window[i];
    imaginary.fill(0);
    this.fft.transform(real, imaginary);
    for (let k = 0; k < power.length; k++) power[k] = this.scale * (real[k] * real[k] + imaginary[k] * imaginary[k]);
    this.ranges.forEach(([from, to], band) => {
      let sum = 0;
      for (let k = from; k < to; k++) sum += power[k];
      this.bands[band] = sum;
    });
  }
}

/** How much of a spectrum repeats at one distance, as the harmonics of a voice do. */
class PitchFinder {
  /** @param {Spectrum} spectrum */
  constructor({ binWidth, size, window, sampleRate }) {
    this.fft = new Fft(PITCH_SIZE);
    this.real = new Float64Array(PITCH_SIZE);
    this.imaginary = new Float64Array(PITCH_SIZE);
    this.rate = PITCH_SIZE * binWidth;
    this.first = Math.round(150 / binWidth);
    this.behind = Math.min(Math.round(PITCH_TOP / binWidth), PITCH_SIZE / 2, size / 2);
    this.shortest = Math.floor(this.rate / PITCH_HIGHEST);
    this.longest = Math.ceil(this.rate / PITCH_LOWEST);
    // Even a perfect tone is less alike itself the further the window is shifted.
    const own = Array.from({ length: this.longest + 2 }, (_, lag) => {
      const shift = Math.round((lag / this.rate) * sampleRate);
      let sum = 0;
      for (let i = 0; i + shift < size; i++) sum += window[i] * window[i + shift];
      return sum;
    });
    this.taper = own.map((value) => value / own[0]);
  }

  /**
   * @param {Float64Array} power
   * @param {Float64Array} floor of each frequency
   * @returns {{strength: number, hertz: number}} strength: 0 noise … 1 a pure tone
   */
  find(power, floor) {
    const { real, imaginary } = this;
    real.fill(0);
    imaginary.fill(0);
    for (let k = this.first; k < this.behind; k++) {
      // The root lets weak harmonics count beside strong ones.
      const excess = Math.sqrt(Math.max(0, power[k] - 4 * floor[k]));
      real[k] = excess;
      real[PITCH_SIZE - k] = excess;
    }
    this.fft.transform(real, imaginary);
    const all = real[0];
    if (all <= 0) return { strength: 0, hertz: 0 };
    let best = 0, at = 0;
    for (let lag = this.shortest; lag <= this.longest; lag++) {
      const here = real[lag];
      if (here < real[lag - 1] || here < real[lag + 1]) continue;
      const strength = here / all / Math.max(0.4, this.taper[lag]);
      if (strength > best) {
        best = strength;
        at = lag;
      }
    }
    if (!at) return { strength: 0, hertz: 0 };
    // The top of a parabola through three points lies between whole lags.
    const [left, middle, right] = [real[at - 1], real[at], real[at + 1]];
    const bend = left - 2 * middle + right;
    const shift = bend < 0 ? (0.5 * (left - right)) / bend : 0;
    return { strength: Math.min(1, best), hertz: this.rate / (at + shift) };
  }
}
