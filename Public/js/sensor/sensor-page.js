// @ts-check
// The page of a camera: what it sees, how much moves, what it recorded.

import { announce, el, icon } from "../components/dom.js";
import { clockTime, dayName, size } from "../state/words.js";
import { CameraError } from "./camera.js";
import { rememberedDevice, Sensor } from "./sensor.js";
import { uplinkOf } from "./uplink.js";

const CONNECTION_WORDS = {
  idle: "Not connected",
  connecting: "Connecting to the hub…",
  open: "Connected to the hub",
  waiting: "The hub is away; trying again",
  closed: "Not connected",
};
const CLIP_WORDS = { recording: "recording", waiting: "waits for the hub", uploading: "being sent", stored: "stored on the hub", failed: "failed" };
const PENDING_WORDS = {
  /** @param {number} count @param {number} bytes */
  title: (count, bytes) => `${count === 1 ? "1 clip waits" : `${count} clips wait`} ·\u00a0${size(bytes).replace(" ", "\u00a0")}`,
  away: "The hub is away.",
  refused: "The hub cannot take it yet.",
  sending: "Being sent, the oldest first.",
  connecting: "Connecting to the hub…",
  closed: "They are sent when this device watches again.",
  /** @param {number} seconds */
  next: (seconds) => ` Next attempt ${seconds > 0 ? `in ${seconds} s` : "now"}.`,
  kept: "Kept on this device, also over a reload.",
  memory: "This browser gives the page no storage: reloading or closing it loses them.",
  full: "This device's storage takes no more: reloading or closing this page loses what is new.",
};
/** The meter's full scale, as a multiple of the threshold. */
const METER_SCALE = 6;
const COUNTDOWN_MS = 1000;

class SensorPage extends HTMLElement {
  /** @type {Sensor|null} */ #sensor = null;
  /** @type {import("./uplink.js").Uplink|null} */ #uplink = null;
  #abort = new AbortController();
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();

  connectedCallback() {
    this.#build();
    this.#show("idle");
    document.addEventListener("visibilitychange", () => this.#showVisibility(), { signal: this.#abort.signal });
    window.addEventListener("beforeunload", (event) => { if (this.#uplink?.outbox.isAtRisk) event.preventDefault(); }, { signal: this.#abort.signal });
    const countdown = setInterval(() => this.#showPending(), COUNTDOWN_MS);
    this.#abort.signal.addEventListener("abort", () => clearInterval(countdown));
    const { device_id } = rememberedDevice();
    // What a page before this one left is sent without the camera.
    if (device_id) uplinkOf(device_id).then((uplink) => this.#follow(uplink));
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
    this.liveNote = el("p", { class: "notice", hidden: true });
    this.meterBar = el("div", { class: "meter-bar" });
    this.meterText = el("p", { class: "meter-text", "data-motion-score": "", "data-score": "0", "data-threshold": "0" });
    this.meter = el("div", { class: "meter" }, this.meterBar, el("div", { class: "meter-mark" }));
    this.list = el("ul", { class: "sensor-clips", "aria-label": "Recorded clips" });
    this.empty = el("p", { class: "muted", text: "Nothing yet. Walk past the camera to try it." });
    this.pending = el("section", { class: "pending", "aria-label": "Clips that wait for the hub", hidden: true });
    this.stage = el(
      "div", { class: "sensor-stage", hidden: true },
      el("div", { class: "sensor-view" }, this.video, el("p", { class: "badge badge-live", hidden: true }, icon("live"), "Live: somebody is watching")),
      el("div", { class: "card stack sensor-panel" },
        el("h1", { class: "sensor-title" }), this.status, this.hiddenNote, this.stalledNote, this.liveNote,
        el("section", { class: "stack-tight", "aria-label": "Motion" }, el("h2", { text: "Motion" }), this.meter, this.meterText),
        el("div", { class: "row" },
          el("button", { class: "button", type: "button", onclick: () => this.#sensor?.recordNow() }, icon("record"), "Record now"),
          el("button", { class: "button button-danger", type: "button", onclick: () => this.#stop() }, icon("stop"), "Stop watching")),
        this.lock,
        el("section", { class: "stack-tight" }, el("h2", { text: "Recorded" }), this.empty, this.list)),
    );
    this.replaceChildren(this.form, this.problem, this.pending, this.stage);
  }

  /** @param {"idle"|"starting"|"watching"|"error"} state */
  #show(state) {
    this.dataset.state = state;
    this.form.hidden = state === "watching";
    this.stage.hidden = state !== "watching";
    this.problem.hidden = state !== "error";
    if (state === "watching") this.empty.before(this.pending);
    else this.stage.before(this.pending);
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
    sensor.addEventListener("note", (/** @type {any} */ { detail }) => announce(detail.text));
    sensor.addEventListener("ended", (/** @type {any} */ { detail }) => this.#ended(detail));
    this.video.addEventListener("playing", () => { this.dataset.cameraStartedAt = String(performance.timeOrigin + performance.now()); }, { once: true });
    try {
      await sensor.start({ label, sound: this.sound.checked });
      if (sensor.uplink) this.#follow(sensor.uplink);
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

  /** @param {{reason: string, isReplaced: boolean}} end */
  async #ended({ reason, isReplaced }) {
    if (this.dataset.state !== "watching") return;
    await this.#sensor?.stop();
    if (isReplaced) this.#replaced(reason);
    else this.#fail(new CameraError("Watching has ended.", reason));
  }

  /** The one thing to be done here is to take it back. @param {string} reason */
  #replaced(reason) {
    if (!this.isConnected) return;
    const again = el("button", { class: "button button-primary button-large", type: "button", onclick: () => this.form.requestSubmit() }, icon("eye"), "Watch here instead");
    this.problem.replaceChildren(el("h1", { text: "Watching goes on elsewhere" }), el("p", { text: reason }), again);
    this.#show("error");
    this.form.hidden = true;
    again.focus();
  }

  /** @param {any} error */
  #fail(error) {
    if (!this.isConnected) return;
    const title = error instanceof CameraError ? error.title : "Watching could not start.";
    const advice = error instanceof CameraError ? error.advice : error.message;
    this.problem.replaceChildren(el("h2", {}, icon("warning"), title), el("p", { text: advice }));
    this.#show("error");
  }

  /** Shows what becomes of a device's clips. @param {import("./uplink.js").Uplink} uplink */
  #follow(uplink) {
    if (uplink === this.#uplink || this.#abort.signal.aborted) return;
    this.#uplink = uplink;
    const show = () => { if (uplink === this.#uplink) this.#showClips(uplink); };
    uplink.outbox.addEventListener("change", show, { signal: this.#abort.signal });
    uplink.connection.addEventListener("state", show, { signal: this.#abort.signal });
    show();
  }

  /** @param {Sensor} sensor */
  #update(sensor) {
    if (sensor !== this.#sensor) return;
    const state = sensor.uplink?.connection.state ?? "idle";
    this.dataset.connection = state;
    this.dataset.phase = sensor.phase;
    this.status.textContent = sensor.phase === "standby" ? `Stopped from another device. ${CONNECTION_WORDS[state]}` : CONNECTION_WORDS[state];
    this.status.dataset.connection = state;
    this.querySelector(".badge-live").hidden = !sensor.isLive;
    this.lock.textContent = sensor.isScreenKeptOn ? "The screen stays on while watching." : "The screen may turn off: set the phone's screen time-out to the longest.";
    this.stalledNote.hidden = !sensor.isStalled;
    this.#showLiveProblem(sensor.liveProblem);
    this.#showVisibility();
  }

  /** @param {string|null} problem */
  #showLiveProblem(problem) {
    this.liveNote.hidden = !problem;
    const words = problem ? `The live picture has ended: the hub cannot use what this browser records (${problem}). Clips are recorded as before.` : "";
    if (words === this.liveNote.textContent) return;
    this.liveNote.textContent = words;
    if (words) announce(words);
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

  /** @param {import("./uplink.js").Uplink} uplink */
  #showClips({ outbox }) {
    this.empty.hidden = outbox.clips.length > 0;
    const ids = new Set(outbox.clips.map(({ record }) => record.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    outbox.clips.forEach((clip, index) => {
      const row = this.#rows.get(clip.record.id) ?? el("li", { "data-clip-id": clip.record.id });
      this.#rows.set(clip.record.id, row);
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
      const state = stateOf(clip);
      const reason = clip.upload.reason ?? clip.problem;
      const text = `${timeOf(clip)} · ${clip.record.trigger === "manual" ? "By hand" : "Motion"} · ${CLIP_WORDS[state]}${reason ? `: ${reason}` : ""}`;
      if (row.textContent === text && row.dataset.state === state) return;
      row.dataset.state = state;
      row.replaceChildren(el("span", { class: "clip-dot" }), el("span", { text }));
    });
    this.#showPending();
  }

  /** What waits for the hub, and why. */
  #showPending() {
    if (!this.#uplink) return;
    const { connection, outbox } = this.#uplink;
    const { count, bytes, retryAt } = outbox.waiting;
    this.dataset.pending = String(count);
    this.pending.hidden = count === 0;
    if (!count) return;
    const isOpen = connection.state === "open";
    const nextAt = isOpen ? retryAt : connection.retryAt;
    const why = isOpen ? (retryAt === null ? "sending" : "refused") : { waiting: "away", connecting: "connecting", idle: "connecting", closed: "closed" }[connection.state];
    const next = nextAt === null ? "" : PENDING_WORDS.next(Math.max(0, Math.ceil((nextAt - performance.now()) / 1000)));
    const lines = [PENDING_WORDS.title(count, bytes), PENDING_WORDS[why] + next, PENDING_WORDS[outbox.isDurable ? "kept" : outbox.store.isDurable ? "full" : "memory"]];
    this.pending.dataset.state = why;
    this.pending.dataset.durable = String(outbox.isDurable);
    if (this.pending.childElementCount === 0) this.pending.append(icon("clock"), el("div", {}, ...lines.map(() => el("p"))));
    this.pending.querySelectorAll("p").forEach((/** @type {HTMLElement} */ line, /** @type {number} */ index) => { if (line.textContent !== lines[index]) line.textContent = lines[index]; });
  }
}

/** @param {import("./outbox.js").Clip} clip @returns {keyof typeof CLIP_WORDS} */
function stateOf({ upload, isRecording }) {
  if (upload.phase === "failed") return "failed";
  if (upload.phase === "durable") return "stored";
  if (isRecording) return "recording";
  return upload.phase === "waiting" ? "waiting" : "uploading";
}

/** @param {import("./outbox.js").Clip} clip */
function timeOf({ record }) {
  const iso = new Date(record.at).toISOString();
  const day = dayName(iso);
  return day === "Today" ? clockTime(iso) : `${day}, ${clockTime(iso)}`;
}

customElements.define("pw-sensor-page", SensorPage);
