// @ts-check
// What a camera can be asked from here, and what became of it.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { answerWords, cannotAsk, commandName, failureWords } from "../state/device-words.js";
import { clockTime } from "../state/words.js";
import { DevicePicture } from "./device-picture.js";

/** How many answers are kept in sight. */
const MAXIMUM_ANSWERS = 4;
const SIREN_SECONDS = [5, 10, 30, 60], USUAL_SIREN = 10;
/** @type {Record<string, string>} */
const TONE_ICONS = { ok: "check", danger: "warning" };

export class DeviceControl {
  /** @type {Record<string, any>} */ #device = {};
  #isTorchOn = false;
  #facing = "environment";
  /** @type {any} */ #sirenTimer = null;

  /**
   * @param {import("./hub.js").ViewerHub} hub @param {string} deviceId @param {import("./device-settings.js").DeviceSettings} settings
   * @param {AbortSignal} signal
   */
  constructor(hub, deviceId, settings, signal) {
    this.hub = hub;
    this.deviceId = deviceId;
    this.settings = settings;
    this.reason = el("p", { class: "notice", id: "cannot-ask", hidden: true });
    this.watch = this.#button("start", () => this.#ask(this.#device.watching ? "stop" : "start"));
    this.watch.classList.add("control-wide");
    this.record = this.#button("record", () => this.#ask("record"), "record", "Record now");
    this.take = this.#button("picture", () => this.picture.take(), "picture", "Take a picture");
    this.torch = this.#button("torch", () => this.#ask("torch", { on: !this.#isTorchOn }));
    const other = () => (this.#facing === "user" ? "environment" : "user");
    this.camera = this.#button("camera", () => this.#ask("camera", { facing: other() }), "again", "Switch camera");
    this.relearn = this.#button("relearn", () => this.#ask("relearn"), "scene", "Relearn the scene");
    this.siren = this.#button("siren", () => this.#askAboutSiren(true), "siren", "Siren…");
    this.silence = this.#button("silence", () => this.#ask("siren", { on: false }), "stop", "Silence the siren");
    this.silence.classList.add("button-danger");
    this.silence.hidden = true;
    this.buttons = [this.watch, this.record, this.take, this.torch, this.siren, this.silence, this.camera, this.relearn];
    const lengths = SIREN_SECONDS.map((seconds) => el("option", { value: seconds, selected: seconds === USUAL_SIREN, text: `${seconds} s` }));
    this.seconds = el("select", { id: "siren-seconds" }, ...lengths);
    const onkeydown = (/** @type {KeyboardEvent} */ { key }) => { if (key === "Escape") this.#askAboutSiren(false); };
    this.confirm = el("div", { class: "confirm stack-tight", role: "group", "aria-label": "Siren", hidden: true, onkeydown },
      el("p", { text: "The phone makes a loud noise, where it is. Sound it?" }),
      el("div", { class: "row row-tight" }, el("label", { for: "siren-seconds", text: "For" }), this.seconds,
        el("button", { class: "button button-danger", type: "button", onclick: () => this.#sound() }, icon("siren"), "Sound the siren"),
        el("button", { class: "button", type: "button", onclick: () => this.#askAboutSiren(false) }, "Cancel")));
    this.answers = el("ul", { class: "answers", "aria-label": "What became of it", hidden: true });
    this.picture = new DevicePicture(deviceId, this.take, signal);
    this.element = el("section", { class: "card stack", "aria-labelledby": "section-control", "data-needs": "control" },
      el("h2", { id: "section-control", text: "Control" }), this.reason,
      el("div", { class: "controls" }, ...this.buttons), this.confirm, this.answers, this.picture.element);
  }

  stop() {
    clearTimeout(this.#sirenTimer);
  }

  /** @param {string} name @param {() => void} press @param {string} [symbol] @param {string} [text] */
  #button(name, press, symbol, text) {
    const onclick = () => { if (button.getAttribute("aria-disabled") !== "true") press(); };
    const button = el("button", { class: "button", type: "button", "data-control": name, "aria-describedby": "cannot-ask", onclick });
    if (symbol) button.append(icon(symbol), text ?? "");
    return button;
  }

  /** @param {Record<string, any>} device */
  show(device) {
    this.#device = device;
    const reason = cannotAsk(device);
    this.reason.hidden = !reason;
    this.reason.textContent = reason;
    // A button that somebody is on stays there, and says why it does nothing.
    for (const button of this.buttons) setDisabled(button, "offline", Boolean(reason));
    this.watch.classList.toggle("button-primary", !device.watching);
    setContent(this.watch, device.watching ? "stop" : "eye", device.watching ? "Stop watching" : "Start watching");
    if (reason) this.#askAboutSiren(false);
    this.picture.showDevice(device);
  }

  /** @param {import("../state/settings.js").Settings} settings */
  showSettings({ capture }) {
    this.#isTorchOn = capture.torch;
    this.#facing = capture.facing;
    setContent(this.torch, "torch", capture.torch ? "Torch off" : "Torch on");
  }

  /** @param {boolean} isAsking */
  #askAboutSiren(isAsking) {
    const hadFocus = this.confirm.contains(document.activeElement);
    this.confirm.hidden = !isAsking;
    if (isAsking) this.seconds.focus();
    else if (hadFocus) this.siren.focus();
  }

  async #sound() {
    const seconds = Number(this.seconds.value);
    this.#askAboutSiren(false);
    if (!await this.#ask("siren", { on: true, seconds })) return;
    clearTimeout(this.#sirenTimer);
    this.#showSilence(true);
    this.#sirenTimer = setTimeout(() => this.#showSilence(false), seconds * 1000);
  }

  /** @param {boolean} isSounding */
  #showSilence(isSounding) {
    const hadFocus = document.activeElement === this.silence;
    this.silence.hidden = !isSounding;
    if (hadFocus && !isSounding) this.siren.focus();
  }

  /** @param {string} command @param {Record<string, any>} [args] @returns {Promise<boolean>} whether the camera did it */
  async #ask(command, args = {}) {
    const name = commandName(command, args);
    const control = { stop: "start", siren: args.on ? "siren" : "silence" }[command] ?? command;
    const button = this.buttons.find((one) => one.dataset.control === control);
    const answer = this.#newAnswer(name);
    setDisabled(button, "asking", true);
    let outcome, isDone = false;
    try {
      const said = await api(`/devices/${encodeURIComponent(this.deviceId)}/commands`, { method: "POST", body: { command, args } });
      isDone = said.ok;
      outcome = answerWords(command, said);
      // The camera changes them itself; the news of it may be on its way.
      if (command === "torch" || command === "camera") this.settings.load();
      if (command === "siren" && !args.on && isDone) this.#showSilence(false);
    } catch (error) {
      outcome = failureWords(/** @type {any} */ (error));
    }
    setDisabled(button, "asking", false);
    answer.dataset.tone = outcome.tone;
    answer.replaceChildren(
      icon(TONE_ICONS[outcome.tone] ?? "clock"), el("span", {}, el("strong", { text: `${name}:` }), ` ${outcome.text}`),
      el("time", { text: clockTime(new Date().toISOString()) }));
    announce(`${name}: ${outcome.text}`);
    return isDone;
  }

  /** @param {string} name */
  #newAnswer(name) {
    const answer = el("li", {}, icon("clock"),
      el("span", {}, el("strong", { text: `${name}:` }), " The camera is being asked…"));
    this.answers.hidden = false;
    this.answers.prepend(answer);
    while (this.answers.children.length > MAXIMUM_ANSWERS) this.answers.lastElementChild?.remove();
    return answer;
  }
}

/** @param {HTMLElement} button @param {string} symbol @param {string} text */
function setContent(button, symbol, text) {
  if (button.textContent !== text) button.replaceChildren(icon(symbol), text);
}

/** Disabled while there is any reason for it; focus stays. @param {HTMLElement} button @param {string} reason @param {boolean} isSo */
function setDisabled(button, reason, isSo) {
  const reasons = new Set((button.dataset.disabled ?? "").split(" ").filter(Boolean));
  if (isSo) reasons.add(reason);
  else reasons.delete(reason);
  button.dataset.disabled = [...reasons].join(" ");
  button.setAttribute("aria-disabled", String(reasons.size > 0));
}
