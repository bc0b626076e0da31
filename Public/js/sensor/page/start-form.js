// @ts-check
// Before the camera runs: what it is for, what the browser will ask, and what goes where.

import { el, icon } from "../../components/dom.js";
import { getSession } from "../../net/session.js";
import { rememberedDevice } from "../sensor.js";

const BUTTON_WORDS = { idle: "Start watching", starting: "Starting…", error: "Try again" };

const PURPOSE = "It records the moments in which something happens, from a few seconds before, and shows you the picture live on your other devices.";

/** Event: `begin` {label, sound}. */
class StartForm extends HTMLElement {
  #abort = new AbortController();

  connectedCallback() {
    this.#build();
  }

  #build() {
    const device = rememberedDevice();
    this.label = el("input", { name: "label", required: true, maxlength: 80, autocomplete: "off", value: device.label, placeholder: "Hallway" });
    this.sound = el("input", { type: "checkbox", name: "sound" });
    this.sound.checked = device.sound;
    this.button = el("button", { class: "button button-primary button-large", type: "submit" }, icon("eye"), BUTTON_WORDS.idle);
    const name = el("label", { class: "field" }, el("span", { text: "Device name" }), this.label);
    const sound = el("label", { class: "check" }, this.sound, el("span", { text: "Record sound" }));
    const isKnown = Boolean(device.device_id && device.label);
    this.dataset.known = String(isKnown);
    this.reasons = el(
      "ul", { class: "reasons", "aria-label": "What the browser will ask, and why" },
      reason("camera", "Camera", "It is what watches. Your browser asks whether this page may use it."),
      reason("sound", "Microphone, if you like", "For clips with sound, and to notice what is loud. Without it the camera works as well."),
      reason("send", "What is sent where", `Clips of what happens, and the live picture while you look, go to your hub (${location.host}), which alerts those
        you choose. Nothing goes elsewhere, and nothing is sent while all is quiet.`),
    );
    this.form = el(
      "form", { class: "card stack", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      el("h1", { text: isKnown ? `“${device.label}” is ready` : "Use this device as a camera" }),
      isKnown ? null : el("p", { class: "muted", text: PURPOSE }),
      isKnown ? null : name, this.reasons, isKnown ? null : sound,
      this.button,
      // A paired phone gets its name from who paired it.
      isKnown && el("details", { class: "fold" }, el("summary", { text: getSession() ? "Name and sound" : "Sound" }),
        el("div", { class: "stack" }, getSession() && name, sound)),
      el("p", { class: "muted small", text: "Keep this page open and the phone plugged in." }),
    );
    this.replaceChildren(this.form);
    this.#lookAtPermission();
  }

  disconnectedCallback() {
    this.#abort.abort();
  }

  /** @param {keyof typeof BUTTON_WORDS} state */
  show(state) {
    // By now it has a name.
    if (state === "idle" && this.dataset.known === "false" && rememberedDevice().device_id) this.#build();
    this.button.disabled = state === "starting";
    this.button.lastChild.textContent = BUTTON_WORDS[state];
  }

  /** As if the button had been pressed. */
  submit() {
    this.form.requestSubmit();
  }

  /** Who has allowed it already needs no explanation. */
  async #lookAtPermission() {
    // @ts-ignore: not every browser knows this name
    const permission = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
    if (!permission || this.#abort.signal.aborted) return;
    const show = () => { this.reasons.hidden = permission.state === "granted"; };
    permission.addEventListener("change", show, { signal: this.#abort.signal });
    show();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const label = this.label.value.trim();
    if (!label) return this.label.focus();
    this.dispatchEvent(new CustomEvent("begin", { detail: { label, sound: this.sound.checked } }));
  }
}

/** @param {string} symbol @param {string} title @param {string} text */
const reason = (symbol, title, text) =>
  el("li", {}, icon(symbol), el("div", {}, el("p", { class: "reason-title", text: title }), el("p", { class: "muted small", text })));

customElements.define("pw-start-form", StartForm);
