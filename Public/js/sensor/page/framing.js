// @ts-check
// Where to put the phone, with what its picture and its angle tell.

import { announce, el, icon } from "../../components/dom.js";
import { framingHints, lumaFacts, tilt } from "../../state/framing.js";

const LOOK_MS = 1000;
const WIDTH = 32, HEIGHT = 24;

class Framing extends HTMLElement {
  /** @type {any} */ #timer = null;
  /** @type {{roll: number, pitch: number}|null} */ #tilt = null;
  #abort = new AbortController();
  #shown = "?";

  connectedCallback() {
    if (this.childElementCount) return;
    this.hints = el("ul", { class: "plain-list framing-hints", "aria-label": "What to put right" });
    this.append(
      el("p", { text: "Stand the phone where it sees who comes in: a door or a path in the middle third, windows and leaves at the edge or out of sight." }),
      el("p", { class: "muted small", text: "About two metres high is best. Plug it in now, so that it need not be moved later." }),
      this.hints,
    );
  }

  disconnectedCallback() {
    this.stop();
  }

  /** @param {import("../sensor.js").Sensor} sensor */
  start(sensor) {
    const { video } = sensor;
    this.stop();
    this.#abort = new AbortController();
    // Some phones ask before they tell a page how they are held; then it does without.
    addEventListener("deviceorientation", ({ beta, gamma }) => { this.#tilt = tilt({ beta, gamma }); }, { signal: this.#abort.signal });
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      if (!context || video.readyState < 2) return;
      context.drawImage(video, 0, 0, WIDTH, HEIGHT);
      const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
      const grey = (/** @type {number} */ at) => (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8;
      const luma = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, index) => grey(index * 4));
      this.#show(framingHints({ luma: lumaFacts(luma), tilt: this.#tilt, problems: sensor.health.problems.map(({ code }) => code) }));
    };
    look();
    this.#timer = setInterval(look, LOOK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  /** @param {string[]} hints */
  #show(hints) {
    if (hints.join("\n") === this.#shown) return;
    this.#shown = hints.join("\n");
    const lines = hints.length ? hints : ["The picture is fine."];
    const [tone, symbol] = hints.length ? ["warn", "warning"] : ["ok", "check"];
    this.hints.replaceChildren(...lines.map((text) => el("li", { "data-tone": tone }, icon(symbol), el("span", { text }))));
    announce(lines.join(" "));
  }
}

customElements.define("pw-framing", Framing);
