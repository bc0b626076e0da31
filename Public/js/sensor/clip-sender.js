// @ts-check
// A device's clips on their way to the hub: in which order, how many at once, and what to do when it does not take one.

import { encodeFrame, KIND } from "../net/frame.js";
import { sendStills } from "./clip-stills.js";
import { GoneClips, NOT_HERE } from "./gone-clips.js";
import { isTemporary } from "./rpc-errors.js";

/** @typedef {import("./outbox.js").Clip} Clip */

/** Clips that are sent beside the one being recorded: more would fill the socket, so that pongs and live pictures come late. */
const SENT_AT_ONCE = 2;
/** What the hub answers when a plan's uploads of the hour are used up. */
const TOO_MANY = 429;
/** So that it is over for the hub's clock as well. */
const HOLD_MARGIN_MS = 1000;

export class ClipSender {
  /** Until when the plan lets nothing new through, ms since 1970. @type {number|null} */
  heldUntil = null;
  /** Events that somebody asks the hub for; what an earlier page left may not be taken up yet. @type {Set<string>} */
  #asked = new Set();
  /** @type {any} */ #holdTimer = null;

  /**
   * @param {object} options
   * @param {Pick<import("../net/connection.js").Connection, "state"|"rpc"|"sendFrame">} options.connection as this device
   * @param {import("../lib/memory-clip-store.js").ClipStore} options.store
   * @param {import("./clip-keeper.js").ClipKeeper} options.keeper
   * @param {() => Clip[]} options.clips newest first
   * @param {() => void} options.changed
   * @param {() => void} options.missed somebody wants a clip that is not here any more
   * @param {() => number} options.now ms since 1970
   * @param {(body: () => void, ms: number) => any} options.setTimeout
   * @param {(timer: any) => void} options.clearTimeout
   */
  constructor({ connection, store, keeper, clips, changed, missed, now, setTimeout, clearTimeout }) {
    this.connection = connection;
    this.store = store;
    this.keeper = keeper;
    this.clips = clips;
    this.changed = changed;
    this.missed = missed;
    this.gone = new GoneClips({ connection, told: (id) => keeper.forget(id) });
    this.now = now;
    this.setTimeout = setTimeout;
    this.clearTimeout = clearTimeout;
  }

  connected() {
    for (const { upload } of this.clips()) upload.connected();
    this.gone.connected();
    this.clearTimeout(this.#holdTimer);
    if (this.#isHeld) this.#holdTimer = this.setTimeout(() => this.pumpAll(), this.#holdMs);
    this.retryNow();
  }

  disconnected() {
    for (const clip of this.clips()) {
      clip.upload.disconnected();
      this.#endWait(clip);
    }
    this.changed();
  }

  /** Whatever made attempts fail may be over; what the plan holds back still is. */
  retryNow() {
    for (const clip of this.clips()) {
      clip.backoff.reset();
      if (clip.isBegun || !this.#isHeld) this.#endWait(clip);
    }
    this.changed();
    this.pumpAll();
  }

  /** Somebody wants a clip sent that was given up. @param {Clip} clip */
  retry(clip) {
    if (!canRetry(clip)) return;
    clip.upload.retry();
    clip.record.failure = null;
    this.keeper.saveAfter(clip, 0);
    this.retryNow();
  }

  /** It goes to the hub, whether that wants it or not. @param {Clip} clip */
  want(clip) {
    if (!clip.upload.asksFirst && clip.upload.phase !== "kept") return;
    // The hub knows it.
    if (clip.upload.phase === "kept") clip.isBegun = true;
    clip.upload.want();
    this.#noteVerdict(clip, null);
    this.pumpAll();
  }

  /** Somebody asks the hub for a clip that it did not want. @param {string} id */
  async #ask(id) {
    const clip = this.clips().find(({ record }) => record.id === id);
    if (await this.keeper.has(id, clip)) {
      this.#asked.add(id);
      return this.sendAsked();
    }
    if (clip) this.keeper.lost(clip);
    this.gone.add(id, NOT_HERE);
    this.missed();
  }

  /** Sends what somebody asked the hub for, as far as it is known already. */
  sendAsked() {
    for (const clip of this.clips().filter(({ record }) => this.#asked.delete(record.id))) {
      if (clip.upload.phase === "failed") this.retry(clip);
      else this.want(clip);
    }
    this.pumpAll();
  }

  /**
   * @param {{type: string, stream: number, next?: number, code?: string, message?: string, temporary?: boolean, event_id?: string, wanted?: boolean,
   *   reason?: string}} message of the hub
   */
  message(message) {
    if (message.type === "clip.request") return void this.#ask(message.event_id ?? "");
    const clip = this.clips().find((candidate) => candidate.upload.stream === message.stream);
    if (!clip) return;
    if (message.type === "clip.ack") {
      clip.upload.acknowledged(message.next ?? 0);
    } else if (message.type === "clip.verdict") {
      this.#verdict(clip, message.wanted ?? true, message.reason ?? "");
    } else if (message.type === "clip.error" && message.temporary) {
      this.#later(clip, message.message ?? "");
    } else if (message.type === "clip.error" && message.code !== "bad_still") {
      this.#fail(clip, message.message ?? "the hub refused it", null);
    }
    this.pumpAll();
  }

  /** Oldest first, so that clips arrive in their order. */
  pumpAll() {
    for (const clip of [...this.clips()].reverse()) this.pump(clip);
  }

  get #isHeld() {
    return (this.heldUntil ?? 0) > this.now();
  }

  get #holdMs() {
    return Math.max(0, (this.heldUntil ?? 0) - this.now()) + HOLD_MARGIN_MS;
  }

  /** The clip that is recorded goes first: its trigger and picture are the alert. @param {Clip} clip */
  #mayOpen(clip) {
    if (clip.retryAt !== null || (!clip.isBegun && this.#isHeld)) return false;
    const isSent = (/** @type {Clip} */ { upload, isRecording }) => !isRecording && !upload.isOver && upload.phase !== "waiting";
    return clip.isRecording || this.clips().filter(isSent).length < SENT_AT_ONCE;
  }

  /** Does what the upload wants done until it waits for news. @param {Clip} clip */
  pump(clip) {
    if (clip.upload.phase === "waiting" && !this.#mayOpen(clip)) return;
    for (let action = clip.upload.take(); action; action = clip.upload.take()) {
      if (action.type === "open") {
        this.#open(clip, action.isPreview);
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

  /** @param {Clip} clip @param {boolean} isPreview */
  async #open(clip, isPreview) {
    const { id, sessionId, trigger, at, score, tracks, preRollMs } = clip.record;
    try {
      const answer = await this.connection.rpc("clip.open", {
        event_id: id, session_id: sessionId, trigger: { type: trigger, at, score }, tracks, pre_roll_ms: preRollMs,
        ...(isPreview ? { preview: true } : {}),
      });
      clip.isBegun = true;
      clip.upload.opened({
        stream: answer.stream, next: answer.next, windowBytes: answer.window_bytes, isPreview: answer.event?.clip_state === "preview",
      });
      if (clip.upload.reason) this.#fail(clip, clip.upload.reason, answer.stream);
      else sendStills(clip, answer.stream, this);
    } catch (error) {
      this.#refused(clip, error);
    }
    this.changed();
    this.pumpAll();
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
    this.pumpAll();
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
    this.changed();
    this.pumpAll();
  }

  /** @param {Clip} clip @param {any} error */
  #refused(clip, error) {
    // 409: the hub has all of it already; its answer was lost.
    if (error.code === 409 && /this event is (uploaded|queued|processing|done) already/.test(error.message)) this.#durable(clip);
    else if (error.code === 409 && /stays on the phone/.test(error.message)) this.#verdict(clip, false, "");
    else if (error.code === TOO_MANY && error.retryAt) this.#hold(clip, error.retryAt, error.message);
    else if (isTemporary(error)) this.#later(clip, error.message);
    else this.#fail(clip, error.message);
  }

  /** The plan lets nothing more through until then. @param {Clip} clip @param {number} until ms since 1970 @param {string} problem */
  #hold(clip, until, problem) {
    this.heldUntil = until;
    this.#later(clip, problem, this.#holdMs);
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
      this.changed();
      this.pumpAll();
    }, delay);
    this.changed();
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

  /** What is not wanted stays here until somebody asks for it. @param {Clip} clip @param {boolean} isWanted @param {string} reason */
  #verdict(clip, isWanted, reason) {
    clip.upload.verdict(isWanted);
    const isKept = clip.upload.phase === "kept";
    this.#noteVerdict(clip, isKept ? reason : null);
    if (isKept) this.keeper.over(clip);
  }

  /** Also after a reload it is known. @param {Clip} clip @param {string|null} unwanted why the hub does not want it */
  #noteVerdict(clip, unwanted) {
    clip.record.asksFirst = clip.upload.asksFirst;
    clip.record.unwanted = unwanted;
    this.keeper.saveAfter(clip, 0);
    this.changed();
  }

  /** It cannot be sent. @param {Clip} clip @param {string} reason @param {number|null} [stream] */
  #fail(clip, reason, stream = clip.upload.stream) {
    this.giveUp(clip, reason, stream);
    this.keeper.over(clip);
  }

  /** @param {Clip} clip @param {string} reason @param {number|null} [stream] by which the hub knows it */
  giveUp(clip, reason, stream = clip.upload.stream) {
    clip.upload.failed(reason);
    clip.record.failure = reason;
    this.#endWait(clip);
    if (stream !== null) this.connection.rpc("clip.abort", { stream, reason }).catch(() => {});
    this.changed();
  }
}

/** @param {Clip} clip */
const canRetry = ({ upload, record, isGone, isRecording }) => upload.phase === "failed" && !isGone && !isRecording && record.frames > 0;
