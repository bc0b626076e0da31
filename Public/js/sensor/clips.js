// @ts-check
// Clips from the camera: when one begins, what belongs to it, when it ends.

import { on } from "../lib/events.js";
import { PrerollRing } from "../lib/ring.js";
import { ClipTrigger } from "../lib/trigger.js";
import { uuidv7 } from "../lib/uuid.js";
import { FLAG, TRACK } from "../net/frame.js";
import { pageNow, pageTime } from "./page-clock.js";

/**
 * @typedef {import("../lib/ring.js").Chunk} Chunk
 * @typedef {import("../lib/upload.js").ClipFrame} ClipFrame
 * @typedef {import("./encoder.js").MediaEncoder|import("./recorder.js").RecorderEncoder} Encoder
 */

/** A clip begins with the keyframe before its time. */
const GROUP_SECONDS = 5;
/** More than any encoder is told to make. */
const MAXIMUM_BYTES_A_SECOND = 1 << 20;
const MAXIMUM_BYTES = 32 << 20;
/** After the trigger, for the hub to compare. */
const LATER_STILLS_MS = [500, 1500];
/** Who presses Record before there is a picture waits for it so long, and for the sound to it. */
const FIRST_PICTURE_MS = 5000;

export class ClipRecorder {
  trigger = new ClipTrigger();
  #ring = new PrerollRing({ seconds: 0 });
  /** @type {import("./outbox.js").Clip|null} */ #recording = null;
  /** Why the last clip is not sent yet; `until` on the page's clock. @type {import("../lib/plan.js").Held|null} */ held = null;
  /** @type {Encoder|null} */ #encoder = null;
  #isPreviewFirst = false;
  /** Says that the clip that is being recorded has ended. */
  #end = () => {};
  /** Each tells one who pressed Record before there was a picture whether it is recorded now. @type {Set<(isRecorded: boolean) => void>} */
  #waiting = new Set();

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {() => string|null} sessionId
   * @param {() => Promise<Uint8Array|null>} takeStill
   */
  constructor(outbox, sessionId, takeStill) {
    this.outbox = outbox;
    this.sessionId = sessionId;
    this.takeStill = takeStill;
  }

  /** Another capture takes over: the clip that is being recorded ends here. @param {import("./capture.js").Capture} capture */
  use(capture) {
    this.#configured(TRACK.video);
    this.#encoder = capture.encoder;
    // What another one says late is of a time that is over.
    const isPresent = () => capture.encoder === this.#encoder;
    on(capture, "chunk", ({ chunk }) => this.#chunk(chunk));
    on(capture, "configuration", ({ track }) => this.#configured(track));
    on(capture, "motion", (result) => { if (isPresent()) this.#motion(result); });
    on(capture, "sound", (result) => { if (isPresent()) this.#sound(result); });
  }

  /** @param {Pick<import("../state/settings.js").Settings, "clip"|"preview_first">} settings */
  set({ clip, preview_first: isPreviewFirst }) {
    const { pre_roll_seconds: preRoll, post_roll_seconds: postRoll, max_seconds: longest, cooldown_seconds: cooldown } = clip;
    this.#isPreviewFirst = isPreviewFirst;
    Object.assign(this.trigger, { preRoll: preRoll * 1000, postRoll: postRoll * 1000, longest: longest * 1000, cooldown: cooldown * 1000 });
    // Motion that began in the cooldown is reached back to.
    const seconds = preRoll + cooldown + GROUP_SECONDS;
    this.#ring.limit({ seconds, maximumBytes: Math.min(seconds * MAXIMUM_BYTES_A_SECOND, MAXIMUM_BYTES) });
  }

  /** @param {Chunk} chunk */
  #chunk(chunk) {
    this.#ring.push(chunk);
    // Sound that began after the clip is not among its tracks.
    if (this.#recording?.record.tracks.some(({ track }) => track === chunk.track)) this.outbox.add(this.#recording, frameOf(chunk));
    if (this.#waiting.size && this.#ring.bytes && this.#encoder?.isComplete) this.#answer(this.#recordManually());
  }

  /**
   * The codec's configuration changed. A clip has one for its video, so that the next begins; what the ring has no longer fits.
   * @param {number} track
   */
  #configured(track) {
    if (track !== TRACK.video) return;
    this.#perform(this.trigger.cut(pageNow()));
    this.#ring.clear();
  }

  /** Time passes, also while no picture comes. */
  tick() {
    this.#perform(this.trigger.time(pageNow()));
  }

  /** @param {import("../lib/motion.js").MotionResult & {at: number}} motion */
  #motion(motion) {
    if (!this.sessionId()) return;
    this.#perform(this.trigger.tamper({ tampered: motion.tamper !== null }, motion.at));
    this.#perform(this.trigger.motion(motion, motion.at));
  }

  /** @param {import("../lib/sound.js").SoundResult} sound */
  #sound(sound) {
    if (this.sessionId()) this.#perform(this.trigger.sound(sound, sound.at));
  }

  /** What the hub allows; an older one says nothing of it. @param {{max_clip_seconds?: number|null, uploads_per_hour?: number|null}} [limits] */
  limit({ max_clip_seconds: maxClipSeconds = null, uploads_per_hour: uploadsPerHour = null } = {}) {
    this.trigger.limit({ maxClipSeconds, uploadsPerHour });
  }

  /** What almost triggered, on the page's clock. */
  get candidates() {
    return this.trigger.candidates.entries;
  }

  /**
   * A camera that has just begun, or begun anew, has no picture yet: what was asked for begins with the first, if that comes soon.
   * @returns {Promise<boolean>} whether it is recorded
   */
  async recordNow() {
    if (this.#recordManually()) return true;
    if (!this.sessionId()) return false;
    return new Promise((resolve) => {
      const answer = (/** @type {boolean} */ isRecorded) => {
        clearTimeout(patience);
        this.#waiting.delete(answer);
        resolve(isRecorded);
      };
      const patience = setTimeout(() => answer(this.#recordManually()), FIRST_PICTURE_MS);
      this.#waiting.add(answer);
    });
  }

  /** @returns {boolean} whether it is recorded */
  #recordManually() {
    this.#perform(this.trigger.manual(pageNow()));
    return this.#recording !== null;
  }

  /** @param {boolean} isRecorded */
  #answer(isRecorded) {
    for (const answer of this.#waiting) answer(isRecorded);
  }

  /** Ends the clip that is being recorded. */
  stop() {
    this.#answer(false);
    this.#perform(this.trigger.stop(pageNow()));
  }

  /** @param {import("../lib/trigger.js").TriggerAction[]} actions */
  #perform(actions) {
    for (const action of actions) {
      if (action.type === "open") this.#open(action);
      else if (action.type === "cause") this.#note([...this.trigger.causes.values()]);
      else if (action.type === "close") this.#close(action.causes);
    }
  }

  /** @param {Extract<import("../lib/trigger.js").TriggerAction, {type: "open"}>} action */
  #open({ trigger, at, score, from, held, causes }) {
    this.held = held;
    const sessionId = this.sessionId();
    const chunks = this.#ring.from((from - performance.timeOrigin) * 1000);
    const encoder = this.#encoder;
    if (!encoder || !sessionId || !chunks.length) return this.trigger.undo();
    const first = chunks[0].timestamp;
    const wallAt = wallTime(at);
    const { tracks } = encoder;
    const asksFirst = this.#isPreviewFirst && isOnlyMotion(causes);
    this.#recording = this.outbox.begin(
      {
        id: uuidv7(wallAt), sessionId, trigger, at: wallAt, score, preRollMs: Math.max(0, Math.round(at - pageTime(first))), tracks, firstTimestamp: first,
        ...(asksFirst ? { asksFirst } : {}),
      },
      [...encoder.clipBeginning(first), ...chunks.filter((chunk) => tracks.some(({ track }) => track === chunk.track)).map(frameOf)],
      asksFirst ? this.#takeStills() : [this.takeStill()],
    );
  }

  /** Of the trigger and what follows; what would be after the clip, at its end. */
  #takeStills() {
    /** @type {Promise<void>} */
    const end = new Promise((resolve) => { this.#end = resolve; });
    const passed = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
    return [this.takeStill(), ...LATER_STILLS_MS.map((ms) => Promise.race([passed(ms), end]).then(() => this.takeStill()))];
  }

  /** @param {import("../lib/trigger.js").Cause[]} causes */
  #close(causes) {
    this.#note(causes);
    this.#end();
    if (this.#recording) this.outbox.complete(this.#recording);
    this.#recording = null;
  }

  /** Beside the clip, so that they are stored with it: a reload must not lose them. @param {import("../lib/trigger.js").Cause[]} causes */
  #note(causes) {
    if (!this.#recording) return;
    this.#recording.record.causes = causes.map((cause) => ({ ...cause, at: wallTime(cause.at) }));
    // The stills say nothing about a sound, or about who pressed Record.
    if (!isOnlyMotion(causes)) this.outbox.want(this.#recording);
  }
}

/** @param {import("../lib/trigger.js").Cause[]} causes */
const isOnlyMotion = (causes) => causes.every(({ type }) => type === "motion");

/** A time on the page's clock as the device's clock has it now. @param {number} at ms */
const wallTime = (at) => Math.round(Date.now() - (pageNow() - at));

/** @param {Chunk} chunk @returns {ClipFrame} */
const frameOf = ({ key, track, timestamp, duration, data }) => ({ flags: key ? FLAG.keyframe : 0, track, timestamp, duration, payload: data });
