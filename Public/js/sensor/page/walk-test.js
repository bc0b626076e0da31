// @ts-check
// The walk test on screen: big enough to be read from where one walks, and heard.

import { announce, el, icon } from "../../components/dom.js";
import { judged, missed, PASSES, seenCount, sensitivityAdvice, undone, WALK_TEST, walkWords } from "../../state/walk-test.js";
import { pageNow } from "../page-clock.js";
import { Blip } from "./blip.js";
import { Meter, motionWords } from "./meter.js";
import { Slider } from "./slider.js";

/** Of what an event needs, so much is noted (lib/sensitivity.js). */
const CANDIDATE = 0.5;
const INTRODUCTION = `Put the phone where it is to stay, press nothing, and walk ${PASSES} times through its picture. It sounds each time it sees you.`;

class WalkTestView extends HTMLElement {
  #state = WALK_TEST;
  #blip = new Blip();
  /** @type {any} */ #sensor = null;
  /** @type {AbortController|null} */ #running = null;

  connectedCallback() {
    if (this.childElementCount) return;
    this.dots = el("ol", { class: "walk-dots", "aria-hidden": "true" }, ...Array.from({ length: PASSES }, () => el("li", {}, icon("motion"))));
    this.headline = el("p", { class: "walk-title" });
    this.text = el("p", { class: "walk-text" });
    this.meter = new Meter("Motion");
    this.sound = el("input", { type: "checkbox" });
    this.sound.checked = true;
    /** @param {string} symbol @param {string} text @param {() => void} onclick */
    const button = (symbol, text, onclick) => el("button", { class: "button", type: "button", onclick }, icon(symbol), text);
    this.missedButton = button("close", "I walked by and was not seen", () => this.#set(missed(this.#state, pageNow())));
    this.undoButton = button("back", "Take the last one back", () => this.#set(undone(this.#state)));
    this.againButton = button("again", "Walk again", () => this.start());
    this.advice = el("p");
    this.apply = el("button", { class: "button", type: "button" });
    this.slider = new Slider("motion", "Sensitivity", (value) => this.#change(value));
    this.result = el("div", { class: "stack-tight", hidden: true }, this.advice, el("div", { class: "row row-tight" }, this.apply), this.slider.element);
    this.append(
      el("p", { class: "muted", text: INTRODUCTION }),
      el("div", { class: "walk-board" }, this.dots, this.headline, this.text), this.meter.element,
      el("label", { class: "check" }, this.sound, el("span", { text: "Sound when it sees me" })),
      el("div", { class: "row row-tight" }, this.missedButton, this.undoButton, this.againButton), this.result,
    );
  }

  disconnectedCallback() {
    this.stop();
  }

  /** @param {any} sensor */
  use(sensor) {
    this.#sensor = sensor;
  }

  /** Somebody touched the page for it. */
  start() {
    this.stop();
    this.#running = new AbortController();
    this.#blip.unlock();
    this.#set(WALK_TEST);
    this.#sensor.addEventListener("motion", (/** @type {any} */ { detail }) => this.#judge(detail), { signal: this.#running.signal });
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#blip.close();
  }

  /** @param {any} motion */
  #judge(motion) {
    const { score, threshold, state } = motion;
    this.meter.show({ value: score / threshold, candidate: CANDIDATE, state, text: motionWords(motion) });
    this.#set(judged(this.#state, motion));
  }

  /** @param {import("../../state/walk-test.js").WalkTest} state */
  #set(state) {
    const before = this.#state;
    this.#state = state;
    if (seenCount(state) > seenCount(before)) this.#seen();
    const { title, text } = walkWords(state);
    if (state.phase === before.phase && state.passes.length === before.passes.length && this.headline.textContent) return;
    this.dataset.phase = state.phase;
    this.dataset.seen = String(seenCount(state));
    this.headline.textContent = title;
    this.text.textContent = text;
    announce(`${title}. ${text}`);
    [...this.dots.children].forEach((dot, index) => { dot.dataset.pass = index < state.passes.length ? (state.passes[index].isSeen ? "seen" : "missed") : ""; });
    const isDone = state.phase === "done";
    this.missedButton.hidden = isDone;
    this.againButton.hidden = !isDone;
    this.undoButton.hidden = !state.passes.length;
    this.result.hidden = !isDone;
    if (isDone) this.#advise();
  }

  #seen() {
    if (this.sound.checked) this.#blip.play();
    this.classList.remove("walk-flash");
    // The same flash again.
    void this.offsetWidth;
    this.classList.add("walk-flash");
  }

  #advise() {
    const { settings } = this.#sensor;
    const advice = sensitivityAdvice(this.#state, settings.motion.sensitivity);
    this.advice.textContent = advice.text;
    this.apply.hidden = advice.change === "keep";
    this.apply.textContent = advice.change === "raise" ? "Make it more sensitive" : "Make it less sensitive";
    this.apply.onclick = () => this.#change(advice.sensitivity);
    this.slider.show(settings.motion.sensitivity);
  }

  /** @param {number} value */
  async #change(value) {
    await this.#sensor.change({ motion: { sensitivity: value } }).catch((/** @type {Error} */ error) => { this.advice.textContent = error.message; });
    this.slider.show(this.#sensor.settings.motion.sensitivity);
    this.apply.hidden = true;
    announce("Changed.");
  }
}

customElements.define("pw-walk-test", WalkTestView);
