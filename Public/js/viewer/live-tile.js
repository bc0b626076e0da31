// @ts-check
// One camera: its state, its live picture, its alerts.

import { announce, el, icon } from "../components/dom.js";
import { Patience, TICK_MS } from "../lib/patience.js";
import { alertState, nextSnoozeEnd } from "../state/alerts.js";
import { attentionWords, liveEndWords, presenceWords } from "../state/device-words.js";
import { STILL_SECONDS } from "../state/stills.js";
import { cameraState } from "../state/words.js";
import { openAlertsDialog } from "./alerts-dialog.js";
import { LivePicture } from "./live-picture.js";
import { canPlayFiles } from "./mse-player.js";
import { StillsPlayer } from "./stills-player.js";

/** A hidden page stops watching after this, so that the phone can stop sending. */
const HIDDEN_MS = 10_000;
/** Without a picture for so long it is no longer live, which is said. */
const SILENT_SECONDS = 5;
const SILENT_WORDS = `No picture for ${SILENT_SECONDS} s. It goes on by itself when the camera sends again.`;
const STILLS_WORDS = `A still every ${STILL_SECONDS} s`;
/** Browsers take a longer one for none. */
const MAXIMUM_TIMEOUT_MS = 2 ** 31 - 1;

export class LiveTile extends HTMLElement {
  /** @type {Record<string, any>} */ device = {};
  /** @type {import("./hub.js").ViewerHub} */ hub;
  /** @type {number|null} */ #stream = null;
  #silence = new Patience(SILENT_SECONDS);
  /** @type {any} */ #ticks = null;
  #isWanted = false;
  /** Why there is no still, as it was last told. */ #problem = "";
  /** Which answer to `live.watch` is still wanted. */ #watchNumber = 0;
  #askedAt = 0;
  /** @type {any} */ #hiddenTimer = null;
  /** @type {any} */ #snoozeTimer = null;
  /** Who gets alerts, as it is shown. @type {any[]|undefined|null} */ #targets = null;
  /** @type {AbortController|null} */ #abort = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {Record<string, any>} device */
  constructor(hub, device) {
    super();
    this.hub = hub;
    this.device = device;
    this.picture = new LivePicture({
      onPicture: () => this.#picture(),
      wantKeyframe: () => this.#wantKeyframe(),
      onFailure: (reason) => this.#giveUp(reason),
    });
    this.stills = new StillsPlayer(this.picture.canvas, device.device_id, (shown) => this.#still(shown));
    this.text = el("p", { class: "tile-text" });
    this.liveBadge = el("p", { class: "badge tile-badge", hidden: true }, icon("live"), "Live");
    this.stillsBadge = el("p", { class: "badge tile-badge tile-stills", hidden: true }, icon("picture"), STILLS_WORDS);
    this.stillsReason = el("p", { class: "tile-remark", hidden: true });
    this.heading = el("h3", {});
    this.badge = el("span", { class: "badge" });
    this.button = el("button", { class: "button", type: "button", onclick: () => this.#toggle() });
    this.alerts = el("button", { class: "button button-quiet", type: "button", "data-needs": "control", onclick: () => openAlertsDialog(this.hub, this.device) });
    const page = `#/camera-settings/${encodeURIComponent(device.device_id)}`;
    this.settings = el("a", { class: "button button-quiet", href: page, "data-needs": "control" });
    this.attention = el("a", { class: "badge tile-attention", "data-tone": "warn", href: page, hidden: true });
    this.presence = el("p", { class: "tile-remark", hidden: true });
    this.remark = el("p", { class: "tile-remark", hidden: true });
    this.className = "card";
    this.append(
      el("div", { class: "tile-picture" }, icon("camera"), this.picture.canvas, this.picture.video, this.text, this.liveBadge, this.stillsBadge),
      el("div", { class: "tile-foot" }, el("div", { class: "tile-head" }, this.heading, this.badge), this.attention, this.presence, this.stillsReason,
        el("div", { class: "row" }, this.button, this.alerts, this.settings), this.remark),
    );
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.dataset.deviceId = this.device.device_id;
    this.hub.addEventListener("frame", (/** @type {any} */ { detail }) => { if (detail.frame.stream === this.#stream) this.picture.push(detail.frame); }, { signal });
    this.hub.addEventListener("message", (/** @type {any} */ { detail }) => this.#message(detail.data), { signal });
    // Also one that was never seen to be away: it came back before the hub missed it.
    this.hub.addEventListener("publication", (/** @type {any} */ { detail: { data } }) => {
      if (data.type === "device.presence" && data.device_id === this.device.device_id && data.online) this.#resume();
    }, { signal });
    // The hub forgets who watched when a connection breaks.
    this.hub.addEventListener("connection", () => {
      if (this.#isWanted && !this.stills.isOn && this.dataset.live !== "ended" && this.hub.connection.state !== "open") this.#ended("No longer live: the hub is away.");
    }, { signal });
    this.hub.addEventListener("open", () => this.#resume(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibility(), { signal });
    this.hub.addEventListener("change", () => this.#showAlerts(), { signal });
    this.#show("off");
    this.update(this.device);
  }

  disconnectedCallback() {
    clearTimeout(this.#hiddenTimer);
    clearTimeout(this.#snoozeTimer);
    this.#isWanted = false;
    this.#leave();
    this.#abort?.abort();
  }

  /** @param {Record<string, any>} device */
  update(device) {
    const cameBack = device.online && !this.device.online;
    this.device = device;
    this.heading.textContent = device.label;
    const { text, tone, symbol } = cameraState(device);
    this.badge.replaceChildren(icon(symbol), text);
    this.badge.dataset.tone = tone;
    const attention = attentionWords(device);
    this.attention.hidden = !attention;
    this.attention.replaceChildren(icon("warning"), attention && (attention === "Needs attention" ? attention : `Needs attention: ${attention}`));
    this.presence.hidden = device.online;
    this.presence.textContent = presenceWords(device, new Date());
    this.settings.setAttribute("aria-label", `Camera settings: ${device.label}`);
    if (!this.settings.childElementCount) this.settings.append(icon("settings"), "Settings");
    if (cameBack) this.#resume();
    if (this.dataset.live === "off") this.#say(this.#invitation());
    this.#label();
    this.#targets = null;
    this.#showAlerts();
  }

  #toggle() {
    this.#isWanted = !this.#isWanted;
    if (this.#isWanted) {
      this.#watch();
    } else {
      this.#leave();
      this.#show("off");
    }
  }

  #resume() {
    if (this.stills.isOn) this.stills.retry();
    else if (this.#isWanted && this.dataset.live === "ended" && document.visibilityState === "visible") this.#watch();
  }

  async #watch() {
    if (!("VideoDecoder" in globalThis) && !canPlayFiles()) {
      this.#beginStills("This browser cannot play live video; a current Chrome, Edge, Firefox or Safari can.");
      return;
    }
    const number = ++this.#watchNumber;
    this.#show("starting");
    delete this.dataset.firstFrameMs;
    this.#askedAt = performance.now();
    this.#silence.reset();
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
    const { connection } = this.hub;
    try {
      const { stream, online } = await connection.rpc("live.watch", { device_id: this.device.device_id });
      if (number !== this.#watchNumber) {
        // A newer question has the same stream, which is not to be left.
        if (!this.#isWanted) connection.rpc("live.unwatch", { stream }).catch(() => {});
        return;
      }
      this.#stream = stream;
      if (!online) this.#say("The camera is not connected. The picture comes as soon as it is.");
    } catch (error) {
      if (number === this.#watchNumber) this.#ended(/** @type {Error} */ (error).message);
    }
  }

  #picture() {
    this.#silence.reset();
    this.dataset.frames = String(this.picture.frames);
    if (this.dataset.live === "playing") return;
    this.dataset.firstFrameMs ??= String(Math.round(performance.now() - this.#askedAt));
    this.#show("playing");
    announce(`${this.device.label}: live.`);
  }

  #wantKeyframe() {
    if (this.#stream !== null) this.hub.connection.rpc("live.keyframe", { stream: this.#stream }).catch(() => {});
  }

  /** A camera may be connected and send nothing: it froze, or its network is bad. */
  #tick() {
    const isExpected = this.dataset.live === "playing" || (this.dataset.live === "starting" && this.device.online);
    if (!isExpected) this.#silence.reset();
    else if (this.#silence.tick(document.visibilityState === "visible")) this.#show("silent");
  }

  #leave() {
    if (this.#stream !== null && this.hub.connection.state === "open") this.hub.connection.rpc("live.unwatch", { stream: this.#stream }).catch(() => {});
    this.#forget();
  }

  #forget() {
    this.#watchNumber++;
    this.#stream = null;
    clearInterval(this.#ticks);
    this.#ticks = null;
    this.picture.close();
    this.stills.close();
  }

  /** @param {Record<string, any>} data */
  #message(data) {
    if (this.#stream === null || data.stream !== this.#stream) return;
    if (data.type === "live.gap") this.picture.gap();
    if (data.type === "live.ended") this.#ended(liveEndWords(data.reason));
  }

  /** @param {string} reason */
  #ended(reason) {
    this.#forget();
    this.#show("ended", reason);
  }

  /** Trying again would not help. @param {string} reason */
  #giveUp(reason) {
    this.#leave();
    this.#beginStills(reason);
  }

  /** @param {string} reason why there is nothing better */
  #beginStills(reason) {
    this.stillsReason.textContent = `${reason} ${STILLS_WORDS} is shown instead.`;
    this.#problem = "";
    this.stills.begin();
  }

  /** @param {import("../state/stills.js").Shown} shown */
  #still({ live, text, problem }) {
    // The age of a still is not told anew each second.
    const isNews = live !== this.dataset.live || problem !== this.#problem;
    this.#problem = problem;
    if (this.stills.frames) this.dataset.frames = String(this.stills.frames);
    if (live === "ended") {
      this.#isWanted = false;
      this.stills.close();
    }
    this.#show(live, text, isNews);
    if (live === "stills" && isNews) announce(`${this.device.label}: ${STILLS_WORDS.toLowerCase()}.`);
  }

  #visibility() {
    clearTimeout(this.#hiddenTimer);
    if (this.stills.isOn) {
      this.stills.look();
    } else if (document.visibilityState === "visible") {
      this.#resume();
    } else if (this.#isWanted && this.dataset.live !== "ended") {
      this.#hiddenTimer = setTimeout(() => {
        this.#leave();
        this.#ended("Paused while the page is hidden.");
      }, HIDDEN_MS);
    }
  }

  /** @param {"off"|"starting"|"playing"|"stills"|"silent"|"ended"} state @param {string} [reason] @param {boolean} [isNews] */
  #show(state, reason = "", isNews = true) {
    if (state === "off") {
      delete this.dataset.frames;
      delete this.dataset.firstFrameMs;
    }
    this.dataset.live = state;
    // The last picture stays, dimmed, while there is no newer one.
    this.picture.show(Boolean(this.dataset.frames));
    this.text.hidden = state === "playing" || state === "stills";
    this.liveBadge.hidden = state !== "playing";
    this.stillsBadge.hidden = state !== "stills";
    this.stillsReason.hidden = !this.stills.isOn;
    this.#say({ off: this.#invitation(), starting: "Asking the camera…", playing: "", stills: "", silent: reason || SILENT_WORDS, ended: reason }[state], isNews);
    this.#label();
  }

  /** @param {string} text @param {boolean} [isNews] for who cannot see it, too */
  #say(text, isNews = true) {
    if (text === this.text.textContent) return;
    this.text.textContent = text;
    if (isNews && text && this.dataset.live !== "off") announce(`${this.device.label}: ${text}`);
  }

  #invitation() {
    return this.device.online ? "Press Live to see this camera now." : "This camera is not connected.";
  }

  #label() {
    const label = `${this.#isWanted ? "Stop live" : "Live"}: ${this.device.label}`;
    if (this.button.getAttribute("aria-label") === label) return;
    this.button.replaceChildren(icon(this.#isWanted ? "stop" : "live"), this.#isWanted ? "Stop live" : "Live");
    this.button.setAttribute("aria-label", label);
  }

  /** Whether alerts of this camera reach somebody. */
  #showAlerts() {
    const targets = this.hub.state.targets[this.device.device_id];
    if (targets === this.#targets) return;
    this.#targets = targets;
    const now = Date.now();
    const { button, symbol, remark } = alertState(targets, now);
    this.alerts.replaceChildren(icon(symbol), button);
    this.alerts.setAttribute("aria-label", `${button}: ${this.device.label}`);
    this.remark.textContent = remark;
    this.remark.hidden = !remark;
    clearTimeout(this.#snoozeTimer);
    const wait = nextSnoozeEnd(targets ?? [], now);
    if (wait !== null) this.#snoozeTimer = setTimeout(() => { this.#targets = null; this.#showAlerts(); }, Math.min(wait + 50, MAXIMUM_TIMEOUT_MS));
  }
}

customElements.define("pw-live-tile", LiveTile);
