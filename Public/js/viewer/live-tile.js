// @ts-check
// One camera: its state, its live picture, its alerts.

import { el, icon } from "../components/dom.js";
import { LivePlayer } from "./live-player.js";
import { openTelegramDialog } from "./telegram-dialog.js";

/** A hidden page stops watching after this, so that the phone can stop sending. */
const HIDDEN_MS = 10_000;

export class LiveTile extends HTMLElement {
  /** @type {Record<string, any>} */ device = {};
  /** @type {import("./hub.js").ViewerHub} */ hub;
  /** @type {number|null} */ #stream = null;
  /** @type {LivePlayer|null} */ #player = null;
  #isWanted = false;
  #askedAt = 0;
  /** @type {any} */ #hiddenTimer = null;
  /** @type {AbortController|null} */ #abort = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {Record<string, any>} device */
  constructor(hub, device) {
    super();
    this.hub = hub;
    this.device = device;
    this.canvas = el("canvas", { width: 640, height: 360, "aria-hidden": "true", hidden: true });
    this.text = el("p", {});
    this.liveBadge = el("p", { class: "badge tile-live", hidden: true }, icon("live"), "Live");
    this.heading = el("h3", {});
    this.badge = el("span", { class: "badge" });
    this.button = el("button", { class: "button", type: "button", onclick: () => this.#toggle() });
    this.telegram = el("button", { class: "button button-quiet", type: "button", onclick: () => openTelegramDialog(this.device) }, icon("send"), "Connect Telegram");
    this.className = "card";
    this.append(
      el("div", { class: "tile-picture" }, this.text, this.canvas, this.liveBadge),
      el("div", { class: "tile-foot" }, el("div", { class: "tile-head" }, this.heading, this.badge), el("div", { class: "row" }, this.button, this.telegram)),
    );
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.dataset.deviceId = this.device.device_id;
    this.#show("off");
    this.hub.addEventListener("frame", (/** @type {any} */ { detail }) => { if (detail.frame.stream === this.#stream) this.#player?.push(detail.frame); }, { signal });
    this.hub.addEventListener("message", (/** @type {any} */ { detail }) => this.#message(detail.data), { signal });
    // The hub forgets who watched when a connection breaks.
    this.hub.addEventListener("connection", () => { if (this.hub.connection.state !== "open" && this.#stream !== null) this.#ended("The hub is away."); }, { signal });
    this.hub.addEventListener("open", () => this.#resume(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibility(), { signal });
    this.update(this.device);
  }

  disconnectedCallback() {
    clearTimeout(this.#hiddenTimer);
    this.#leave();
    this.#abort?.abort();
  }

  /** @param {Record<string, any>} device */
  update(device) {
    const cameBack = device.online && !this.device.online;
    this.device = device;
    this.heading.textContent = device.label;
    const state = !device.online ? ["Offline", ""] : device.watching ? ["Watching", "ok"] : ["Online", "accent"];
    this.badge.textContent = state[0];
    this.badge.dataset.tone = state[1];
    if (cameBack) this.#resume();
    this.#label();
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
    if (this.#isWanted && this.#stream === null && document.visibilityState === "visible") this.#watch();
  }

  async #watch() {
    if (!("VideoDecoder" in globalThis)) {
      this.#isWanted = false;
      this.#ended("This browser cannot show the live picture (WebCodecs is missing). Use a current Chrome, Edge or Safari.");
      return;
    }
    this.#show("starting");
    this.#askedAt = performance.now();
    try {
      const { stream, online } = await this.hub.connection.rpc("live.watch", { device_id: this.device.device_id });
      if (!this.#isWanted || !this.isConnected) {
        this.hub.connection.rpc("live.unwatch", { stream }).catch(() => {});
        return;
      }
      this.#stream = stream;
      this.#player = new LivePlayer(this.canvas, {
        onPicture: () => this.#picture(),
        wantKeyframe: () => this.hub.connection.rpc("live.keyframe", { stream }).catch(() => {}),
      });
      if (!online) this.text.textContent = "The camera is not connected. The picture comes as soon as it is.";
    } catch (error) {
      this.#ended(/** @type {Error} */ (error).message);
    }
  }

  #picture() {
    this.dataset.frames = String(this.#player?.frames ?? 0);
    if (this.dataset.live === "playing") return;
    this.dataset.firstFrameMs = String(Math.round(performance.now() - this.#askedAt));
    this.#show("playing");
  }

  #leave() {
    if (this.#stream !== null && this.hub.connection.state === "open") this.hub.connection.rpc("live.unwatch", { stream: this.#stream }).catch(() => {});
    this.#stream = null;
    this.#player?.close();
    this.#player = null;
  }

  /** @param {Record<string, any>} data */
  #message(data) {
    if (data.stream !== this.#stream) return;
    if (data.type === "live.gap") this.#player?.gap();
    if (data.type === "live.ended") this.#ended("No longer live: the camera is not connected.");
  }

  /** @param {string} reason */
  #ended(reason) {
    this.#stream = null;
    this.#player?.close();
    this.#player = null;
    this.#show("ended");
    this.text.textContent = reason;
  }

  #visibility() {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === "visible") this.#resume();
    else if (this.#stream !== null) this.#hiddenTimer = setTimeout(() => { this.#leave(); this.#show("ended"); this.text.textContent = "Paused while the page is hidden."; }, HIDDEN_MS);
  }

  /** @param {"off"|"starting"|"playing"|"ended"} state */
  #show(state) {
    this.dataset.live = state;
    this.canvas.hidden = state === "off" || (state === "starting" && !this.dataset.frames);
    this.text.hidden = state === "playing";
    this.liveBadge.hidden = state !== "playing";
    this.text.textContent = state === "starting" ? "Asking the camera…" : state === "off" ? "Press Live to see this camera now." : "";
    if (state === "off") delete this.dataset.frames;
    this.#label();
  }

  #label() {
    this.button.replaceChildren(icon(this.#isWanted ? "stop" : "live"), this.#isWanted ? "Stop live" : "Live");
    this.button.setAttribute("aria-label", `${this.#isWanted ? "Stop live" : "Live"}: ${this.device.label}`);
    this.telegram.setAttribute("aria-label", `Connect Telegram: ${this.device.label}`);
  }
}

customElements.define("pw-live-tile", LiveTile);
