// @ts-check
// A device's clips between the camera and the hub's disk: each is kept in the store until the hub has it for sure.

import { Backoff } from "../lib/backoff.js";
import { isUploaded, MAXIMUM_CLIPS } from "../lib/retention.js";
import { ClipUpload } from "../lib/upload.js";
import { encodeFrame, KIND } from "../net/frame.js";
import { ClipKeeper } from "./clip-keeper.js";

/**
 * @typedef {import("../lib/memory-clip-store.js").ClipRecord} ClipRecord
 * @typedef {import("../lib/memory-clip-store.js").ClipStore} ClipStore
 * @typedef {import("../lib/upload.js").ClipFrame} ClipFrame
 *
 * @typedef {object} Clip
 * @property {ClipRecord} record
 * @property {ClipUpload} upload
 * @property {boolean} isRecording
 * @property {Promise<Uint8Array|null>|null} still the picture of the trigger, until the store has it
 * @property {boolean} isStillSent
 * @property {boolean} isBegun whether the hub has opened it: it counts already where there is a limit
 * @property {Backoff} backoff
 * @property {number|null} retryAt when it is tried again, on the clock of `performance.now()`
 * @property {any} retryTimer
 * @property {any} saveTimer
 * @property {string|null} problem why the hub does not take it yet
 * @property {boolean} isGone whether its frames had to make room
 */

/** Clips that are sent beside the one being recorded: more would fill the socket, so that pongs and live pictures come late. */
const SENT_AT_ONCE = 2;
/** Frames of so long a time are stored together. */
const SAVE_MS = 500;
/** Clips that are over, to be shown: somewhat more than stay on the device. */
const MAXIMUM_OVER = MAXIMUM_CLIPS + 20;
/** Clips that were given up, remembered over reloads. */
const MAXIMUM_FAILURES = 20;
/** What the hub answers when a plan's uploads of the hour are used up. */
const TOO_MANY = 429;
/** So that it is over for the hub's clock as well. */
const HOLD_MARGIN_MS = 1000;

/** Events: `change` whenever something to show changed. */
export class Outbox extends EventTarget {
  /** Newest first. @type {Clip[]} */
  clips = [];
  /** What the plan lets through, `null`: all. @type {number|null} */
  uploadsPerHour = null;
  /** Until when the plan lets nothing through, ms since 1970. @type {number|null} */
  heldUntil = null;

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
      giveUp: (clip, reason) => {
        this.#giveUp(clip, reason);
        this.#pumpAll();
      },
    });
  }

  // MARK: What the camera records

  /**
   * @param {Pick<ClipRecord, "id"|"sessionId"|"trigger"|"at"|"score"|"preRollMs"|"tracks"|"firstTimestamp">} opening
   * @param {ClipFrame[]} frames from before the trigger
   * @param {Promise<Uint8Array|null>} still
   */
  begin(opening, frames, still) {
    const clip = this.#insert(
      { ...opening, deviceId: this.deviceId, page: this.page, lastTimestamp: opening.firstTimestamp, frames: 0, bytes: 0, isComplete: false, failure: null, uploadedAt: null },
      new ClipUpload(), still,
    );
    clip.isRecording = true;
    for (const frame of frames) this.#take(clip, frame);
    if (this.connection.state === "open") clip.upload.connected();
    this.keeper.begun(clip);
    this.#changed();
    this.#pump(clip);
    return clip;
  }

  /** @param {Clip} clip @param {ClipFrame} frame */
  add(clip, frame) {
    this.#take(clip, frame);
    this.keeper.saveAfter(clip, SAVE_MS);
    this.#pump(clip);
  }

  /** Its recording came to an end. @param {Clip} clip */
  complete(clip) {
    clip.isRecording = false;
    clip.record.isComplete = true;
    clip.upload.complete();
    this.keeper.saveAfter(clip, 0);
    this.#changed();
    this.#pump(clip);
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
      const clip = this.#insert(record, ClipUpload.restored(record), null);
      if (isUploaded(record)) clip.upload.durable();
      else if (record.failure) clip.upload.failed(record.failure);
      else if (this.connection.state === "open") clip.upload.connected();
    }
    this.clips.sort((a, b) => b.record.at - a.record.at);
    const surplus = this.clips.filter(({ upload }) => upload.phase === "failed").slice(MAXIMUM_FAILURES);
    for (const { record } of surplus) this.keeper.delete(record.id);
    this.clips = this.clips.filter((clip) => !surplus.includes(clip));
    this.#changed();
    this.#pumpAll();
  }

  // MARK: What is to be shown

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
    for (let batch = await this.store.read(record.id, 0); batch.length; batch = await this.store.read(record.id, frames.length)) frames.push(...batch);
    return frames.length < record.frames ? [...frames, ...upload.unstored().slice(frames.length - upload.storedCount)] : frames;
  }

  /** The picture of its trigger. @param {Clip} clip @returns {Promise<Uint8Array|null>} */
  async still({ record, still }) {
    return (await still) ?? this.store.still(record.id);
  }

  // MARK: News of the socket

  connected() {
    for (const { upload } of this.clips) upload.connected();
    this.retryNow();
  }

  disconnected() {
    for (const clip of this.clips) {
      clip.upload.disconnected();
      this.#endWait(clip);
    }
    this.#changed();
  }

  /** Whatever made attempts fail may be over. */
  retryNow() {
    this.heldUntil = null;
    for (const clip of this.clips) {
      clip.backoff.reset();
      this.#endWait(clip);
    }
    this.#changed();
    this.#pumpAll();
  }

  /** Somebody wants a clip sent that was given up. @param {Clip} clip */
  retry(clip) {
    if (!canRetry(clip)) return;
    clip.upload.retry();
    clip.record.failure = null;
    this.keeper.saveAfter(clip, 0);
    this.retryNow();
  }

  /** @param {{type: string, stream: number, next?: number, code?: string, message?: string}} message of the hub */
  message(message) {
    const clip = this.clips.find((candidate) => candidate.upload.stream === message.stream);
    if (!clip) return;
    if (message.type === "clip.ack") {
      clip.upload.acknowledged(message.next ?? 0);
    } else if (message.type === "clip.error" && message.temporary) {
      this.#later(clip, message.message ?? "");
    } else if (message.type === "clip.error" && message.code !== "bad_still") {
      this.#fail(clip, message.message ?? "the hub refused it", null);
    }
    this.#pumpAll();
  }

  // MARK: Sending

  /** Oldest first, so that clips arrive in their order. */
  #pumpAll() {
    for (const clip of [...this.clips].reverse()) this.#pump(clip);
  }

  /** The clip that is recorded goes first: its trigger and picture are the alert. @param {Clip} clip */
  #mayOpen(clip) {
    if (clip.retryAt !== null || (!clip.isBegun && (this.heldUntil ?? 0) > this.now())) return false;
    return clip.isRecording || this.pending.filter(({ upload, isRecording }) => !isRecording && upload.phase !== "waiting").length < SENT_AT_ONCE;
  }

  /** Does what the upload wants done until it waits for news. @param {Clip} clip */
  #pump(clip) {
    if (clip.upload.phase === "waiting" && !this.#mayOpen(clip)) return;
    for (let action = clip.upload.take(); action; action = clip.upload.take()) {
      if (action.type === "open") {
        this.#open(clip);
      } else if (action.type === "read") {
        this.#read(clip, action.from);
      } else if (action.type === "close") {
        this.#close(clip, action);
      } else {
        const { payload, ...header } = action.frame;
        const kind = clip.record.tracks[0]?.kind === "container" ? KIND.clipBytes : KIND.clip;
        this.connection.sendFrame(encodeFrame({ ...header, kind, stream: action.stream, sequence: action.sequence }, payload));
      }
    }
  }

  /** @param {Clip} clip */
  async #open(clip) {
    const { id, sessionId, trigger, at, score, tracks, preRollMs } = clip.record;
    try {
      const answer = await this.connection.rpc("clip.open", {
        event_id: id, session_id: sessionId, trigger: { type: trigger, at, score }, tracks, pre_roll_ms: preRollMs,
      });
      clip.isBegun = true;
      clip.upload.opened({ stream: answer.stream, next: answer.next, windowBytes: answer.window_bytes });
      if (clip.upload.reason) this.#fail(clip, clip.upload.reason, answer.stream);
      else this.#sendStill(clip, answer.stream);
    } catch (error) {
      this.#refused(clip, error);
    }
    this.#changed();
    this.#pumpAll();
  }

  /** @param {Clip} clip @param {number} from */
  async #read(clip, from) {
    const { stream } = clip.upload;
    const frames = await this.store.read(clip.record.id, from).catch(() => null);
    if (clip.upload.isOver) return;
    // That the store cannot be read now does not mean that the clip is lost.
    if (!frames) return this.setTimeout(() => this.#read(clip, from), clip.backoff.next());
    clip.upload.read(from, frames);
    if (clip.upload.reason) this.#fail(clip, clip.upload.reason, stream);
    this.#pumpAll();
  }

  /** @param {Clip} clip @param {{stream: number, frames: number}} action */
  async #close(clip, { stream, frames }) {
    const { firstTimestamp, lastTimestamp, causes } = clip.record;
    // How long a clip is of which the hub has more than the store, it sees best itself.
    const duration = frames > clip.upload.count ? {} : { duration_ms: Math.round((lastTimestamp - firstTimestamp) / 1000) };
    try {
      await this.connection.rpc("clip.close", { stream, frames, ...duration, ...(causes ? { causes } : {}) }, { timeoutMs: 60_000 });
      this.#durable(clip);
    } catch (error) {
      this.#refused(clip, error);
    }
    this.#changed();
    this.#pumpAll();
  }

  /** @param {Clip} clip @param {number} stream */
  async #sendStill(clip, stream) {
    const still = await (clip.still ?? this.store.still(clip.record.id)).catch(() => null);
    if (!still || clip.isStillSent || clip.upload.stream !== stream) return;
    clip.isStillSent = this.connection.sendFrame(encodeFrame({ kind: KIND.still, stream, sequence: 0 }, still));
  }

  /** @param {Clip} clip @param {any} error */
  #refused(clip, error) {
    // 409: the hub has all of it already; its answer was lost.
    if (error.code === 409 && /this event is (uploaded|queued|processing|done) already/.test(error.message)) this.#durable(clip);
    else if (error.code === TOO_MANY && error.retryAt) this.#hold(clip, error.retryAt, error.message);
    else if (isTemporary(error)) this.#later(clip, error.message);
    else this.#fail(clip, error.message);
  }

  /** The plan lets nothing more through until then. @param {Clip} clip @param {number} until ms since 1970 @param {string} problem */
  #hold(clip, until, problem) {
    this.heldUntil = until;
    this.#later(clip, problem, Math.max(0, until - this.now()) + HOLD_MARGIN_MS);
  }

  /** @param {Clip} clip @param {string} problem @param {number} [delay] */
  #later(clip, problem, delay = clip.backoff.next()) {
    // After a break `connected` takes care of it.
    if (clip.upload.phase === "waiting" || clip.upload.isOver) return;
    clip.upload.again();
    clip.problem = problem;
    clip.retryAt = performance.now() + delay;
    clip.retryTimer = this.setTimeout(() => {
      this.#endWait(clip);
      this.#changed();
      this.#pumpAll();
    }, delay);
    this.#changed();
  }

  /** @param {Clip} clip */
  #endWait(clip) {
    this.clearTimeout(clip.retryTimer);
    clip.retryAt = null;
    clip.problem = null;
  }

  /** @param {Clip} clip */
  #durable(clip) {
    clip.upload.durable();
    clip.record.uploadedAt = this.now();
    this.#endWait(clip);
    this.keeper.over(clip);
  }

  /** It cannot be sent. @param {Clip} clip @param {string} reason @param {number|null} [stream] */
  #fail(clip, reason, stream = clip.upload.stream) {
    this.#giveUp(clip, reason, stream);
    this.keeper.over(clip);
  }

  /** @param {Clip} clip @param {string} reason @param {number|null} [stream] by which the hub knows it */
  #giveUp(clip, reason, stream = clip.upload.stream) {
    clip.upload.failed(reason);
    clip.record.failure = reason;
    this.#endWait(clip);
    if (stream !== null) this.connection.rpc("clip.abort", { stream, reason }).catch(() => {});
    this.#changed();
  }

  /** @param {ClipRecord} record @param {ClipUpload} upload @param {Promise<Uint8Array|null>|null} still */
  #insert(record, upload, still) {
    /** @type {Clip} */
    const clip = {
      record, upload, still: still?.catch(() => null) ?? null, isRecording: false, isStillSent: false, isBegun: false, backoff: new Backoff({ random: this.random }),
      retryAt: null, retryTimer: null, saveTimer: null, problem: null, isGone: record.frames === 0 && upload.phase !== "waiting",
    };
    this.clips.unshift(clip);
    this.clips = this.clips.filter((old, index) => index < MAXIMUM_OVER || !old.upload.isOver);
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

/** @param {Clip} clip */
export const canRetry = ({ upload, record, isGone, isRecording }) => upload.phase === "failed" && !isGone && !isRecording && record.frames > 0;

/**
 * Whether the hub may take it another time: it is busy, its disk is full, it must be signed in to again, or it knows this clip from a call whose answer was lost.
 * @param {any} error
 */
const isTemporary = ({ temporary, code, message }) => temporary || [101, 108, 109, 507].includes(code) || /open already on this connection/.test(message);
