// @ts-check
// Gathers what is known of this device's health; `state/health.js` says what is wrong.

import { on } from "../lib/events.js";
import { codesOf, HEALTHY, isFrozen, nextHealth, STALLED_MS } from "../state/health.js";
import { pageNow } from "./page-clock.js";

const TELEMETRY_MS = 10_000;
/** So often storage is looked at: it is slow to ask, and slow to change. */
const STORAGE_MS = 30_000;
/** A phone gives the camera back to a page that is shown again within so long. */
const WAKE_MS = 2000;
/** Dropped pictures are counted over so many seconds. */
const WINDOW = 10;

/**
 * @typedef {object} Health
 * @property {readonly import("../state/health.js").Problem[]} problems
 * @property {number} fps
 * @property {number} wantedFps
 * @property {number} droppedShare
 * @property {number} encoderQueue
 * @property {number} encoderLagMs
 * @property {{used: number, quota: number}|null} storage bytes
 * @property {{level: number, charging: boolean}|null} battery
 * @property {number|null} clockOffsetMs the hub's clock less this one's
 * @property {{online: boolean, rttMs: number|null, type: string|null}} network
 * @property {boolean} isVisible
 * @property {boolean} isScreenKeptOn
 *
 * @typedef {object} WorkerStats
 * @property {number} frames
 * @property {number|null} sameSince
 * @property {{in: number, dropped: number, out: number, queue: number, lagMs: number}|null} encoder
 */

export class HealthWatch {
  /** @type {number|null} */ #rttMs = null;
  /** @type {number|null} */ #clockOffsetMs = null;
  #reportedAt = -Infinity;
  #state = HEALTHY;
  /** @type {Health["storage"]} */ #storage = null;
  #storageAt = -Infinity;
  /** @type {Health|null} */ #last = null;
  /** @type {any} */ #battery = null;
  /** Of the last seconds. @type {(WorkerStats & {at: number})[]} */ #stats = [];
  /** @type {"covered"|"moved"|null} */ #tamper = null;
  #shownAt = 0;

  /** @param {import("./camera-keeper.js").CameraKeeper} camera @param {import("./wake-lock.js").WakeLock} lock @param {AbortSignal} signal */
  constructor(camera, lock, signal) {
    this.camera = camera;
    this.lock = lock;
    // Before anybody who looks at the health then.
    document.addEventListener("visibilitychange", () => { this.#shownAt = pageNow(); }, { signal });
    // @ts-ignore: Chromium only
    navigator.getBattery?.().then((battery) => { this.#battery = battery; }, () => {});
  }

  /** Another capture, which counts from zero. @param {import("./capture.js").Capture} capture */
  use(capture) {
    this.#stats = [];
    this.#tamper = null;
    on(capture, "stats", (/** @type {WorkerStats} */ stats) => {
      this.#stats.push({ ...stats, at: pageNow() });
      if (this.#stats.length > WINDOW) this.#stats.shift();
    });
    on(capture, "motion", ({ tamper }) => {
      // Who shakes a camera does no harm that lasts.
      this.#tamper = tamper === "shake" ? null : tamper;
    });
  }

  /** The hub has answered what time it is there. @param {import("./uplink.js").Greeting} greeting */
  connected({ data, rttMs }) {
    this.#rttMs = rttMs;
    if (typeof data?.time === "number") this.#clockOffsetMs = data.time + rttMs / 2 - Date.now();
  }

  get isReportDue() {
    return pageNow() - this.#reportedAt >= TELEMETRY_MS;
  }

  /** @param {import("../net/connection.js").Connection} connection @param {{phase: string, motion_score: number, stalled: boolean}} more */
  async report(connection, more) {
    if (connection.state !== "open" || !this.#last) return;
    const at = pageNow();
    this.#reportedAt = at;
    const isAnswered = await connection.rpc("device.telemetry", { telemetry: telemetryOf(this.#last, more) }).then(() => true, () => false);
    if (isAnswered) this.#rttMs = pageNow() - at;
  }

  /**
   * @param {{isWatching: boolean, wantedFps: number}} now
   * @returns {{health: Health, isFrozen: boolean, hasChanged: boolean}} `hasChanged`: there are other problems than before
   */
  tick({ isWatching, wantedFps }) {
    const at = pageNow();
    if (at - this.#storageAt > STORAGE_MS) this.#lookAtStorage(at);
    const { capture, track } = this.camera;
    const last = this.#stats.at(-1);
    const isVisible = document.visibilityState === "visible";
    const battery = this.#battery ? { level: this.#battery.level, charging: this.#battery.charging } : null;
    /** @type {import("../state/health.js").Facts} */
    const facts = {
      at, isWatching, isVisible, hasTrack: track !== null || this.camera.isChanging, isMuted: track?.muted ?? false,
      frameAt: Math.max(capture?.pictureAt ?? at, this.#shownAt - STALLED_MS + WAKE_MS),
      sameSince: last?.sameSince ?? null, isScreenKeptOn: this.lock.isSupported ? this.lock.isHeld : null, storage: this.#storage, battery,
      droppedShare: this.#droppedShare(), encoderLagMs: last?.encoder?.lagMs ?? 0, clockOffsetMs: this.#clockOffsetMs, tamper: this.#tamper,
    };
    const before = codesOf(this.#state).join();
    this.#state = nextHealth(this.#state, facts);
    const codes = codesOf(this.#state);
    // @ts-ignore: not in every browser
    const { connection } = navigator;
    /** @type {Health} */
    const health = {
      problems: this.#state.problems, fps: this.#fps(), wantedFps, droppedShare: facts.droppedShare, encoderQueue: last?.encoder?.queue ?? 0,
      encoderLagMs: facts.encoderLagMs, storage: this.#storage, battery, clockOffsetMs: this.#clockOffsetMs, isVisible,
      isScreenKeptOn: this.lock.isHeld,
      network: { online: navigator.onLine, rttMs: this.#rttMs, type: connection?.type ?? connection?.effectiveType ?? null },
    };
    this.#last = health;
    return {
      health,
      isFrozen: isFrozen(facts) || (facts.isMuted && codes.includes("track_muted")),
      hasChanged: codes.join() !== before,
    };
  }

  #fps() {
    const [first] = this.#stats;
    const last = this.#stats.at(-1);
    return last && last.at > first.at ? ((last.frames - first.frames) * 1000) / (last.at - first.at) : 0;
  }

  #droppedShare() {
    const first = this.#stats[0]?.encoder;
    const last = this.#stats.at(-1)?.encoder;
    return first && last && last.in > first.in ? (last.dropped - first.dropped) / (last.in - first.in) : 0;
  }

  /** @param {number} at */
  async #lookAtStorage(at) {
    this.#storageAt = at;
    const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
    this.#storage = quota ? { used: usage ?? 0, quota } : null;
  }
}

const rounded = (/** @type {number} */ value, digits = 2) => Number(value.toFixed(digits));

/** @param {Health} health @param {{phase: string, motion_score: number, stalled: boolean}} more */
const telemetryOf = ({ problems, fps, droppedShare, encoderLagMs, storage, battery, clockOffsetMs, network, isVisible }, more) => ({
  ...more, motion_score: rounded(more.motion_score, 4), visible: isVisible, problems: problems.map(({ code }) => code), fps: rounded(fps, 1),
  dropped_share: rounded(droppedShare), encoder_lag_ms: Math.round(encoderLagMs),
  ...(storage ? { storage_left_bytes: storage.quota - storage.used } : {}),
  ...(battery ? { battery: rounded(battery.level), charging: battery.charging } : {}),
  ...(clockOffsetMs === null ? {} : { clock_offset_ms: Math.round(clockOffsetMs) }),
  ...(network.rttMs === null ? {} : { rtt_ms: Math.round(network.rttMs) }),
  ...(network.type ? { network: network.type } : {}),
});
