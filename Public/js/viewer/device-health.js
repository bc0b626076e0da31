// @ts-check
// How a camera is: what is wrong, what to do about it, and what it tells of itself.

import { el, icon } from "../components/dom.js";
import { presenceWords, problemsOf, telemetryRows } from "../state/device-words.js";
import { problemWords } from "../state/words.js";

export class DeviceHealth {
  constructor() {
    this.heading = el("h2", { id: "section-health", tabindex: -1, text: "Health" });
    this.well = el("p", { class: "health-well" });
    this.problems = el("ul", { class: "health-problems", "aria-label": "What is wrong" });
    this.facts = el("dl", { class: "facts" });
    this.heard = el("p", { class: "muted small" });
    this.element = el("section", { class: "card stack", "aria-labelledby": "section-health" },
      this.heading, this.well, this.problems, this.facts, this.heard);
  }

  /** @param {Record<string, any>} device */
  show(device) {
    const codes = problemsOf(device), rows = telemetryRows(device.health?.telemetry);
    this.well.hidden = !device.online || codes.length > 0 || !rows.length;
    if (!this.well.hidden) this.well.replaceChildren(icon("check"), "All is well.");
    // Only what changed is touched: somebody may be reading it.
    if (this.problems.dataset.codes !== codes.join()) {
      this.problems.dataset.codes = codes.join();
      this.problems.replaceChildren(...codes.map((code) => problemItem(code)));
    }
    this.problems.hidden = !codes.length;
    this.facts.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
    this.facts.hidden = !rows.length;
    const presence = presenceWords(device, new Date());
    this.heard.textContent = !device.online && rows.length ? `${presence} Above is what it said last.` : presence;
  }
}

/** What is wrong, and what to do about it. @param {string} code */
export function problemItem(code) {
  const { title, advice } = problemWords(code);
  return el("li", { class: "notice", "data-problem": code }, icon("warning"),
    el("div", {}, el("p", { class: "health-title", text: title }), el("p", { class: "small", text: advice })));
}
