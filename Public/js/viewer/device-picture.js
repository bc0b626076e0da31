// @ts-check
// A picture of what a camera sees now, large, with its time, to be kept.

import { announce, el, icon } from "../components/dom.js";
import { apiBlob } from "../net/api.js";
import { pictureFile, pictureProblem } from "../state/device-words.js";
import { clockTime } from "../state/words.js";

const WIDTH = 1280;

/** @param {string} deviceId @param {AbortSignal} signal @param {number} [width] at most so many pixels @returns {Promise<Blob>} a JPEG */
export const takePicture = (deviceId, signal, width = WIDTH) => apiBlob(`/devices/${encodeURIComponent(deviceId)}/snapshot.jpg?width=${width}`, { signal });

export class DevicePicture {
  #url = "";
  #label = "";

  /** @param {string} deviceId @param {HTMLElement} button what asks for it @param {AbortSignal} signal */
  constructor(deviceId, button, signal) {
    this.deviceId = deviceId;
    this.button = button;
    this.signal = signal;
    this.status = el("p", { class: "small target-answer", role: "status" });
    this.image = el("img", { alt: "" });
    this.time = el("figcaption", { class: "muted small" });
    this.save = el("a", { class: "button" }, icon("download"), "Save");
    this.close = el("button", { class: "button button-quiet", type: "button", onclick: () => this.#close() }, "Close");
    this.figure = el("figure", { class: "taken stack-tight", hidden: true },
      this.image, el("div", { class: "row row-tight" }, this.time, this.save, this.close));
    this.element = el("div", { class: "stack-tight", hidden: true }, this.status, this.figure);
    signal.addEventListener("abort", () => URL.revokeObjectURL(this.#url));
  }

  /** @param {Record<string, any>} device */
  showDevice({ label }) {
    this.#label = label;
  }

  async take() {
    if (this.button.getAttribute("aria-busy")) return;
    this.button.setAttribute("aria-busy", "true");
    this.#say("Taking a picture…", "");
    try {
      const picture = await takePicture(this.deviceId, this.signal);
      this.#show(picture, new Date());
      this.#say("", "");
    } catch (error) {
      if (this.signal.aborted) return;
      this.#say(pictureProblem(/** @type {any} */ (error)), "danger");
    }
    this.button.removeAttribute("aria-busy");
  }

  /** @param {Blob} picture @param {Date} at */
  #show(picture, at) {
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(picture);
    const time = clockTime(at.toISOString());
    this.image.src = this.#url;
    this.image.alt = `What the camera saw at ${time}`;
    this.time.textContent = `Taken at ${time}`;
    this.save.href = this.#url;
    this.save.download = pictureFile(this.#label, at);
    this.figure.hidden = false;
    announce(`Picture taken at ${time}.`);
  }

  #close() {
    this.figure.hidden = true;
    this.button.focus();
  }

  /** @param {string} text @param {""|"danger"} tone */
  #say(text, tone) {
    this.element.hidden = false;
    this.status.textContent = text;
    this.status.dataset.tone = tone;
  }
}
