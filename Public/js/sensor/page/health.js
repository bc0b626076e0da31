// @ts-check
// How the phone is: a calm line while all is well, else what is wrong and what helps.

import { announce, el, icon } from "../../components/dom.js";
import { healthDetails, wellWords } from "../../state/health-words.js";
import { problemWords } from "../../state/words.js";

const NOTE_MS = 12_000;

class Health extends HTMLElement {
  #shown = "";
  /** @type {any} */ #noteTimer = null;

  connectedCallback() {
    this.well = el("p", { class: "health-well" }, icon("check"), el("span"));
    this.problems = el("ul", { class: "health-problems", "aria-label": "What is wrong" });
    this.screen = el("p", { class: "muted small", hidden: true, text: "The screen stays on while watching." });
    this.note = el("p", { class: "health-note small", role: "status" });
    this.details = el("dl", { class: "health-details small" });
    const folded = el("details", { class: "fold" }, el("summary", { text: "Details" }), this.details);
    this.replaceChildren(this.well, this.problems, this.note, this.screen, folded);
  }

  disconnectedCallback() {
    clearTimeout(this.#noteTimer);
  }

  /** @param {Partial<import("../health-watch.js").Health>} health @param {boolean} isConnected to the hub, which is said elsewhere */
  show(health, isConnected) {
    const codes = (health.problems ?? []).map(({ code }) => code);
    this.dataset.problems = codes.join(" ");
    this.well.hidden = codes.length > 0;
    this.well.lastChild.textContent = wellWords(health, isConnected);
    if (codes.join() !== this.#shown) {
      // Only what is new is read out.
      const news = codes.filter((code) => !this.#shown.split(",").includes(code));
      this.#shown = codes.join();
      this.problems.replaceChildren(...codes.map((code) => problemItem(code)));
      announce(news.length ? news.map((code) => `${problemWords(code).title}.`).join(" ") : codes.length ? "" : "All is well again.");
    }
    this.screen.hidden = !health.isScreenKeptOn;
    const rows = healthDetails(health);
    this.details.replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    this.details.parentElement.hidden = !rows.length;
  }

  /** What repaired or changed itself, for a moment. @param {string} text */
  say(text) {
    clearTimeout(this.#noteTimer);
    this.note.textContent = text;
    this.#noteTimer = setTimeout(() => { this.note.textContent = ""; }, NOTE_MS);
  }
}

/** @param {string} code */
function problemItem(code) {
  const { title, advice } = problemWords(code);
  const words = el("div", {}, el("p", { class: "health-title", text: title }), el("p", { class: "small", text: advice }));
  return el("li", { class: "notice", "data-problem": code }, icon("warning"), words);
}

customElements.define("pw-sensor-health", Health);
