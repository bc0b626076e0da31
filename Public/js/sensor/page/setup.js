// @ts-check
// The first steps of a camera: where it stands, whether it sees, whether alerts arrive. Each can be skipped, and done again.

import { announce, el, icon } from "../../components/dom.js";
import "./framing.js";
import "./test-alert.js";
import "./walk-test.js";

const DONE_KEY = "pingwatch.setup";
const STEPS = [
  { name: "framing", title: "Place the phone", next: "Next: walk test" },
  { name: "walk", title: "Walk test", next: "Next: test alert" },
  { name: "alert", title: "Test alert", next: "Done: dim the screen" },
];

const BRIGHTNESS = "A page cannot turn the brightness down: do it in the phone's own settings, it saves display and battery.";

/** Whether somebody went through it, or did not want to. */
export function isSetUp() {
  try {
    return localStorage.getItem(DONE_KEY) !== null;
  } catch {
    return true;
  }
}

/** Events: `step` {name: that of the step, or null when it is closed}, `armed` (its end was reached). */
class Setup extends HTMLElement {
  /** @type {any} */ #sensor = null;
  #index = 0;

  connectedCallback() {
    if (this.childElementCount) return;
    this.heading = el("h2", { tabindex: "-1" });
    this.count = el("p", { class: "muted small" });
    this.framing = el("pw-framing", { class: "stack-tight" });
    this.walk = el("pw-walk-test", { class: "stack-tight" });
    this.alert = el("pw-test-alert", { class: "stack-tight" });
    this.parts = [this.framing, this.walk, this.alert];
    this.back = el("button", { class: "button", type: "button", onclick: () => this.#go(this.#index - 1) }, icon("back"), "Back");
    this.next = el("button", { class: "button button-primary", type: "button", onclick: () => this.#forward() });
    this.skip = el("button", { class: "button button-quiet", type: "button", onclick: () => this.close() }, "Skip");
    this.brightness = el("p", { class: "muted small", text: BRIGHTNESS });
    this.append(el("section", { class: "card stack", "aria-label": "Set up this camera" },
      el("div", { class: "setup-head" }, el("div", {}, this.count, this.heading), this.skip), ...this.parts, this.brightness,
      el("div", { class: "row row-tight" }, this.back, this.next)));
    this.hidden = true;
  }

  /** @param {any} sensor */
  open(sensor) {
    this.#sensor = sensor;
    this.walk.use(sensor);
    this.hidden = false;
    this.#go(0, false);
  }

  close() {
    if (this.hidden) return;
    try {
      localStorage.setItem(DONE_KEY, new Date().toISOString());
    } catch {
      // It is offered again the next time.
    }
    this.leave();
  }

  /** Without a word on whether it is done. */
  leave() {
    this.framing.stop();
    this.walk.stop();
    this.hidden = true;
    this.dispatchEvent(new CustomEvent("step", { detail: { name: null } }));
  }

  #forward() {
    if (this.#index < STEPS.length - 1) return this.#go(this.#index + 1);
    this.close();
    this.dispatchEvent(new CustomEvent("armed"));
  }

  /** @param {number} index */
  #go(index, isByHand = true) {
    this.#index = index;
    const { name, title, next } = STEPS[index];
    this.dataset.step = name;
    this.heading.textContent = title;
    this.count.textContent = `Set up · ${index + 1} of ${STEPS.length}`;
    this.parts.forEach((part, place) => { part.hidden = place !== index; });
    this.back.hidden = index === 0;
    this.brightness.hidden = name !== "alert";
    this.next.textContent = next;
    if (name === "framing") this.framing.start(this.#sensor);
    else this.framing.stop();
    if (name === "walk") this.walk.start();
    else this.walk.stop();
    if (name === "alert") this.alert.load();
    this.dispatchEvent(new CustomEvent("step", { detail: { name } }));
    if (!isByHand) return;
    announce(`${title}.`);
    this.heading.focus({ preventScroll: true });
    this.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("pw-sensor-setup", Setup);
