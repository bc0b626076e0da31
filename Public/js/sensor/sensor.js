// @ts-check
// A camera at work: media, triggers, clips and live, its own health, and what people ask of it from elsewhere. Without a screen of its own.

import { emit, on } from "../lib/events.js";
import { askToPersist } from "./clip-store.js";
import { CameraKeeper } from "./camera-keeper.js";
import { ClipRecorder } from "./clips.js";
import { isInTime, perform } from "./commands.js";
import { registerDevice, rememberDevice } from "./device.js";
import { HealthWatch } from "./health-watch.js";
import { ASKED, deaf, refused } from "./notes.js";
import { HubSession } from "./session.js";
import { SettingsKeeper } from "./settings-keeper.js";
import { Siren } from "./siren.js";
import { stillOf } from "./still.js";
import { uplinkOf } from "./uplink.js";
import { WakeLock } from "./wake-lock.js";

const TICK_MS = 1000;
const STOPPED = ["frozen", "track_ended", "track_muted"];

export { rememberedDevice } from "./device.js";

/**
 * Events: `change` (something to show), `motion` and `sound` (results of the engines, with `at`), `health`, `settings`, `note` {text} (something
 * was repaired or changed by itself, or from elsewhere), `siren` {on}, `ended` {title?, reason, isReplaced} (it cannot go on, or does elsewhere).
 */
export class Sensor extends EventTarget {
  /** `standby`: stopped from another device, from which it can be started again. @type {"idle"|"starting"|"watching"|"standby"} */
  phase = "idle";
  /** @type {import("./uplink.js").Uplink|null} */ uplink = null;
  /** @type {import("./health-watch.js").Health} */ health;
  siren = new Siren((isOn) => emit(this, "siren", { on: isOn }));
  #settings = new SettingsKeeper();
  #lock = new WakeLock(() => this.#changed());
  #camera;
  #watch;
  /** @type {ClipRecorder|null} */ #recorder = null;
  /** @type {HubSession|null} */ #session = null;
  /** @type {any} */ #ticks = null;
  /** Aborts when watching was stopped. */
  #stopped = new AbortController();
  #score = 0;
  /** What became of the last settings. */
  #applied = Promise.resolve();

  /** @param {HTMLVideoElement} video shows what the camera sees */
  constructor(video) {
    super();
    this.video = video;
    this.#camera = new CameraKeeper(video);
    this.#watch = new HealthWatch(this.#camera, this.#lock, this.#stopped.signal);
    this.health = this.#look().health;
    const { signal } = this.#stopped;
    this.#on(this.#settings, "settings", (detail) => this.#settingsChanged(detail.settings));
    this.#on(this.#camera, "capture", ({ capture }) => this.#follow(capture));
    this.#on(this.#camera, "note", ({ text }) => this.#note(text));
    this.#on(this.#camera, "refused", ({ error }) => emit(this, "ended", { title: error.title, reason: error.advice, isReplaced: false }));
    this.#on(this.#camera, "change", () => this.#tick());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#camera.soon();
      this.#tick();
    }, { signal });
  }

  /**
   * Starts everything, or throws and leaves nothing running.
   * @param {{label: string, sound: boolean}} options
   */
  async start({ label, sound }) {
    this.#setPhase("starting");
    this.siren.unlock();
    try {
      if (sound !== this.settings.capture.audio) await this.change({ capture: { audio: sound } });
      await this.#camera.open(this.settings);
      this.#check();
      const deviceId = await registerDevice(label);
      this.#check();
      askToPersist();
      this.uplink = await uplinkOf(deviceId);
      this.#check();
      this.#connect(deviceId, this.uplink);
      await this.#begin();
      this.#check();
      this.#ticks = setInterval(() => this.#tick(), TICK_MS);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends watching; what was recorded is still sent as long as the page is open. */
  async stop() {
    this.#stopped.abort();
    clearInterval(this.#ticks);
    this.siren.close();
    await this.#end();
    this.#lock.stop();
    this.uplink?.release(this);
    this.#setPhase("idle");
  }

  /** Goes on after it was stopped from elsewhere. */
  async resume() {
    if (this.phase !== "standby") return;
    this.#setPhase("starting");
    try {
      this.#check();
      await this.#camera.open(this.settings);
      await this.#begin();
    } catch (error) {
      await this.#end();
      this.#setPhase("standby");
      throw error;
    }
  }

  /** Stops the camera; the connection stays, so that it can be started again from elsewhere. */
  async standBy() {
    if (this.phase === "starting") throw new Error("The camera is just starting.");
    if (this.phase !== "watching") return;
    this.#setPhase("standby");
    await this.#end();
    this.#tick();
  }

  /** @returns {import("../state/settings.js").Settings} */
  get settings() {
    return this.#settings.value;
  }

  /**
   * Takes effect at once, also while the hub is away, which is told later. Rejects what the hub refuses or the camera cannot do.
   * @param {Record<string, any>} patch @returns {Promise<import("../state/settings.js").Settings>}
   */
  async change(patch) {
    await this.#settings.change(patch);
    await this.#applied;
    return this.settings;
  }

  recordNow = async () => this.#recorder?.recordNow() ?? false;
  relearn = () => this.#camera.capture?.relearn();

  /** What people ask from elsewhere. @param {string} command @param {Record<string, unknown>} [args] */
  perform = (command, args) => perform(this, command, args);

  /** What almost triggered, on the page's clock. */
  get candidates() {
    return this.#recorder?.candidates ?? [];
  }

  /** Why the last clip is not sent yet; `until` on the page's clock. */
  get held() {
    return this.#recorder?.held ?? null;
  }

  /** Whether somebody watches now. */
  get isLive() {
    return this.phase === "watching" && (this.#session?.live.isLive ?? false);
  }

  /** Why the hub ended the live stream, while there is no other. */
  get liveProblem() {
    return this.#session?.liveProblem ?? null;
  }

  get hasTorch() {
    return this.#camera.hasTorch;
  }

  get isScreenKeptOn() {
    return this.#lock.isHeld;
  }

  /** Whether the camera delivers no pictures. */
  get isStalled() {
    return this.health.problems.some(({ code }) => STOPPED.includes(code));
  }

  /** Who left the page while the browser asked for the camera does not want it any more. */
  #check() {
    if (this.#stopped.signal.aborted) throw new Error("Watching was stopped.");
  }

  /** @param {string} deviceId @param {import("./uplink.js").Uplink} uplink */
  #connect(deviceId, uplink) {
    const { connection, outbox } = uplink;
    const session = new HubSession(connection, deviceId, this.#stopped.signal);
    this.#session = session;
    this.#recorder = new ClipRecorder(outbox, () => session.id, () => stillOf(this.video));
    this.#recorder.set(this.settings);
    this.#settings.use(connection);
    const greeted = (/** @type {import("./uplink.js").Greeting} */ greeting) => {
      this.#watch.connected(greeting);
      this.#recorder?.limit(greeting.data?.limits);
    };
    this.#on(connection, "open", greeted);
    // Clips of before may have opened it.
    if (uplink.greeting) greeted(uplink.greeting);
    this.#on(session, "opened", ({ settings }) => {
      this.#settings.received(settings);
      this.#settings.send().catch((error) => this.#note(refused(error.message)));
      this.#report();
    });
    this.#on(session, "settings", ({ settings }) => this.#settings.received(settings));
    this.#on(session, "command", ({ message }) => this.#obey(message, connection));
    this.#on(session, "stopped", () => this.standBy().then(() => this.#note(ASKED.stop)));
    this.#on(session, "ended", (detail) => emit(this, "ended", detail));
    this.#on(session, "change", this.#changed);
    uplink.hold(this);
  }

  /** @param {any} message @param {import("../net/connection.js").Connection} connection */
  async #obey(message, connection) {
    if (!isInTime(message, Date.now() + (this.health.clockOffsetMs ?? 0))) return;
    const result = await this.perform(message.command, message.args);
    if (result.ok && ASKED[message.command]) this.#note(ASKED[message.command]);
    await connection.rpc("device.commandResult", { id: message.id, ...result }).catch(() => {});
  }

  /** The camera is on: encodes, judges, and tells the hub. */
  async #begin() {
    await this.#camera.run();
    this.#check();
    await this.#lock.start();
    this.#check();
    await this.#session?.begin();
    this.#check();
    this.#setPhase("watching");
  }

  async #end() {
    // A clip that is being recorded gets what the encoder still has.
    await this.#camera.stop();
    this.#recorder?.stop();
    await this.#session?.end();
  }

  /** @param {import("./capture.js").Capture} capture */
  #follow(capture) {
    this.#recorder?.use(capture);
    this.#session?.live.use(capture);
    this.#watch.use(capture);
    this.#on(capture, "motion", (result) => {
      this.#score = result.score;
      emit(this, "motion", result);
    });
    this.#on(capture, "deaf", ({ hasMicrophone }) => this.#note(deaf(hasMicrophone)));
    this.#on(capture, "sound", (result) => emit(this, "sound", result));
  }

  /** @param {import("../state/settings.js").Settings} settings */
  #settingsChanged(settings) {
    rememberDevice({ sound: settings.capture.audio });
    this.#recorder?.set(settings);
    this.#applied = this.#camera.apply(settings);
    // A camera that cannot be had as it is wanted is told by its health as well.
    this.#applied.catch(() => {}).then(() => this.#tick());
    emit(this, "settings", { settings });
    this.#changed();
  }

  #look() {
    return this.#watch.tick({ isWatching: this.phase === "watching", wantedFps: this.settings.capture.fps });
  }

  #tick() {
    if (this.phase !== "watching" && this.phase !== "standby") return;
    this.#recorder?.tick();
    const { health, isFrozen, hasChanged } = this.#look();
    this.health = health;
    this.#camera.tick({ isFrozen, isVisible: health.isVisible });
    if (!health.isScreenKeptOn) this.#lock.ask();
    if (hasChanged || this.#watch.isReportDue) this.#report();
    emit(this, "health", { health });
    if (hasChanged) this.#changed();
  }

  #report() {
    const { connection } = this.uplink ?? {};
    if (connection) this.#watch.report(connection, { phase: this.phase, motion_score: this.#score, stalled: this.isStalled });
  }

  /** @param {Sensor["phase"]} phase */
  #setPhase(phase) {
    this.phase = phase;
    this.#changed();
  }

  #changed = () => emit(this, "change");

  #note = (/** @type {string} */ text) => emit(this, "note", { text });

  /** As long as watching was not stopped. @param {EventTarget} target @param {string} type @param {(detail: any) => void} body */
  #on(target, type, body) {
    on(target, type, body, this.#stopped.signal);
  }
}
