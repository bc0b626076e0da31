// @ts-check
// A camera at work: media, motion, clips and live, without a screen of its own.

import { api } from "../net/api.js";
import { REPLACED } from "../net/connection.js";
import { startCamera } from "./camera.js";
import { askToPersist } from "./clip-store.js";
import { ClipRecorder } from "./clips.js";
import { MediaEncoder, pageNow, videoConfiguration } from "./encoder.js";
import { LiveSender } from "./live.js";
import { watchMotion } from "./motion-watch.js";
import { RecorderEncoder } from "./recorder.js";
import { uplinkOf } from "./uplink.js";
import { WakeLock } from "./wake-lock.js";

const DEVICE_KEY = "pingwatch.device";
const TELEMETRY_MS = 30_000;
const STILL_WIDTH = 640;
const TICK_MS = 1000;
/** No picture for so long: the camera froze, or the phone took it away. */
const STALLED_MS = 5000;
/** For the hub to answer at the start, and between two attempts to go on after a break. */
const OPEN_MS = 20_000;
const AGAIN_MS = 2000;

/** Why the connection was closed for good. @param {{code: number, reason: string}} close */
const closedWords = ({ code, reason }) => code === REPLACED
  ? "This camera was opened on another page or tab; it goes on there."
  : `The hub closed the connection: ${reason || code}.`;

/** @returns {{device_id?: string, label: string, sound: boolean}} */
export function rememberedDevice() {
  try {
    return { label: "", sound: true, ...JSON.parse(localStorage.getItem(DEVICE_KEY) ?? "{}") };
  } catch {
    return { label: "", sound: true };
  }
}

/**
 * Events: `change` (something to show), `motion` {score, threshold, state}, `ended` {reason, isReplaced} (the camera stopped by itself, or goes
 * on in another page).
 */
export class Sensor extends EventTarget {
  isScreenKeptOn = false;
  isLive = false;
  /** Why the hub ended the live stream, while there is no other. @type {string|null} */ liveProblem = null;
  /** Whether the camera has stopped to deliver pictures. */
  isStalled = false;
  /** @type {import("./uplink.js").Uplink|null} */ uplink = null;
  /** @type {ClipRecorder|null} */ #recorder = null;
  /** @type {MediaStream|null} */ #stream = null;
  /** @type {MediaEncoder|RecorderEncoder|null} */ #encoder = null;
  /** @type {string|null} */ #sessionId = null;
  /** @type {(() => void)|null} */ #endMotion = null;
  /** @type {any} */ #telemetry = null;
  /** @type {any} */ #ticks = null;
  /** Aborts when watching was stopped. */
  #stopped = new AbortController();
  #lastPictureAt = 0;
  #score = 0;
  #lock = new WakeLock((isHeld) => {
    this.isScreenKeptOn = isHeld;
    this.#changed();
  });

  /** @param {HTMLVideoElement} video shows what the camera sees */
  constructor(video) {
    super();
    this.video = video;
  }

  /**
   * Starts everything, or throws and leaves nothing running.
   * @param {{label: string, sound: boolean}} options
   */
  async start({ label, sound }) {
    try {
      this.#stream = await startCamera({ sound });
      this.#check();
      this.video.srcObject = this.#stream;
      await this.video.play();
      const device = await api("/devices/register", { method: "POST", body: { device_id: rememberedDevice().device_id, label } });
      this.#check();
      localStorage.setItem(DEVICE_KEY, JSON.stringify({ device_id: device.device_id, label: device.label, sound }));
      askToPersist();
      this.uplink = await uplinkOf(device.device_id);
      this.#check();
      await this.#record(device.device_id, this.uplink);
      await this.#lock.start();
      this.#check();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Who left the page while the browser asked for the camera does not want it any more. */
  #check() {
    if (this.#stopped.signal.aborted) throw new Error("Watching was stopped.");
  }

  /** @param {string} deviceId @param {import("./uplink.js").Uplink} uplink */
  async #record(deviceId, uplink) {
    const stream = /** @type {MediaStream} */ (this.#stream);
    const canEncode = await videoConfiguration(stream.getVideoTracks()[0].getSettings());
    this.#check();
    const encoder = canEncode ? new MediaEncoder(stream, this.video) : new RecorderEncoder(stream);
    const { connection } = uplink;
    const { signal } = this.#stopped;
    const live = new LiveSender(connection, encoder);
    const recorder = new ClipRecorder(uplink.outbox, encoder, () => this.#sessionId, () => this.#still());
    this.#encoder = encoder;
    this.#recorder = recorder;

    encoder.addEventListener("chunk", (/** @type {any} */ { detail }) => {
      if (detail.chunk.track === 0) this.#lastPictureAt = pageNow();
      recorder.chunk(detail.chunk);
      live.chunk(detail.chunk);
    });
    encoder.addEventListener("configuration", (/** @type {any} */ { detail }) => {
      recorder.configured(detail.track);
      live.configured(detail.track);
    });
    encoder.addEventListener("ended", (/** @type {any} */ { detail }) => this.#ended(detail.reason));

    connection.addEventListener("state", () => {
      if (connection.state !== "open") live.disconnected();
      this.isLive = live.isLive;
      this.#changed();
    }, { signal });
    connection.addEventListener("publication", (/** @type {any} */ { detail }) => {
      if (detail.channel === `sensor:${deviceId}`) live.asked(detail.data);
      if (detail.data.type === "live.start") this.liveProblem = null;
      if (detail.data.type === "session.stopped" && detail.data.session.session_id === this.#sessionId) this.#ended("Watching was stopped from another device.");
      this.isLive = live.isLive;
      this.#changed();
    }, { signal });
    connection.addEventListener("message", (/** @type {any} */ { detail }) => {
      if (detail.data.type !== "live.error") return;
      if (live.refused(detail.data.stream)) this.liveProblem = detail.data.message;
      this.isLive = live.isLive;
      this.#changed();
    }, { signal });
    connection.addEventListener("fatal", (/** @type {any} */ { detail }) => this.#ended(closedWords(detail), detail.code === REPLACED), { signal });

    await encoder.start();
    this.#check();
    const isOpen = new Promise((resolve, reject) => {
      const begin = () => this.#opened(connection).then(resolve, (error) => {
        if (!this.#sessionId) reject(error);
        else if (!error.temporary) this.#ended(error.message);
        // If the connection broke instead, its next opening begins again.
        else setTimeout(() => { if (connection.state === "open" && this.#sessionId) begin(); }, AGAIN_MS);
      });
      connection.addEventListener("open", begin, { signal });
      connection.addEventListener("fatal", (/** @type {any} */ { detail }) => reject(new Error(closedWords(detail))), { signal });
      // Clips of before may have opened it.
      if (connection.state === "open") begin();
    });
    uplink.hold(this);
    /** @type {any} */
    let patience = null;
    const tooLate = new Promise((_, reject) => {
      patience = setTimeout(() => reject(new Error("The hub does not answer. Check that it runs and that this device is on its network.")), OPEN_MS);
    });
    await Promise.race([isOpen, tooLate]).finally(() => clearTimeout(patience));
    this.#check();
    this.#endMotion = watchMotion(stream.getVideoTracks()[0], this.video, (result) => {
      this.#score = result.score;
      recorder.motion(result);
      this.dispatchEvent(new CustomEvent("motion", { detail: result }));
    }, (reason) => this.#ended(`Motion cannot be detected: ${reason}`));
    this.#telemetry = setInterval(() => this.#report(), TELEMETRY_MS);
    this.#lastPictureAt = pageNow();
    this.#ticks = setInterval(() => this.#tick(recorder), TICK_MS);
  }

  /** @param {import("../net/connection.js").Connection} connection */
  async #opened(connection) {
    // The active session of the device goes on after a break.
    const { session } = await connection.rpc("session.start", {});
    if (this.#stopped.signal.aborted) return;
    this.#sessionId = session.session_id;
    this.#report();
    this.#changed();
  }

  /** @param {ClipRecorder} recorder */
  #tick(recorder) {
    recorder.tick();
    const isStalled = pageNow() - this.#lastPictureAt > STALLED_MS;
    if (isStalled === this.isStalled) return;
    this.isStalled = isStalled;
    this.#report();
    this.#changed();
  }

  /** Ends watching; what was recorded is still sent as long as the page is open. */
  async stop() {
    this.#stopped.abort();
    clearInterval(this.#telemetry);
    clearInterval(this.#ticks);
    this.#endMotion?.();
    this.#endMotion = null;
    // A clip that is being recorded gets the last slice of a recorder.
    await this.#encoder?.stop();
    this.#encoder = null;
    this.#recorder?.stop();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.video.srcObject = null;
    this.#lock.stop();
    this.#lock = new WakeLock(this.#lock.onChange);
    this.isLive = false;
    await this.#finish();
    this.#changed();
  }

  async #finish() {
    const sessionId = this.#sessionId;
    this.#sessionId = null;
    if (sessionId) await this.uplink?.connection.rpc("session.stop", { session_id: sessionId }).catch(() => {});
    this.uplink?.release(this);
  }

  recordNow() {
    this.#recorder?.recordNow();
  }

  /** @param {string} reason @param {boolean} [isReplaced] another page is this camera now */
  #ended(reason, isReplaced = false) {
    this.dispatchEvent(new CustomEvent("ended", { detail: { reason, isReplaced } }));
  }

  async #report() {
    /** @type {Record<string, unknown>} */
    const telemetry = { visible: document.visibilityState === "visible", motion_score: this.#score, stalled: this.isStalled };
    // @ts-ignore: Chromium only
    const battery = await navigator.getBattery?.().catch(() => null);
    if (battery) Object.assign(telemetry, { battery: battery.level, charging: battery.charging });
    this.uplink?.connection.rpc("device.telemetry", { telemetry }).catch(() => {});
  }

  /** What the camera shows now, as JPEG. @returns {Promise<Uint8Array|null>} */
  async #still() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const width = Math.min(STILL_WIDTH, videoWidth);
    const canvas = new OffscreenCanvas(width, Math.round((width * videoHeight) / videoWidth));
    canvas.getContext("2d")?.drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.75 });
    return new Uint8Array(await blob.arrayBuffer());
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
