// @ts-check
// The one slider of a sensitivity, with what its value means.

import { el } from "../../components/dom.js";
import { sensitivity } from "../../lib/sensitivity.js";
import { soundWords } from "../../lib/sound-words.js";

/** What the slider's words are about. */
const MEANINGS = {
  motion: (/** @type {number} */ value) => `Sees a ${sensitivity(value).words.replace(", cat", " and a cat")}.`,
  sound: (/** @type {number} */ value) => `Hears ${soundWords(value)}.`,
};
let count = 0;

export class Slider {
  #isHeld = false;

  /** @param {"motion"|"sound"} kind @param {string} name @param {(value: number) => void} onChange when it was let go */
  constructor(kind, name, onChange) {
    this.kind = kind;
    const id = `slider-${++count}`;
    this.words = el("output", { class: "muted small", for: id, id: `${id}-words` });
    this.input = el("input", {
      type: "range", min: 0, max: 100, step: 5, id, "aria-describedby": `${id}-words`,
      oninput: () => {
        this.#isHeld = true;
        this.#say();
      },
      onchange: () => {
        this.#isHeld = false;
        onChange(Number(this.input.value));
      },
    });
    this.element = el("div", { class: "slider" }, el("label", { for: id, text: name }), this.input, this.words);
  }

  /** @param {number} value */
  show(value) {
    // Not from under somebody's finger.
    if (this.#isHeld) return;
    this.input.value = String(value);
    this.#say();
  }

  #say() {
    const words = MEANINGS[this.kind](Number(this.input.value));
    this.input.setAttribute("aria-valuetext", words);
    this.words.textContent = words;
  }
}
