// @ts-check
// The service worker, and a bar that asks before a new version is used.

import { noUpdate, updated, updateWords } from "../state/update.js";
import { announce, el, icon } from "./dom.js";

const WORKER = "/sw.js";
const CHECK_MS = 3_600_000;
/** States of the camera's page in which nothing would be interrupted. */
const IDLE = ["idle", "error"];

class Updates {
  #update = noUpdate;
  /** @type {ServiceWorkerRegistration|null} */ #registration = null;
  #isControlled = Boolean(navigator.serviceWorker.controller);
  /** @type {HTMLElement|null} */ #bar = null;
  /** The camera's page may begin and end to watch. */
  #watching = new MutationObserver(() => this.#render());
  /** What lies at the end of the page is to be reached above the bar. */
  #room = new ResizeObserver(() => document.body.style.setProperty("--update-bar", `${this.#bar?.offsetHeight ?? 0}px`));

  /** @param {HTMLElement} main where pages are shown */
  constructor(main) {
    this.main = main;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      this.#send({ type: "controlled", isFirst: !this.#isControlled });
      this.#isControlled = true;
    });
  }

  async start() {
    const registration = await navigator.serviceWorker.register(WORKER, { updateViaCache: "none" });
    this.#registration = registration;
    if (registration.waiting) this.#send({ type: "installed" });
    this.#follow(registration);
    registration.addEventListener("updatefound", () => this.#follow(registration));
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") this.check(); });
    setInterval(() => this.check(), CHECK_MS);
    if (this.#isControlled) await this.check();
  }

  /** Asks the hub whether there is a new version. */
  async check() {
    const registration = this.#registration;
    if (!registration) return;
    try {
      await registration.update();
    } catch {
      // Mostly the hub is away. Or it does not offer this page here any more, which would be shown for ever.
      if (!(await isGone()) || !(await registration.unregister())) return;
      this.#registration = null;
      this.#send({ type: "gone" });
    }
  }

  /** @param {ServiceWorkerRegistration} registration */
  #follow(registration) {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      // The first one takes over without being asked.
      if (worker.state === "installed" && registration.active) this.#send({ type: "installed" });
    });
  }

  /** @param {import("../state/update.js").UpdateEvent} event */
  #send(event) {
    const { update, action } = updated(this.#update, event);
    this.#update = update;
    this.#render();
    if (action === "activate") this.#registration?.waiting?.postMessage({ type: "activate" });
    else if (action === "reload") location.reload();
  }

  #render() {
    const camera = /** @type {HTMLElement|null} */ (this.main.querySelector("pw-sensor-page"));
    const words = updateWords(this.#update, camera !== null && !IDLE.includes(camera.dataset.state ?? ""));
    if (!words) {
      this.#bar?.remove();
      this.#bar = null;
      this.#watching.disconnect();
      return;
    }
    if (!this.#bar) {
      this.#bar = this.#makeBar();
      this.main.after(this.#bar);
      this.#room.observe(this.#bar);
      this.#watching.observe(this.main, { subtree: true, childList: true, attributeFilter: ["data-state"] });
    }
    this.#say(words);
  }

  #makeBar() {
    return el("section", { class: "update-bar", "aria-label": "New version" },
      el("p"),
      el("button", { class: "button button-primary", type: "button", onclick: () => this.#send({ type: "accept" }) }, icon("again"), "Reload"),
      el("button", { class: "button button-quiet", type: "button", onclick: () => this.#send({ type: "later" }) }, "Later"));
  }

  /** @param {{text: string, canReload: boolean}} words */
  #say({ text, canReload }) {
    const bar = /** @type {HTMLElement} */ (this.#bar);
    const line = /** @type {HTMLElement} */ (bar.querySelector("p"));
    /** @type {HTMLElement} */ (bar.querySelector("button")).hidden = !canReload;
    if (line.textContent === text) return;
    line.textContent = text;
    announce(text);
  }
}

/** Whether the hub answers, and has no worker at this address: it moved to https, or something else answers here. */
async function isGone() {
  const response = await fetch(WORKER, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => null);
  return response !== null && (response.type === "opaqueredirect" || response.status === 404);
}

/**
 * Begins when the page has loaded, which goes first.
 * @param {HTMLElement} main where pages are shown
 * @returns {() => void} asks the hub whether there is a new version
 */
export function watchForUpdates(main) {
  // Browsers have it on secure pages only. Without it the page works as well, but only with the hub.
  if (!("serviceWorker" in navigator)) return () => {};
  const updates = new Updates(main);
  const start = () => updates.start().catch(() => {});
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start, { once: true });
  return () => updates.check();
}
