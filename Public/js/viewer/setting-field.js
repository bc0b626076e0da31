// @ts-check
// One setting of a camera: a native control, what it means, and what became of a change.

import { el } from "../components/dom.js";
import { Slider } from "../sensor/page/slider.js";

/**
 * @typedef {object} Field
 * @property {string} path as in the API: "clip.max_seconds"
 * @property {"number"|"select"|"switch"|"motion"|"sound"} control the last two are sliders with words of their own
 * @property {string} label
 * @property {string} [hint]
 * @property {string} [unit]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {[string, string][]} [options] value and words
 */

/** @param {string} path @param {unknown} value @returns {Record<string, any>} */
export const patchOf = (path, value) => path.split(".").reduceRight((inner, name) => ({ [name]: inner }), /** @type {any} */ (value));

/** @param {Record<string, any>} settings @param {string} path */
export const valueAt = (settings, path) => path.split(".").reduce((part, name) => part?.[name], /** @type {any} */ (settings));

export class SettingField {
  #isBusy = false;
  /** What was typed and could not be saved stays to be corrected. */ #isRefused = false;

  /** @param {import("./device-settings.js").DeviceSettings} settings @param {Field} field */
  constructor(settings, field) {
    this.settings = settings;
    this.field = field;
    const id = `setting-${field.path.replaceAll(".", "-")}`;
    this.answer = el("p", { class: "small target-answer", role: "status", id: `${id}-answer` });
    this.hint = field.hint ? el("p", { class: "muted small", id: `${id}-hint`, text: field.hint }) : null;
    const described = [this.hint && `${id}-hint`, `${id}-answer`].filter(Boolean).join(" ");
    this.element = el("div", { class: "setting", "data-setting": field.path });
    const onchange = () => this.#changed();
    switch (field.control) {
      case "motion":
      case "sound":
        this.slider = new Slider(field.control, field.label, () => this.#changed());
        this.input = this.slider.input;
        this.element.append(this.slider.element, this.hint ?? "", this.answer);
        break;
      case "switch":
        this.input = el("input", { type: "checkbox", role: "switch", id, "aria-describedby": described, onchange });
        this.element.append(el("label", { class: "switch" }, this.input, el("span", { text: field.label })), this.hint ?? "", this.answer);
        break;
      case "select":
        this.input = el("select", { id, "aria-describedby": described, onchange },
          ...(field.options ?? []).map(([value, text]) => el("option", { value, text })));
        this.#layRow(id);
        break;
      default:
        this.input = el("input", {
          type: "number", inputmode: "numeric", id, min: field.minimum, max: field.maximum, step: 1, required: true, onchange,
          "aria-describedby": described,
        });
        this.#layRow(id);
    }
  }

  /** @param {string} id */
  #layRow(id) {
    const { label, unit } = this.field;
    this.element.append(
      el("div", { class: "setting-row" },
        el("label", { for: id, text: label }),
        el("span", { class: "setting-value" }, this.input, unit && el("span", { class: "muted", text: unit }))),
      this.hint ?? "", this.answer);
  }

  /** @param {import("../state/settings.js").Settings} settings @param {boolean} [isForced] whatever somebody is typing */
  show(settings, isForced = false) {
    const value = valueAt(settings, this.field.path);
    if (this.#isBusy || this.#isRefused) return;
    if (this.slider) this.slider.show(value);
    else if (this.field.control === "switch") this.input.checked = value;
    // Not from under somebody's fingers.
    else if (isForced || document.activeElement !== this.input) this.input.value = String(value);
  }

  #read() {
    switch (this.field.control) {
      case "switch": return this.input.checked;
      case "select": return this.input.value;
      default: return Number(this.input.value);
    }
  }

  #localProblem() {
    const { control, label, minimum, maximum, unit = "" } = this.field;
    if (control !== "number" || this.input.validity.valid) return "";
    return `${label}: a whole number from ${minimum} to ${maximum}${unit && ` ${unit}`} is expected.`;
  }

  async #changed() {
    const problem = this.#localProblem();
    if (problem) {
      this.#say(problem, "danger");
      return;
    }
    this.#isBusy = true;
    let isOutdated = false;
    this.#say("Saving…", "");
    try {
      await this.settings.change(patchOf(this.field.path, this.#read()));
      this.#say("Saved.", "ok");
    } catch (error) {
      const { status, field, message } = /** @type {any} */ (error);
      this.#say(field ? `${this.field.label}: ${message}` : message, "danger");
      isOutdated = status === 409;
      if (isOutdated) this.#isRefused = false;
    }
    this.#isBusy = false;
    if (this.settings.value) this.show(this.settings.value, isOutdated);
  }

  /** @param {string} text @param {""|"ok"|"danger"} tone */
  #say(text, tone) {
    this.answer.textContent = text;
    this.answer.dataset.tone = tone;
    this.#isRefused = tone === "danger" && this.field.control === "number";
    if (tone === "danger") this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}
