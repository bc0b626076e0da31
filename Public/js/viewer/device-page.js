// @ts-check
// All about one camera from another device: what it can be asked, how it watches, and how it is.

import { el, icon } from "../components/dom.js";
import { attentionWords, presenceWords } from "../state/device-words.js";
import { cameraState } from "../state/words.js";
import { DeviceControl } from "./device-control.js";
import { DeviceHealth } from "./device-health.js";
import { DeviceSettings } from "./device-settings.js";
import { RegionsEditor } from "./regions-editor.js";
import { SettingField } from "./setting-field.js";
import { SECTIONS } from "./settings-fields.js";

export class DevicePage extends HTMLElement {
  /** @type {AbortController|null} */ #abort = null;
  /** @type {SettingField[]} */ #fields = [];
  /** @type {Record<string, any>|null} */ #shown = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {string} id */
  constructor(hub, id) {
    super();
    this.hub = hub;
    this.deviceId = id;
    this.className = "device-page";
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#shown = null;
    this.settings = new DeviceSettings(this.hub, this.deviceId, signal);
    this.heading = el("h1", { text: "Camera" });
    this.badge = el("span", { class: "badge" });
    const href = `#/camera-settings/${encodeURIComponent(this.deviceId)}`;
    const onclick = (/** @type {Event} */ event) => this.#toHealth(event);
    this.attention = el("a", { class: "badge", "data-tone": "warn", href, hidden: true, onclick });
    this.presence = el("p", { class: "muted small" });
    this.problem = el("p", { class: "notice", role: "alert", hidden: true });
    this.control = new DeviceControl(this.hub, this.deviceId, this.settings, signal);
    this.health = new DeviceHealth();
    this.regions = new RegionsEditor(this.settings, this.deviceId, signal);
    this.#fields = [];
    const sections = SECTIONS.map(({ id, title, text, fields }) => {
      const made = fields.map((field) => new SettingField(/** @type {DeviceSettings} */ (this.settings), field));
      this.#fields.push(...made);
      return el("section", { class: "card stack", "aria-labelledby": `section-${id}`, "data-needs": "control", hidden: true },
        el("h2", { id: `section-${id}`, text: title }), text && el("p", { class: "muted small", text }),
        ...made.map((field) => field.element), id === "motion" && this.regions?.element);
    });
    const [motion, ...others] = sections;
    this.sections = sections;
    this.known = el("div", { class: "device-columns", hidden: true },
      el("div", { class: "stack" }, this.control.element, this.health.element, motion), el("div", { class: "stack" }, ...others));
    this.replaceChildren(
      el("p", { class: "back-row" }, el("a", { class: "button button-quiet", href: "#/" }, icon("back"), "Back")),
      el("header", { class: "stack-tight" }, el("div", { class: "row" }, this.heading, this.badge, this.attention), this.presence),
      this.problem, this.known,
    );
    this.hub.addEventListener("change", () => this.#render(), { signal });
    this.settings.addEventListener("change", () => this.#renderSettings(), { signal });
    this.#render();
    this.settings.load();
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.regions?.stop();
    this.control?.stop();
  }

  #render() {
    const { state, problem } = this.hub;
    const device = state.devices.find((one) => one.device_id === this.deviceId);
    if (!device) {
      this.heading.textContent = "Camera";
      this.problem.hidden = false;
      this.problem.textContent = state.isLoaded ? "There is no such camera." : problem ?? "Loading…";
      return;
    }
    if (device === this.#shown) return;
    this.#shown = device;
    this.known.hidden = false;
    this.heading.textContent = `Camera: ${device.label}`;
    const { text, tone, symbol } = cameraState(device);
    this.badge.replaceChildren(icon(symbol), text);
    this.badge.dataset.tone = tone;
    const attention = attentionWords(device);
    this.attention.hidden = !attention;
    this.attention.replaceChildren(icon("warning"), attention);
    this.presence.hidden = device.online;
    this.presence.textContent = presenceWords(device, new Date());
    this.control.show(device);
    this.health.show(device);
    this.regions?.showDevice(device);
    this.#renderSettings();
  }

  #renderSettings() {
    const { value, problem = "" } = this.settings ?? {};
    if (this.#shown) {
      this.problem.hidden = !problem;
      this.problem.textContent = problem;
    }
    if (!value) return;
    for (const section of this.sections) section.hidden = false;
    for (const field of this.#fields) field.show(value);
    this.regions?.showRegions(value.motion.regions);
    this.control.showSettings(value);
  }

  /** @param {Event} event */
  #toHealth(event) {
    event.preventDefault();
    this.health.heading.focus();
    this.health.heading.scrollIntoView({ block: "center" });
  }
}

customElements.define("pw-device-page", DevicePage);
