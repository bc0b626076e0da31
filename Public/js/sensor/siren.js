// @ts-check
// A loud sound of two tones, to chase somebody away.

const TONES_HZ = [960, 770];
const TONE_SECONDS = 0.5;
const PATIENCE_MS = 1000;

export class Siren {
  /** @type {AudioContext|null} */ #context = null;
  /** @type {OscillatorNode|null} */ #oscillator = null;

  /** @param {(isOn: boolean) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  get isOn() {
    return this.#oscillator !== null;
  }

  /** Browsers let a page sound only after somebody touched it: to be called then, so that it may sound hours later. */
  unlock() {
    if (!("AudioContext" in globalThis)) return;
    this.#context ??= new AudioContext();
    // It need not run until it is heard.
    this.#context.resume().then(() => { if (!this.isOn) return this.#context?.suspend(); }).catch(() => {});
  }

  /** @param {number} seconds @returns {Promise<void>} rejects where the browser does not let the page sound */
  async start(seconds) {
    this.stop();
    const context = this.#context;
    // A browser that does not allow it may not answer at all.
    await Promise.race([context?.resume().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
    if (context?.state !== "running") throw new Error("This browser lets the page make no sound before somebody touches it.");
    const oscillator = new OscillatorNode(context, { type: "square", frequency: TONES_HZ[0] });
    for (let step = 0; step * TONE_SECONDS < seconds; step++) {
      oscillator.frequency.setValueAtTime(TONES_HZ[step % TONES_HZ.length], context.currentTime + step * TONE_SECONDS);
    }
    oscillator.connect(context.destination);
    oscillator.onended = () => { if (oscillator === this.#oscillator) this.stop(); };
    oscillator.start();
    oscillator.stop(context.currentTime + seconds);
    this.#oscillator = oscillator;
    this.onChange(true);
  }

  stop() {
    const oscillator = this.#oscillator;
    if (!oscillator) return;
    this.#oscillator = null;
    oscillator.stop();
    oscillator.disconnect();
    this.#context?.suspend().catch(() => {});
    this.onChange(false);
  }

  close() {
    this.stop();
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}
