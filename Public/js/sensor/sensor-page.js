// @ts-check
// The page of a camera: what it sees, how much moves, what it recorded.

import { announce, el, icon } from "../components/dom.js";
import { CameraError } from "./camera.js";
import { rememberedDevice, Sensor } from "./sensor.js";

const CONNECTION_WORDS = {
  idle: "Not connected",
  connecting: "Connecting to the hub…",
  open: "Connected to the hub",
  waiting: "The hub is away; trying again. Clips are kept meanwhile.",
  closed: "Not connected",
};
const CLIP_WORDS = { recording: "recording", uploading: "being sent", stored: "stored on the hub", failed: "failed" };
/** The meter's full scale, as a multiple of the threshold. */
const METER_SCALE = 6;
/** More than the recorder itself remembers, so that no row comes back. */
const MAXIMUM_ROWS = 100;

class SensorPage extends HTMLElement {
  /** @type {Sensor|null} */ #sensor = null;
  #abort = new AbortController();
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();

  connectedCallback() {
    this.#build();
    this.#show("idle");
    document.addEventListener("visibilitychange", () => this.#showVisibility(), { signal: this.#abort.signal });
    const isBusy = () => this.list.querySelector("[data-state=recording], [data-state=uploading]");
    window.addEventListener("beforeunload", (event) => { if (isBusy()) event.preventDefault(); }, { signal: this.#abort.signal });
  }

  disconnectedCallback() {
    this.#abort.abort();
    this.#sensor?.stop();
  }

  #build() {
    const device = rememberedDevice();
    this.video = el("video", { muted: true, playsinline: true, "aria-label": "What the camera sees" });
    this.video.muted = true;
    this.label = el("input", { name: "label", required: true, maxlength: 80, autocomplete: "off", value: device.label, placeholder: "Hallway" });
    this.sound = el("input", { type: "checkbox", name: "sound" });
    this.sound.checked = device.sound;
    this.startButton = el("button", { class: "button button-primary button-large", type: "submit" }, icon("eye"), "Start watching");
    this.form = el(
      "form", { class: "card stack", onsubmit: (/** @type {Event} */ event) => this.#start(event) },
      el("h1", { text: "Use this device as a camera" }),
      el("p", { class: "muted", text: "It records the moments in which something moves, from a few seconds before, and shows you the picture live on your other devices." }),
      el("label", { class: "field" }, el("span", { text: "Device name" }), this.label),
      el("label", { class: "check" }, this.sound, el("span", { text: "Record sound" })),
      this.startButton,
      el("p", { class: "muted small", text: "Keep this page open and the phone plugged in. The picture stays on your own hub." }),
    );
    this.problem = el("section", { class: "card problem stack", role: "alert", hidden: true });
    this.status = el("p", { class: "sensor-status" });
    this.lock = el("p", { class: "muted small" });
    this.hiddenNote = el("p", { class: "notice", hidden: true, text: "This page is in the background: phones stop the camera of a hidden page. Bring it to the front." });
    this.stalledNote = el("p", { class: "notice", hidden: true, text: "The camera delivers no pictures. If this stays so, stop watching and start again." });
    this.meterBar = el("div", { class: "meter-bar" });
    this.meterText = el("p", { class: "meter-text", "data-motion-score": "", "data-score": "0", "data-threshold": "0" });
    this.meter = el("div", { class: "meter" }, this.meterBar, el("div", { class: "meter-mark" }));
    this.list = el("ul", { class: "sensor-clips", "aria-label": "Recorded clips" });
    this.empty = el("p", { class: "muted", text: "Nothing yet. Walk past the camera to try it." });
    this.stage = el(
      "div", { class: "sensor-stage", hidden: true },
      el("div", { class: "sensor-view" }, this.video, el("p", { class: "badge badge-live", hidden: true }, icon("live"), "Live: somebody is watching")),
      el("div", { class: "card stack sensor-panel" },
        el("h1", { class: "sensor-title" }), this.status, this.hiddenNote, this.stalledNote,
        el("section", { class: "stack-tight", "aria-label": "Motion" }, el("h2", { text: "Motion" }), this.meter, this.meterText),
        el("div", { class: "row" },
          el("button", { class: "button", type: "button", onclick: () => this.#sensor?.recordNow() }, icon("record"), "Record now"),
          el("button", { class: "button button-danger", type: "button", onclick: () => this.#stop() }, icon("stop"), "Stop watching")),
        this.lock,
        el("section", { class: "stack-tight" }, el("h2", { text: "Recorded" }), this.empty, this.list)),
    );
    this.replaceChildren(this.form, this.problem, this.stage);
  }

  /** @param {"idle"|"starting"|"watching"|"error"} state */
  #show(state) {
    this.dataset.state = state;
    this.form.hidden = state === "watching";
    this.stage.hidden = state !== "watching";
    this.problem.hidden = state !== "error";
    this.startButton.disabled = state === "starting";
    this.startButton.lastChild.textContent = state === "starting" ? "Starting…" : state === "error" ? "Try again" : "Start watching";
  }

  /** @param {Event} event */
  async #start(event) {
    event.preventDefault();
    const label = this.label.value.trim();
    if (!label) return this.label.focus();
    this.#show("starting");
    const sensor = new Sensor(this.video);
    this.#sensor = sensor;
    sensor.addEventListener("change", () => this.#update(sensor));
    sensor.addEventListener("motion", (/** @type {any} */ { detail }) => this.#showMotion(detail));
    sensor.addEventListener("ended", (/** @type {any} */ { detail }) => this.#ended(detail.reason));
    this.video.addEventListener("playing", () => { this.dataset.cameraStartedAt = String(performance.timeOrigin + performance.now()); }, { once: true });
    try {
      await sensor.start({ label, sound: this.sound.checked });
      this.querySelector(".sensor-title").textContent = `${label} is watching`;
      this.#show("watching");
      announce("Watching.");
      this.#update(sensor);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #stop() {
    await this.#sensor?.stop();
    this.#show("idle");
    announce("Watching has ended.");
    this.startButton.focus();
  }

  /** @param {string} reason */
  async #ended(reason) {
    if (this.dataset.state !== "watching") return;
    await this.#sensor?.stop();
    this.#fail(new CameraError("Watching has ended.", reason));
  }

  /** @param {any} error */
  #fail(error) {
    if (!this.isConnected) return;
    const title = error instanceof CameraError ? error.title : "Watching could not start.";
    const advice = error instanceof CameraError ? error.advice : error.message;
    this.problem.replaceChildren(el("h2", {}, icon("warning"), title), el("p", { text: advice }));
    this.#show("error");
  }

  /** @param {Sensor} sensor */
  #update(sensor) {
    // One that was stopped still sends its clips.
    this.#showClips(sensor.clips?.clips ?? []);
    if (sensor !== this.#sensor) return;
    const state = sensor.connection?.state ?? "idle";
    this.dataset.connection = state;
    this.status.textContent = CONNECTION_WORDS[state];
    this.status.dataset.connection = state;
    this.querySelector(".badge-live").hidden = !sensor.isLive;
    this.lock.textContent = sensor.isScreenKeptOn ? "The screen stays on while watching." : "The screen may turn off: set the phone's screen time-out to the longest.";
    this.stalledNote.hidden = !sensor.isStalled;
    this.#showVisibility();
  }

  #showVisibility() {
    this.hiddenNote.hidden = document.visibilityState === "visible";
  }

  /** @param {{score: number, threshold: number, state: string}} motion */
  #showMotion({ score, threshold, state }) {
    this.meterBar.style.inlineSize = `${Math.min(100, (score / (threshold * METER_SCALE)) * 100)}%`;
    this.meter.dataset.state = state;
    Object.assign(this.meterText.dataset, { score: score.toFixed(4), threshold: String(threshold) });
    const words = state === "learning" ? "Learning the scene…" : state === "moving" ? (score < threshold ? "Something is still there" : "Something moves") : "Quiet";
    this.meterText.textContent = `${words} · ${(score * 100).toFixed(1)} % of the picture moves; a clip begins at ${(threshold * 100).toFixed(1)} %`;
  }

  /** A camera that watches for months must not keep a row for every clip. */
  #forgetOld() {
    const rows = [...this.#rows].filter(([, row]) => row.dataset.state === "stored" || row.dataset.state === "failed");
    for (const [id, row] of rows.slice(0, Math.max(0, this.#rows.size - MAXIMUM_ROWS))) {
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {import("./clips.js").Clip[]} clips */
  #showClips(clips) {
    if (clips.length) this.empty.hidden = true;
    for (const clip of [...clips].reverse()) {
      const state = clip.upload.phase === "failed" ? "failed" : clip.upload.phase === "durable" ? "stored" : clip.isRecording ? "recording" : "uploading";
      let row = this.#rows.get(clip.id);
      if (!row) {
        row = el("li", { "data-clip-id": clip.id });
        this.#rows.set(clip.id, /** @type {HTMLElement} */ (row));
        this.list.prepend(row);
        this.#forgetOld();
      }
      if (row?.dataset.state === state) continue;
      const time = new Date(clip.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
      const reason = clip.upload.reason ? `: ${clip.upload.reason}` : "";
      row?.replaceChildren(el("span", { class: "clip-dot" }), el("span", { text: `${time} · ${clip.trigger === "manual" ? "By hand" : "Motion"} · ${CLIP_WORDS[state]}${reason}` }));
      if (row) row.dataset.state = state;
    }
  }
}

customElements.define("pw-sensor-page", SensorPage);
