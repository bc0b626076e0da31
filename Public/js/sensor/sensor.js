// @ts-check
// A camera at work: media, motion, clips, live and connection, without a screen of its own.

import { Connection, socketURL } from "../net/connection.js";
import { api, getToken } from "../net/api.js";
import { startCamera } from "./camera.js";
import { ClipRecorder } from "./clips.js";
import { MediaEncoder } from "./encoder.js";
import { LiveSender } from "./live.js";
import { watchMotion } from "./motion-watch.js";
import { WakeLock } from "./wake-lock.js";

const DEVICE_KEY = "pingwatch.device";
const TELEMETRY_MS = 30_000;
const STILL_WIDTH = 640;

/** @returns {{device_id?: string, label: string, sound: boolean}} */
export function rememberedDevice() {
  try {
    return { label: "", sound: true, ...JSON.parse(localStorage.getItem(DEVICE_KEY) ?? "{}") };
  } catch {
    return { label: "", sound: true };
  }
}

/** Events: `change` (something to show), `motion` {score, threshold, state}, `ended` {reason} (the camera stopped by itself). */
export class Sensor extends EventTarget {
  isScreenKeptOn = false;
  isLive = false;
  /** @type {ClipRecorder|null} */ clips = null;
  /** @type {Connection|null} */ connection = null;
  /** @type {MediaStream|null} */ #stream = null;
  /** @type {MediaEncoder|null} */ #encoder = null;
  /** @type {string|null} */ #sessionId = null;
  /** @type {(() => void)|null} */ #endMotion = null;
  /** @type {any} */ #telemetry = null;
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
      this.video.srcObject = this.#stream;
      await this.video.play();
      const device = await api("/devices/register", { method: "POST", body: { device_id: rememberedDevice().device_id, label } });
      localStorage.setItem(DEVICE_KEY, JSON.stringify({ device_id: device.device_id, label: device.label, sound }));
      await this.#record(device.device_id);
      await this.#lock.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** @param {string} deviceId */
  async #record(deviceId) {
    const stream = /** @type {MediaStream} */ (this.#stream);
    const encoder = new MediaEncoder(stream, this.video);
    const connection = new Connection({ url: socketURL(), getToken, kind: "sensor", deviceId });
    const live = new LiveSender(connection, encoder);
    const clips = new ClipRecorder(connection, encoder, () => this.#sessionId, () => this.#still());
    this.#encoder = encoder;
    this.connection = connection;
    this.clips = clips;

    encoder.addEventListener("chunk", (/** @type {any} */ { detail }) => {
      clips.chunk(detail.chunk);
      live.chunk(detail.chunk);
    });
    encoder.addEventListener("configuration", (/** @type {any} */ { detail }) => live.configured(detail.track, detail.json));
    encoder.addEventListener("ended", (/** @type {any} */ { detail }) => this.#ended(detail.reason));
    clips.addEventListener("change", () => this.#changed());

    connection.addEventListener("state", () => {
      if (connection.state !== "open") {
        live.disconnected();
        clips.disconnected();
      }
      this.#changed();
    });
    connection.addEventListener("publication", (/** @type {any} */ { detail }) => {
      if (detail.channel === `sensor:${deviceId}`) live.asked(detail.data);
      if (detail.data.type === "session.stopped" && detail.data.session.session_id === this.#sessionId) this.#ended("Watching was stopped from another device.");
      this.isLive = live.isLive;
      this.#changed();
    });
    connection.addEventListener("message", (/** @type {any} */ { detail }) => clips.message(detail.data));
    connection.addEventListener("fatal", (/** @type {any} */ { detail }) => this.#ended(`The hub closed the connection: ${detail.reason || detail.code}.`));

    const isOpen = new Promise((resolve, reject) => {
      connection.addEventListener("open", () => this.#opened(connection, clips).then(resolve, reject));
      connection.addEventListener("fatal", (/** @type {any} */ { detail }) => reject(new Error(`The hub refused the connection: ${detail.reason}.`)));
    });
    await encoder.start();
    connection.connect();
    await isOpen;
    this.#endMotion = watchMotion(stream.getVideoTracks()[0], this.video, (result) => {
      this.#score = result.score;
      clips.motion(result);
      this.dispatchEvent(new CustomEvent("motion", { detail: result }));
    });
    this.#telemetry = setInterval(() => this.#report(), TELEMETRY_MS);
  }

  /** @param {Connection} connection @param {ClipRecorder} clips */
  async #opened(connection, clips) {
    // The active session of the device goes on after a break.
    const { session } = await connection.rpc("session.start", {});
    this.#sessionId = session.session_id;
    clips.connected();
    this.#report();
    this.#changed();
  }

  /** Ends watching; what was recorded is still sent as long as the page is open. */
  async stop() {
    clearInterval(this.#telemetry);
    this.#endMotion?.();
    this.#endMotion = null;
    this.#encoder?.stop();
    this.#encoder = null;
    this.clips?.stop();
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
    const { connection, clips } = this;
    const sessionId = this.#sessionId;
    this.#sessionId = null;
    if (!connection) return;
    if (sessionId) await connection.rpc("session.stop", { session_id: sessionId }).catch(() => {});
    const close = () => {
      if (clips?.pending) return;
      connection.close();
      clips?.removeEventListener("change", close);
    };
    clips?.addEventListener("change", close);
    close();
  }

  recordNow() {
    this.clips?.recordNow();
  }

  /** @param {string} reason */
  #ended(reason) {
    this.dispatchEvent(new CustomEvent("ended", { detail: { reason } }));
  }

  async #report() {
    /** @type {Record<string, unknown>} */
    const telemetry = { visible: document.visibilityState === "visible", motion_score: this.#score };
    // @ts-ignore: Chromium only
    const battery = await navigator.getBattery?.().catch(() => null);
    if (battery) Object.assign(telemetry, { battery: battery.level, charging: battery.charging });
    this.connection?.rpc("device.telemetry", { telemetry }).catch(() => {});
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
