// @ts-check
// The page of a camera: from the first question to the dimmed screen. What is shown is made by the elements in `page/`.

import { announce, el, icon } from "../components/dom.js";
import { CameraError } from "./camera.js";
import "./page/clip-list.js";
import "./page/detection.js";
import "./page/dim-screen.js";
import "./page/health.js";
import { MISSED } from "./notes.js";
import { problemContent } from "./page/problem.js";
import { isSetUp } from "./page/setup.js";
import "./page/start-form.js";
import "./page/view.js";
import "./page/waiting.js";
import { rememberedDevice, Sensor } from "./sensor.js";
import { uplinkOf } from "./uplink.js";

const CONNECTION_WORDS = {
  idle: "Not connected",
  connecting: "Connecting to the hub…",
  open: "Connected to the hub",
  waiting: "The hub is away; trying again",
  closed: "Not connected",
};
const COUNTDOWN_MS = 1000;
/** Nobody touched the page for so long: the screen goes dark, though the camera watches. */
const IDLE_MS = 3 * 60_000;
const ACTIVITY = ["pointerdown", "keydown", "scroll"];

class SensorPage extends HTMLElement {
  /** @type {Sensor|null} */ #sensor = null;
  /** Ends what listens to the sensor. */
  #following = new AbortController();
  /** @type {import("./uplink.js").Uplink|null} */ #uplink = null;
  #abort = new AbortController();
  #touchedAt = 0;
  #label = "";

  connectedCallback() {
    this.#build();
    this.#show("idle");
    const { signal } = this.#abort;
    document.addEventListener("visibilitychange", () => this.#update(), { signal });
    window.addEventListener("beforeunload", (event) => { if (this.#uplink?.outbox.isAtRisk) event.preventDefault(); }, { signal });
    const touched = () => { this.#touchedAt = performance.now(); };
    for (const type of ACTIVITY) document.addEventListener(type, touched, { signal, capture: true, passive: true });
    const countdown = setInterval(() => this.#tick(), COUNTDOWN_MS);
    signal.addEventListener("abort", () => clearInterval(countdown));
    const { device_id } = rememberedDevice();
    // What a page before this one left is sent without the camera.
    if (device_id) uplinkOf(device_id).then((uplink) => this.#followUplink(uplink));
  }

  disconnectedCallback() {
    this.#abort.abort();
    this.#following.abort();
    this.#sensor?.stop();
  }

  // MARK: Its parts

  #build() {
    this.start = el("pw-start-form");
    this.start.addEventListener("begin", (/** @type {any} */ { detail }) => this.#start(detail));
    this.problem = el("section", { class: "card problem stack", role: "alert", hidden: true });
    this.waiting = el("pw-waiting", { class: "waiting" });
    this.clips = el("pw-clip-list", { class: "clip-list stack-tight" });
    this.view = el("pw-sensor-view", { class: "sensor-view" });
    this.setup = el("pw-sensor-setup");
    this.setup.addEventListener("step", (/** @type {any} */ { detail }) => this.view.frame({ isFraming: detail.name === "framing" }));
    this.setup.addEventListener("armed", () => this.dim.dim());
    this.dim = el("pw-dim-screen");
    this.dim.addEventListener("woken", () => announce("The screen is on again."));
    this.heading = el("h1", { class: "sensor-title", tabindex: "-1" });
    this.status = el("p", { class: "sensor-status" });
    this.health = el("pw-sensor-health", { class: "stack-tight" });
    this.liveNote = el("p", { class: "notice", hidden: true });
    this.detection = el("pw-detection", { class: "stack" });
    this.siren = el("div", { class: "notice siren", role: "alert", hidden: true }, icon("sound"), el("p", { text: "The siren sounds." }),
      button("", "stop", "Silence it", () => this.#sensor?.perform("siren", { on: false })));
    this.standby = el("div", { class: "stack standby", hidden: true }, el("p", { text: "It can be started there, or here." }),
      button("button-primary button-large", "eye", "Start watching", () => this.#resume()));
    this.recordButton = button("", "record", "Record now", () => this.#record());
    this.dimButton = button("", "moon", "Dim screen", () => this.dim.dim());
    this.setupButton = button("button-quiet", "motion", "Placement and walk test", () => this.#openSetup());
    this.buttons = el("div", { class: "sensor-buttons" }, this.recordButton, this.dimButton, button("button-danger", "stop", "Stop watching", () => this.#stop()));
    this.stage = el(
      "div", { class: "sensor-stage", hidden: true },
      el("div", { class: "stack" }, this.view, this.setup),
      el("div", { class: "card stack sensor-panel" }, this.heading, this.status, this.siren, this.standby, this.health, this.liveNote, this.buttons,
        this.detection, this.setupButton),
    );
    this.recorded = el("div", { class: "card stack recorded", hidden: true }, this.waiting, this.clips);
    this.replaceChildren(this.problem, this.start, this.stage, this.recorded, this.dim);
  }

  /** @param {"idle"|"starting"|"watching"|"standby"|"error"} state */
  #show(state) {
    this.dataset.state = state;
    const isOn = state === "watching" || state === "standby";
    this.start.hidden = isOn;
    this.stage.hidden = !isOn;
    this.problem.hidden = state !== "error";
    if (!isOn) this.start.show(state);
    for (const part of [this.recordButton, this.dimButton, this.detection, this.setupButton]) part.hidden = state !== "watching";
    this.standby.hidden = state !== "standby";
    this.view.caption.hidden = state !== "standby";
    this.view.caption.textContent = state === "standby" ? "Not watching" : "";
    if (state !== "watching") {
      if (!this.setup.hidden) this.setup.leave();
      this.dim.wake();
    }
    this.#showClips();
  }

  // MARK: Watching

  /** @param {{label: string, sound: boolean}} options */
  async #start({ label, sound }) {
    this.#show("starting");
    this.#label = label;
    const { video } = this.view;
    const sensor = new Sensor(video);
    this.#follow(sensor);
    try {
      await sensor.start({ label, sound });
      if (sensor !== this.#sensor || this.#abort.signal.aborted) return;
      if (sensor.uplink) this.#followUplink(sensor.uplink);
      this.#touchedAt = performance.now();
      this.#update();
      this.heading.focus({ preventScroll: true });
      announce("Watching.");
      if (!isSetUp()) this.#openSetup();
    } catch (error) {
      if (sensor === this.#sensor) this.#fail(error);
    }
  }

  /** @param {Sensor} sensor */
  #follow(sensor) {
    this.#following.abort();
    this.#following = new AbortController();
    this.#sensor = sensor;
    const { signal } = this.#following;
    /** @param {string} type @param {(detail: any) => void} body */
    const on = (type, body) => sensor.addEventListener(type, (/** @type {any} */ { detail }) => body(detail), { signal });
    on("change", () => this.#update());
    on("health", () => this.#showHealth());
    on("settings", () => this.view.showRegions(sensor.settings.motion.regions));
    on("note", ({ text }) => this.health.say(text));
    on("siren", () => this.#showSiren());
    on("ended", (end) => this.#ended(end));
    this.detection.follow(sensor, signal);
    this.view.showRegions(sensor.settings.motion.regions);
  }

  async #record() {
    const sensor = this.#sensor;
    if (await sensor?.recordNow() === false && sensor?.phase === "watching") this.health.say("There is no picture to record yet.");
  }

  #openSetup() {
    if (this.#sensor) this.setup.open(this.#sensor);
  }

  async #stop() {
    await this.#sensor?.stop();
    this.#show("idle");
    announce("Watching has ended.");
    this.start.button.focus();
  }

  async #resume() {
    const { ok, message } = (await this.#sensor?.perform("start")) ?? { ok: true };
    if (!ok) this.health.say(message ?? "It could not be started.");
    else this.heading.focus({ preventScroll: true });
  }

  /** @param {{title?: string, reason: string, isReplaced: boolean}} end */
  async #ended({ title, reason, isReplaced }) {
    if (this.stage.hidden) return;
    await this.#sensor?.stop();
    if (isReplaced) this.#replaced(reason);
    else this.#fail(new CameraError(title ?? "Watching has ended.", reason));
  }

  /** The one thing to be done here is to take it back. @param {string} reason */
  #replaced(reason) {
    if (!this.isConnected) return;
    const again = button("button-primary button-large", "eye", "Watch here instead", () => this.start.submit());
    this.problem.replaceChildren(el("h1", { text: "Watching goes on elsewhere" }), el("p", { text: reason }), again);
    this.#show("error");
    this.start.hidden = true;
    again.focus();
  }

  /** @param {any} error */
  #fail(error) {
    if (!this.isConnected) return;
    this.problem.replaceChildren(.../** @type {Node[]} */ (problemContent(error)));
    this.#show("error");
  }

  // MARK: What is to be seen

  #update() {
    const sensor = this.#sensor;
    if (!sensor) return;
    const { phase } = sensor;
    if ((phase === "watching" || phase === "standby") && this.dataset.state !== phase) this.#show(phase);
    const state = sensor.uplink?.connection.state ?? "idle";
    this.dataset.connection = state;
    this.heading.textContent = phase === "standby" ? `${this.#label} is not watching` : `${this.#label} is watching`;
    this.dataset.phase = phase;
    this.status.textContent = `${phase === "standby" ? "Stopped from another device. " : ""}${CONNECTION_WORDS[state]}`;
    this.status.dataset.connection = state;
    this.view.showLive(sensor.isLive, phase === "watching" && state === "open");
    this.#showLiveProblem(sensor.liveProblem);
    this.#showSiren();
    this.#showHealth();
  }

  #showHealth() {
    const { health, phase, uplink } = /** @type {Sensor} */ (this.#sensor);
    if (this.stage.hidden) return;
    const isConnected = uplink?.connection.state === "open";
    this.health.show(health, isConnected);
    this.health.hidden = phase === "standby" && !health.problems.length;
    this.dim.show(health.problems.map(({ code }) => code), isConnected ? "" : "The hub is away");
  }

  #showSiren() {
    this.siren.hidden = !this.#sensor?.siren.isOn;
    if (!this.siren.hidden) this.dim.wake();
  }

  /** @param {string|null} problem */
  #showLiveProblem(problem) {
    this.liveNote.hidden = !problem;
    const words = problem
      ? `The live picture has ended: the hub cannot use what this browser records (${problem}). Clips are recorded as before.` : "";
    if (words === this.liveNote.textContent) return;
    this.liveNote.textContent = words;
    if (words) announce(words);
  }

  /** Shows what becomes of a device's clips. @param {import("./uplink.js").Uplink} uplink */
  #followUplink(uplink) {
    if (uplink === this.#uplink || this.#abort.signal.aborted) return;
    this.#uplink = uplink;
    const show = () => { if (uplink === this.#uplink) this.#showClips(); };
    uplink.outbox.addEventListener("change", show, { signal: this.#abort.signal });
    uplink.outbox.addEventListener("missed", () => this.health.say(MISSED), { signal: this.#abort.signal });
    uplink.connection.addEventListener("state", show, { signal: this.#abort.signal });
    show();
  }

  #showClips() {
    if (!this.#uplink) return;
    this.clips.show(this.#uplink);
    this.recorded.hidden = this.stage.hidden && !this.#uplink.outbox.clips.length && !this.#uplink.outbox.keeper.lostCount;
    this.dataset.pending = String(this.waiting.show(this.#uplink));
  }

  /** Time passes: for the next attempt, and until the screen goes dark. */
  #tick() {
    if (this.#uplink) this.dataset.pending = String(this.waiting.show(this.#uplink));
    this.clips.showCandidates(this.#sensor?.candidates ?? []);
    const isIdle = this.dataset.state === "watching" && this.setup.hidden && performance.now() - this.#touchedAt > IDLE_MS;
    if (isIdle && !this.querySelector(".clip-player:not([hidden])")) this.dim.dim();
  }
}

/** @param {string} kinds further classes @param {string} symbol @param {string} text @param {() => unknown} onclick */
const button = (kinds, symbol, text, onclick) => el("button", { class: `button ${kinds}`.trim(), type: "button", onclick }, icon(symbol), text);

customElements.define("pw-sensor-page", SensorPage);
