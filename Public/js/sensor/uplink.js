// @ts-check
// The page's way to the hub as a device: one connection, whether the camera runs or not, and the clips that go over it.

import { Connection, socketURL } from "../net/connection.js";
import { uuidv7 } from "../lib/uuid.js";
import { openClipStore } from "./clip-store.js";
import { deviceTokens } from "./device.js";
import { videoConfiguration } from "./encoder.js";
import { Outbox } from "./outbox.js";

/** @typedef {{data: any, rttMs: number}} Greeting */

/** Who of several pages recorded a clip: each holds a lock of its name as long as it lives. */
const PAGE = uuidv7();
/** @param {string} page */
const lockOf = (page) => `pingwatch.page.${page}`;
const never = new Promise(() => {});

/** @type {Promise<import("../lib/memory-clip-store.js").ClipStore>|null} */
let store = null;
/** @type {Map<string, Promise<Uplink>>} */
const uplinks = new Map();

/** The one of a device. @param {string} deviceId @returns {Promise<Uplink>} */
export function uplinkOf(deviceId) {
  const made = uplinks.get(deviceId) ?? makeUplink(deviceId);
  uplinks.set(deviceId, made);
  return made;
}

/** @param {string} deviceId */
async function makeUplink(deviceId) {
  if (!store) {
    store = openClipStore();
    navigator.locks.request(lockOf(PAGE), () => never);
  }
  // Of the usual size: should a camera's own be another matter, the hub sees that no keyframe comes.
  return new Uplink(deviceId, await store, (await videoConfiguration()) !== null);
}

/** Another page may still be at work with its clips; a lock of a page that is gone is free. @param {string} page @returns {Promise<void>} */
const claim = (page) => new Promise((resolve, reject) => {
  navigator.locks.request(lockOf(page), () => {
    resolve();
    return never;
  }).catch(reject);
});

export class Uplink {
  /** Cameras that run. @type {Set<object>} */ #holders = new Set();
  #isRefused = false;
  /** What the hub said when the connection opened last, and how long that took. @type {Greeting|null} */ greeting = null;

  /** @param {string} deviceId @param {import("../lib/memory-clip-store.js").ClipStore} store @param {boolean} canForceKeyframe */
  constructor(deviceId, store, canForceKeyframe) {
    const connection = new Connection({ url: socketURL(), ...deviceTokens(deviceId), kind: "sensor", deviceId, canForceKeyframe });
    const outbox = new Outbox({ connection, store, deviceId, page: PAGE, claim });
    this.connection = connection;
    this.outbox = outbox;
    connection.addEventListener("open", (/** @type {any} */ { detail }) => {
      outbox.uploadsPerHour = detail.data?.limits?.uploads_per_hour ?? null;
      this.greeting = detail;
      outbox.connected();
    });
    connection.addEventListener("state", () => { if (connection.state !== "open") outbox.disconnected(); });
    connection.addEventListener("message", (/** @type {any} */ { detail }) => outbox.message(detail.data));
    connection.addEventListener("fatal", () => { this.#isRefused = true; });
    outbox.addEventListener("change", () => this.#settle());
    window.addEventListener("online", () => outbox.retryNow());
    window.addEventListener("pagehide", () => outbox.save());
    outbox.restore().catch(() => {});
  }

  /** A camera runs. @param {object} holder */
  hold(holder) {
    this.#holders.add(holder);
    this.#isRefused = false;
    this.connection.connect();
  }

  /** It stopped: what was recorded is still sent as long as the page is open. @param {object} holder */
  release(holder) {
    this.#holders.delete(holder);
    this.#settle();
  }

  #settle() {
    if (this.#holders.size || this.#isRefused) return;
    const isClosed = this.connection.state === "idle" || this.connection.state === "closed";
    if (isClosed && this.outbox.pending.length) this.connection.connect();
    else if (!isClosed && !this.outbox.pending.length) this.connection.close();
  }
}
