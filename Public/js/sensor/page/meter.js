// @ts-check
// A level with the marks it must pass: that of what is worth a note, and that of an event.

import { el } from "../../components/dom.js";

export class Meter {
  /** @param {string} name @param {{scale?: number, data?: Record<string, string>}} [options] `scale`: the full width, as a multiple of the event's mark */
  constructor(name, { scale = 6, data = {} } = {}) {
    this.scale = scale;
    this.bar = el("div", { class: "meter-bar" });
    this.candidate = el("div", { class: "meter-mark meter-mark-candidate", hidden: true });
    this.meter = el(
      "div", { class: "meter", role: "meter", "aria-label": name, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" },
      this.bar, this.candidate, el("div", { class: "meter-mark" }),
    );
    this.mark = this.meter.lastChild;
    this.mark.style.insetInlineStart = `${100 / scale}%`;
    this.text = el("p", { class: "meter-text", ...data });
    this.element = el("div", { class: "stack-tight" }, this.meter, this.text);
  }

  /**
   * @param {object} level
   * @param {number} level.value as a multiple of what an event needs
   * @param {number|null} [level.candidate] likewise
   * @param {string} level.state
   * @param {string} level.text
   */
  show({ value, candidate = null, state, text }) {
    const share = Math.max(0, Math.min(100, (value / this.scale) * 100));
    this.bar.style.inlineSize = `${share}%`;
    this.meter.dataset.state = state;
    this.meter.setAttribute("aria-valuenow", String(Math.round(share)));
    this.meter.setAttribute("aria-valuetext", text);
    this.candidate.hidden = candidate === null;
    if (candidate !== null) this.candidate.style.insetInlineStart = `${(candidate / this.scale) * 100}%`;
    if (this.text.textContent !== text) this.text.textContent = text;
  }
}

/** @param {{score: number, threshold: number, state: string, moving?: boolean}} motion */
export function motionWords({ score, threshold, state, moving = state === "moving" }) {
  const words = state === "learning" ? "Learning the scene…" : moving ? (score < threshold ? "Something is still there" : "Something moves") : "Quiet";
  return `${words} · ${(score * 100).toFixed(1)}\u00a0% of the picture moves; a clip begins at ${(threshold * 100).toFixed(1)}\u00a0%`;
}

/** @param {{level: number, floor: number, state: string}} sound dBFS */
export function soundLevelWords({ level, floor, state }) {
  const words = state === "learning" ? "Learning the room…" : state === "loud" ? "Something is loud" : "Quiet";
  return `${words} · ${Math.max(0, Math.round(level - floor))} dB above what is always there`;
}
