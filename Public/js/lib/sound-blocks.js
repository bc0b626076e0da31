// @ts-check
// Cuts samples that come in blocks of any size into windows that begin every 20 ms, without what is no sound: an offset, and numbers that are none.

export const HOP_MS = 20;
/** Times that differ from the expected by more than this mean that samples are missing. */
const GAP_MS = 250;
/** Below it a microphone's coupling capacitor lets nothing through either, Hz. */
const LOWEST_HERTZ = 20;

export class SoundBlocks {
  /** @param {number} sampleRate @param {number} size of a window */
  constructor(sampleRate, size) {
    this.sampleRate = sampleRate;
    this.hop = Math.round((sampleRate * HOP_MS) / 1000);
    this.window = new Float32Array(size);
    this.pole = Math.exp((-2 * Math.PI * LOWEST_HERTZ) / sampleRate);
    this.restart();
  }

  restart() {
    this.filled = 0;
    this.sinceHop = 0;
    this.expectedAt = NaN;
    this.previous = NaN;
    this.filtered = 0;
    this.squares = 0;
    this.least = Infinity;
    this.most = -Infinity;
  }

  /**
   * @param {Float32Array} samples
   * @param {number} at ms, of the first sample
   * @param {(window: Float32Array, frame: {at: number, meanSquare: number, isDigitalZero: boolean}) => void} body for each window that is full; `at` is its end
   */
  push(samples, at, body) {
    if (Math.abs(at - this.expectedAt) > GAP_MS) this.restart();
    // Many blocks whose times are rounded or late must not shift what is inside: the clock of the samples leads, corrected little by little.
    const start = Number.isNaN(this.expectedAt) ? at : this.expectedAt + (at - this.expectedAt) * 0.1;
    const { window, hop, sampleRate } = this;
    for (let i = 0; i < samples.length; i++) {
      const sample = Number.isFinite(samples[i]) ? Math.min(1, Math.max(-1, samples[i])) : Number.isNaN(this.previous) ? 0 : this.previous;
      if (Number.isNaN(this.previous)) this.previous = sample;
      this.filtered = sample - this.previous + this.pole * this.filtered;
      this.previous = sample;
      if (sample < this.least) this.least = sample;
      if (sample > this.most) this.most = sample;
      this.squares += this.filtered * this.filtered;
      // The window slides by whole hops: samples gather at its end.
      window[window.length - hop + this.sinceHop] = this.filtered;
      if (++this.sinceHop < hop) continue;
      this.filled = Math.min(window.length, this.filled + hop);
      const frame = { at: start + ((i + 1) / sampleRate) * 1000, meanSquare: this.squares / hop, isDigitalZero: this.most - this.least < 1e-7 };
      if (this.filled === window.length) body(window, frame);
      window.copyWithin(0, hop);
      this.sinceHop = 0;
      this.squares = 0;
      this.least = Infinity;
      this.most = -Infinity;
    }
    this.expectedAt = start + (samples.length / sampleRate) * 1000;
  }
}
