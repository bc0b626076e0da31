// @ts-check
// What the camera notices: how much moves and sounds, from when on that is an event, and how to change it.

import { announce, el } from "../../components/dom.js";
import { Meter, motionWords, soundLevelWords } from "./meter.js";
import { Slider } from "./slider.js";

/** Of what an event needs, so much is noted (lib/sensitivity.js). */
const CANDIDATE = 0.5;

/** Values behind the slider: where they are, their words, bounds, and by what they are multiplied to be read. */
const EXPERT = [
  { path: ["motion", "threshold"], name: "Share of the picture that must move, % (empty: as the slider says)", min: 0.05, max: 50, step: 0.05, factor: 100 },
  { path: ["clip", "pre_roll_seconds"], name: "Seconds recorded before", min: 0, max: 10, step: 1, factor: 1 },
  { path: ["clip", "post_roll_seconds"], name: "Seconds recorded after", min: 0, max: 30, step: 1, factor: 1 },
  { path: ["clip", "max_seconds"], name: "Longest clip, seconds", min: 5, max: 300, step: 5, factor: 1 },
  { path: ["clip", "cooldown_seconds"], name: "Pause after a clip, seconds", min: 0, max: 300, step: 1, factor: 1 },
];

class Detection extends HTMLElement {
  /** @type {any} */ #sensor = null;
  /** @type {Map<(typeof EXPERT)[number], HTMLInputElement>} */ #fields = new Map();

  connectedCallback() {
    this.motion = new Meter("Motion", { data: { "data-motion-score": "", "data-score": "0", "data-threshold": "0" } });
    this.sound = new Meter("Sound", { scale: 2, data: { "data-sound-score": "" } });
    this.slider = new Slider("motion", "Sensitivity", (value) => this.#change({ motion: { sensitivity: value } }));
    this.soundSlider = new Slider("sound", "Sensitivity for sound", (value) => this.#change({ sound: { sensitivity: value } }));
    this.soundOn = el("input", { type: "checkbox", onchange: () => this.#change({ sound: { enabled: this.soundOn.checked } }) });
    this.problem = el("p", { class: "notice", role: "alert", hidden: true });
    this.soundPart = el("section", { class: "stack-tight", "aria-label": "Sound", hidden: true },
      el("h2", { text: "Sound" }), this.sound.element, this.soundSlider.element);
    this.expert = el("details", { class: "fold" }, el("summary", { text: "More settings" }), el("div", { class: "stack" },
      el("label", { class: "check" }, this.soundOn, el("span", { text: "Record what is loud" })), ...EXPERT.map((field) => this.#field(field))));
    this.replaceChildren(
      el("section", { class: "stack-tight", "aria-label": "Motion" }, el("h2", { text: "Motion" }), this.motion.element, this.slider.element),
      this.soundPart, this.problem, this.expert,
    );
  }

  /** @param {any} sensor @param {AbortSignal} signal */
  follow(sensor, signal) {
    this.#sensor = sensor;
    this.soundPart.hidden = true;
    sensor.addEventListener("motion", (/** @type {any} */ { detail }) => this.#showMotion(detail), { signal });
    sensor.addEventListener("sound", (/** @type {any} */ { detail }) => this.#showSound(detail), { signal });
    sensor.addEventListener("settings", () => this.#showSettings(), { signal });
    this.#showSettings();
  }

  /** @param {any} motion */
  #showMotion(motion) {
    const { score, threshold, state } = motion;
    Object.assign(this.motion.text.dataset, { score: score.toFixed(4), threshold: String(threshold) });
    this.motion.show({ value: score / threshold, candidate: CANDIDATE, state, text: motionWords(motion) });
  }

  /** @param {any} sound */
  #showSound(sound) {
    this.soundPart.hidden = false;
    this.sound.show({ value: sound.score / sound.threshold, state: sound.state, text: soundLevelWords(sound) });
  }

  #showSettings() {
    const { settings } = this.#sensor;
    this.slider.show(settings.motion.sensitivity);
    this.soundSlider.show(settings.sound.sensitivity);
    this.soundOn.checked = settings.sound.enabled;
    for (const [{ path: [group, name], factor }, input] of this.#fields) {
      const value = settings[group][name];
      if (document.activeElement !== input) input.value = value === null ? "" : String(Number((value * factor).toFixed(2)));
    }
  }

  /** @param {(typeof EXPERT)[number]} field */
  #field(field) {
    const { path: [group, name], name: words, min, max, step, factor } = field;
    const input = el("input", { type: "number", inputmode: "decimal", min, max, step, placeholder: group === "motion" ? "as the slider says" : null });
    input.addEventListener("change", () => {
      if (!input.reportValidity()) return;
      const value = input.value === "" ? null : Number(input.value) / factor;
      if (value === null && group !== "motion") return this.#showSettings();
      this.#change({ [group]: { [name]: value } });
    });
    this.#fields.set(field, input);
    return el("label", { class: "field" }, el("span", { text: words }), input);
  }

  /** @param {Record<string, any>} patch */
  async #change(patch) {
    this.problem.hidden = true;
    try {
      await this.#sensor.change(patch);
      announce("Changed.");
    } catch (/** @type {any} */ error) {
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    }
    this.#showSettings();
  }
}

customElements.define("pw-detection", Detection);
