// @ts-check
// The screen while nobody looks at it: black but for a clock that moves, so that nothing burns in, until somebody touches it.

import { el } from "../../components/dom.js";
import { problemWords } from "../../state/words.js";

const MOVE_MS = 60_000;
/** Where the clock is, in hundredths of the screen: another place each minute, for an hour. */
const place = (/** @type {number} */ minute) => ({ x: 10 + ((minute * 37) % 80), y: 10 + ((minute * 53) % 80) });

class DimScreen extends HTMLElement {
  /** @type {any} */ #timer = null;
  #shown = "";

  connectedCallback() {
    if (this.childElementCount) return;
    this.clock = el("p", { class: "dim-clock" });
    this.problems = el("div", { class: "dim-problems", role: "status" });
    this.dialog = el(
      "dialog", { class: "dim-screen", "aria-label": "The screen is dimmed, the camera watches. Touch it or press a key to wake it." },
      el("p", { class: "dim-hint", text: "Watching. Touch the screen or press a key." }), this.clock, this.problems,
    );
    // A click and not a touch: what comes after the touch would press what lies behind.
    this.dialog.addEventListener("click", () => this.wake());
    this.dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      event.preventDefault();
      this.wake();
    });
    this.dialog.addEventListener("close", () => this.#ended());
    this.append(this.dialog);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  get isDim() {
    return this.dialog.open;
  }

  dim() {
    if (this.isDim) return;
    this.#move();
    this.#timer = setInterval(() => this.#move(), MOVE_MS);
    this.dialog.showModal();
    this.dispatchEvent(new CustomEvent("dimmed"));
  }

  wake() {
    if (this.isDim) this.dialog.close();
  }

  /** @param {string[]} codes @param {string} more what else is to be seen in the dark, such as that the hub is away */
  show(codes, more) {
    const lines = [...codes.map((code) => problemWords(code).title), ...(more ? [more] : [])];
    if (lines.join("\n") === this.#shown) return;
    this.#shown = lines.join("\n");
    this.problems.replaceChildren(...lines.map((text) => el("p", { text })));
    this.dialog.dataset.problems = String(lines.length);
  }

  #move() {
    const now = new Date();
    const { x, y } = place(now.getMinutes());
    this.clock.textContent = now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.clock.style.insetInlineStart = `${x}%`;
    this.clock.style.insetBlockStart = `${y}%`;
  }

  #ended() {
    clearInterval(this.#timer);
    this.dispatchEvent(new CustomEvent("woken"));
  }
}

customElements.define("pw-dim-screen", DimScreen);
