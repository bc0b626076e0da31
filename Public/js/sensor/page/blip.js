// @ts-check
// A short sound, for who cannot see the screen from where they walk.

const TONE_HZ = 880;
const SECONDS = 0.15;
const VOLUME = 0.3;

export class Blip {
  /** @type {AudioContext|null} */ #context = null;

  /** Browsers let a page sound only after somebody touched it: to be called then. */
  unlock() {
    if (!("AudioContext" in globalThis)) return;
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {});
  }

  play() {
    const context = this.#context;
    if (!context || context.state !== "running") return;
    const end = context.currentTime + SECONDS;
    const gain = new GainNode(context, { gain: VOLUME });
    // Without a click at its end.
    gain.gain.linearRampToValueAtTime(0, end);
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    tone.connect(gain).connect(context.destination);
    tone.start();
    tone.stop(end);
  }

  close() {
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}
