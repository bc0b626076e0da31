// @ts-check
// What the camera sees, with what helps to place it.

import { el, icon } from "../../components/dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** Of the overlay's own width and height. */
const SIZE = 1000;
/** Who takes a still every few seconds watches, though the stream stops in between (`viewer/stills-player.js`). */
const LINGER_MS = 4000;

/** @param {string} tag @param {Record<string, string|number>} attributes */
function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

class SensorView extends HTMLElement {
  #abort = new AbortController();
  /** Until it is no longer said that somebody watches. @type {any} */ #lingers = null;

  constructor() {
    super();
    this.video = el("video", { muted: true, playsinline: true, "aria-label": "What the camera sees" });
    this.video.muted = true;
  }

  connectedCallback() {
    this.live = el("p", { class: "badge badge-live", hidden: true }, icon("live"), "Live: somebody is watching");
    this.caption = el("p", { class: "view-caption", hidden: true });
    this.regions = shape("g", { class: "view-regions" });
    this.grid = shape("g", { class: "view-grid" });
    for (const third of [SIZE / 3, (SIZE * 2) / 3]) {
      this.grid.append(shape("line", { x1: third, x2: third, y1: 0, y2: SIZE }), shape("line", { y1: third, y2: third, x1: 0, x2: SIZE }));
    }
    this.overlay = shape("svg", { class: "view-overlay", viewBox: `0 0 ${SIZE} ${SIZE}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.overlay.append(this.regions, this.grid);
    this.replaceChildren(this.video, this.overlay, this.live, this.caption);
    this.frame({ isFraming: false });
    // The overlay lies on the picture, and not on the bars beside it.
    const fit = () => this.#fit();
    this.video.addEventListener("resize", fit, { signal: this.#abort.signal });
    this.video.addEventListener("loadedmetadata", fit, { signal: this.#abort.signal });
    const observer = new ResizeObserver(fit);
    observer.observe(this);
    this.#abort.signal.addEventListener("abort", () => observer.disconnect());
  }

  disconnectedCallback() {
    this.#abort.abort();
    clearTimeout(this.#lingers);
  }

  /** @param {boolean} isLive somebody watches @param {boolean} mayBeAgain in a moment, when nobody does */
  showLive(isLive, mayBeAgain) {
    if (!isLive && mayBeAgain && !this.live.hidden) {
      this.#lingers ??= setTimeout(() => this.showLive(false, false), LINGER_MS);
      return;
    }
    clearTimeout(this.#lingers);
    this.#lingers = null;
    this.live.hidden = !isLive;
  }

  /** @param {{isFraming: boolean}} state */
  frame({ isFraming }) {
    this.dataset.framing = String(isFraming);
    this.grid.style.display = isFraming ? "" : "none";
  }

  /** @param {import("../../state/settings.js").Region[]} regions */
  showRegions(regions) {
    this.regions.replaceChildren(...regions.map(({ kind, points }) =>
      shape("polygon", { "data-kind": kind, points: points.map(([x, y]) => `${x * SIZE},${y * SIZE}`).join(" ") })));
  }

  #fit() {
    const { videoWidth, videoHeight } = this.video;
    const { clientWidth, clientHeight } = this;
    if (!videoWidth || !clientWidth) return;
    this.style.setProperty("--picture", `${videoWidth} / ${videoHeight}`);
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    this.overlay.style.inlineSize = `${videoWidth * scale}px`;
    this.overlay.style.blockSize = `${videoHeight * scale}px`;
  }
}

customElements.define("pw-sensor-view", SensorView);
