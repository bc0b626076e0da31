// @ts-check
// A device's clips between the camera and the hub's disk: each is kept in the store until the hub has it for sure.

import { Backoff } from "../lib/backoff.js";
import { isUnwanted, isUploaded, MAXIMUM_CLIPS } from "../lib/retention.js";
import { ClipUpload } from "../lib/upload.js";
import { ClipKeeper } from "./clip-keeper.js";
import { ClipSender } from "./clip-sender.js";
import { MADE_ROOM } from "./gone-clips.js";

/**
 * @typedef {import("../lib/memory-clip-store.js").ClipRecord} ClipRecord
 * @typedef {import("../lib/memory-clip-store.js").ClipStore} ClipStore
 * @typedef {import("../lib/upload.js").ClipFrame} ClipFrame
 *
 * @typedef {object} Clip
 * @property {ClipRecord} record
 * @property {ClipUpload} upload
 * @property {boolean} isRecording
 * @property {(Promise<Uint8Array|null>|null)[]} stills the picture of the trigger and those after it, each until the store has it
 * @property {boolean} isStillSent
 * @property {boolean} isBegun whether the hub has opened it: it counts already where there is a limit
 * @property {Backoff} backoff
 * @property {number|null} retryAt when it is tried again, on the clock of `performance.now()`
 * @property {any} retryTimer
 * @property {any} saveTimer
 * @property {string|null} problem why the hub does not take it yet
 * @property {boolean} isGone whether its frames had to make room
 */

/** Frames of so long a time are stored together. */
const SAVE_MS = 500;
/** Clips that are over, to be shown: somewhat more than stay on the device. */
const MAXIMUM_OVER = MAXIMUM_CLIPS + 20;
/** Clips that were given up, remembered over reloads. */
const MAXIMUM_FAILURES = 20;

/** Events: `change` whenever something to show changed, `missed` when somebody wants a clip that is not here any more. */
export class Outbox extends EventTarget {
  /** Newest first. @type {Clip[]} */
  clips = [];
  /** What the plan lets through in an hour, `null`: all. @type {number|null} */
  uploadsPerHour = null;

  /**
   * @param {object} options
   * @param {Pick<import("../net/connection.js").Connection, "state"|"rpc"|"sendFrame">} options.connection as this device
   * @param {ClipStore} options.store
   * @param {string} options.deviceId
   * @param {string} options.page a name of its own for each page
   * @param {(page: string) => Promise<void>} options.claim resolves once the named page is gone, which leaves its clips to this one
   * @param {() => number} [options.random]
   * @param {() => number} [options.now] ms since 1970
   * @param {(body: () => void, ms: number) => any} [options.setTimeout]
   * @param {(timer: any) => void} [options.clearTimeout]
   */
  constructor({
    connection, store, deviceId, page, claim, random = Math.random, now = Date.now,
    setTimeout = (body, ms) => globalThis.setTimeout(body, ms), clearTimeout = (timer) => globalThis.clearTimeout(timer),
  }) {
    super();
    this.connection = connection;
    this.store = store;
    this.deviceId = deviceId;
    this.page = page;
    this.claim = claim;
    this.random = random;
    this.now = now;
    this.setTimeout = setTimeout;
    this.clearTimeout = clearTimeout;
    this.keeper = new ClipKeeper({
      store, setTimeout, clearTimeout, clips: () => this.clips, changed: () => this.#changed(),
      gone: (id) => this.sender.gone.add(id, MADE_ROOM),
      giveUp: (clip, reason) => {
        this.sender.giveUp(clip, reason);
        this.sender.pumpAll();
      },
    });
    this.sender = new ClipSender({
      connection, store, keeper: this.keeper, clips: () => this.clips, changed: () => this.#changed(), now, setTimeout, clearTimeout,
      missed: () => this.dispatchEvent(new CustomEvent("missed")),
    });
  }

  // MARK: What the camera records

  /**
   * @param {Pick<ClipRecord, "id"|"sessionId"|"trigger"|"at"|"score"|"preRollMs"|"tracks"|"firstTimestamp"|"asksFirst">} opening
   * @param {ClipFrame[]} frames from before the trigger
   * @param {Promise<Uint8Array|null>[]} stills the picture of the trigger, and what else the hub is to look at first
   */
  begin(opening, frames, stills) {
    const clip = this.#insert(
      {
        ...opening, deviceId: this.deviceId, page: this.page, lastTimestamp: opening.firstTimestamp, frames: 0, bytes: 0, isComplete: false, failure: null,
        uploadedAt: null,
      },
      new ClipUpload(opening), stills,
    );
    clip.isRecording = true;
    for (const frame of frames) this.#take(clip, frame);
    if (this.connection.state === "open") clip.upload.connected();
    this.keeper.begun(clip);
    this.#changed();
    this.sender.pump(clip);
    return clip;
  }

  /** @param {Clip} clip @param {ClipFrame} frame */
  add(clip, frame) {
    if (clip.isGone) return;
    this.#take(clip, frame);
    this.keeper.saveAfter(clip, SAVE_MS);
    this.sender.pump(clip);
  }

  /** There is more in it than the stills show: the hub is not asked whether it wants it. @param {Clip} clip */
  want(clip) {
    this.sender.want(clip);
  }

  /** Its recording came to an end. @param {Clip} clip */
  complete(clip) {
    clip.isRecording = false;
    clip.record.isComplete = true;
    clip.upload.complete();
    this.keeper.saveAfter(clip, 0);
    this.#changed();
    this.sender.pump(clip);
  }

  /** Stores now what would be stored soon: the page may be about to go. */
  save() {
    for (const clip of this.clips) if (clip.saveTimer) this.keeper.saveAfter(clip, 0);
  }

  // MARK: What a page before this one left

  /** Takes up what is in the store. */
  async restore() {
    const records = await this.store.records();
    const pages = new Set(records.filter((record) => this.#isForeign(record)).map(({ page }) => page));
    for (const page of pages) this.claim(page).then(() => this.#takeUp(page)).catch(() => {});
  }

  /** @param {ClipRecord} record of this device, by another page */
  #isForeign(record) {
    return record.deviceId === this.deviceId && record.page !== this.page;
  }

  /** @param {string} page */
  async #takeUp(page) {
    const records = (await this.store.records()).filter((record) => this.#isForeign(record) && record.page === page);
    for (const record of records) {
      const clip = this.#insert(record, ClipUpload.restored(record), []);
      if (isUploaded(record)) clip.upload.durable();
      else if (record.failure) clip.upload.failed(record.failure);
      // Also what is over may be asked for.
      if (this.connection.state === "open") clip.upload.connected();
    }
    this.clips.sort((a, b) => b.record.at - a.record.at);
    for (const { record, isGone } of this.clips) if (isGone && isUnwanted(record)) this.sender.gone.add(record.id, MADE_ROOM);
    const surplus = this.clips.filter(({ upload }) => upload.phase === "failed").slice(MAXIMUM_FAILURES);
    for (const { record } of surplus) this.keeper.delete(record.id);
    this.clips = this.clips.filter((clip) => !surplus.includes(clip));
    this.#changed();
    this.sender.sendAsked();
  }

  // MARK: What is to be shown

  /** Until when the plan lets nothing through, ms since 1970. */
  get heldUntil() {
    return this.sender.heldUntil;
  }

  /** What the hub does not have for sure. */
  get pending() {
    return this.clips.filter(({ upload }) => !upload.isOver);
  }

  /** What would be lost with the page. */
  get isAtRisk() {
    return this.pending.length > 0 && !this.isDurable;
  }

  /** Whether clips outlive the page. */
  get isDurable() {
    return this.store.isDurable && this.keeper.isStoring;
  }

  /** What waits for the hub; a clip that is sent while it is recorded does not. */
  get waiting() {
    const clips = this.pending.filter(({ isRecording, upload }) => !isRecording || upload.phase === "waiting");
    const times = clips.flatMap(({ retryAt }) => retryAt ?? []);
    return { count: clips.length, bytes: clips.reduce((sum, { record }) => sum + record.bytes, 0), retryAt: times.length ? Math.min(...times) : null };
  }

  /** What the device still has of a clip, in the order of recording. @param {Clip} clip @returns {Promise<ClipFrame[]>} */
  async frames({ record, upload }) {
    /** @type {ClipFrame[]} */
    const frames = [];
    const next = () => this.store.read(record.id, frames.length);
    for (let batch = await next(); batch.length; batch = await next()) frames.push(...batch);
    return frames.length < record.frames ? [...frames, ...upload.unstored().slice(frames.length - upload.storedCount)] : frames;
  }

  /** The picture of its trigger. @param {Clip} clip @returns {Promise<Uint8Array|null>} */
  async still({ record, stills }) {
    return (await stills[0]) ?? this.store.still(record.id);
  }

  // MARK: News of the socket, and of people

  connected() {
    if (this.uploadsPerHour === null) this.sender.heldUntil = null;
    this.sender.connected();
  }

  disconnected() {
    this.sender.disconnected();
  }

  /** @param {any} message of the hub */
  message(message) {
    this.sender.message(message);
  }

  /** Whatever made attempts fail may be over. */
  retryNow() {
    this.sender.retryNow();
  }

  /** Somebody wants a clip sent that was given up. @param {Clip} clip */
  retry(clip) {
    this.sender.retry(clip);
  }

  /** @param {ClipRecord} record @param {ClipUpload} upload @param {Promise<Uint8Array|null>[]} stills */
  #insert(record, upload, stills) {
    /** @type {Clip} */
    const clip = {
      record, upload, stills: stills.map((still) => still.catch(() => null)), isRecording: false, isStillSent: false, isBegun: false,
      backoff: new Backoff({ random: this.random }),
      retryAt: null, retryTimer: null, saveTimer: null, problem: null, isGone: record.frames === 0 && upload.phase !== "waiting",
    };
    this.clips.unshift(clip);
    // What stays here until somebody asks for it must be found then.
    const isNeeded = (/** @type {Clip} */ { upload, isGone }) => !upload.isOver || (upload.phase === "kept" && !isGone);
    this.clips = this.clips.filter((old, index) => index < MAXIMUM_OVER || isNeeded(old));
    return clip;
  }

  /** @param {Clip} clip @param {ClipFrame} frame */
  #take({ record, upload }, frame) {
    upload.add(frame);
    record.frames = upload.count;
    record.bytes += frame.payload.byteLength;
    if (frame.track === 0) record.lastTimestamp = Math.max(record.lastTimestamp, frame.timestamp + frame.duration);
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
