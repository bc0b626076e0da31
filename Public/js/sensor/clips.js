// @ts-check
// Clips from the camera: when one begins, what belongs to it, when it ends.

import { PrerollRing } from "../lib/ring.js";
import { ClipTrigger } from "../lib/trigger.js";
import { uuidv7 } from "../lib/uuid.js";
import { FLAG } from "../net/frame.js";
import { pageNow, pageTime } from "./encoder.js";

/**
 * @typedef {import("../lib/ring.js").Chunk} Chunk
 * @typedef {import("../lib/upload.js").ClipFrame} ClipFrame
 */

/** As long as the ring must reach back: pre-roll, cooldown, and a group of pictures. */
const RING_SECONDS = 14;

export class ClipRecorder {
  trigger = new ClipTrigger();
  #ring = new PrerollRing({ seconds: RING_SECONDS });
  /** @type {import("./outbox.js").Clip|null} */ #recording = null;
  /** Why the last clip is not sent yet; `until` on the page's clock. @type {import("../lib/plan.js").Held|null} */ held = null;

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./encoder.js").MediaEncoder|import("./recorder.js").RecorderEncoder} encoder
   * @param {() => string|null} sessionId
   * @param {() => Promise<Uint8Array|null>} takeStill
   */
  constructor(outbox, encoder, sessionId, takeStill) {
    this.outbox = outbox;
    this.encoder = encoder;
    this.sessionId = sessionId;
    this.takeStill = takeStill;
  }

  /** @param {Chunk} chunk */
  chunk(chunk) {
    this.#ring.push(chunk);
    // Sound that began after the clip is not among its tracks.
    if (this.#recording?.record.tracks.some(({ track }) => track === chunk.track)) this.outbox.add(this.#recording, frameOf(chunk));
  }

  /** The codec's configuration changed. A clip has one for its video, so that the next begins; what the ring has no longer fits. @param {number} track */
  configured(track) {
    if (track !== 0) return;
    this.#perform(this.trigger.cut(pageNow()));
    this.#ring.clear();
  }

  /** Time passes, also while no picture comes. */
  tick() {
    this.#perform(this.trigger.time(pageNow()));
  }

  /** @param {{moving: boolean, score: number, candidate?: boolean, threshold?: number, tamper?: string|null, at: number}} motion */
  motion(motion) {
    if (motion.tamper !== undefined) this.#perform(this.trigger.tamper({ tampered: motion.tamper !== null }, motion.at));
    this.#perform(this.trigger.motion(motion, motion.at));
  }

  /** @param {{loud: boolean, score: number, threshold: number, at: number}} sound */
  sound(sound) {
    this.#perform(this.trigger.sound(sound, sound.at));
  }

  /** What the hub allows. @param {import("../lib/plan.js").Plan} plan */
  limit(plan) {
    this.trigger.limit(plan);
  }

  /** What almost triggered, on the page's clock. */
  get candidates() {
    return this.trigger.candidates.entries;
  }

  recordNow() {
    this.#perform(this.trigger.manual(pageNow()));
  }

  /** Ends the clip that is being recorded. */
  stop() {
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
  #open({ trigger, at, score, from, held }) {
    this.held = held;
    const sessionId = this.sessionId();
    const chunks = this.#ring.from((from - performance.timeOrigin) * 1000);
    if (!sessionId || !chunks.length) return this.trigger.undo();
    const first = chunks[0].timestamp;
    const wallAt = wallTime(at);
    const { tracks } = this.encoder;
    this.#recording = this.outbox.begin(
      { id: uuidv7(wallAt), sessionId, trigger, at: wallAt, score, preRollMs: Math.max(0, Math.round(at - pageTime(first))), tracks, firstTimestamp: first },
      [...this.encoder.clipBeginning(first), ...chunks.filter((chunk) => tracks.some(({ track }) => track === chunk.track)).map(frameOf)],
      this.takeStill(),
    );
  }

  /** @param {import("../lib/trigger.js").Cause[]} causes */
  #close(causes) {
    this.#note(causes);
    if (this.#recording) this.outbox.complete(this.#recording);
    this.#recording = null;
  }

  /** Beside the clip, so that they are stored with it: a reload must not lose them. @param {import("../lib/trigger.js").Cause[]} causes */
  #note(causes) {
    if (this.#recording) this.#recording.record.causes = causes.map((cause) => ({ ...cause, at: wallTime(cause.at) }));
  }
}

/** A time on the page's clock as the device's clock has it now. @param {number} at ms */
const wallTime = (at) => Math.round(Date.now() - (pageNow() - at));

/** @param {Chunk} chunk @returns {ClipFrame} */
const frameOf = ({ key, track, timestamp, duration, data }) => ({ flags: key ? FLAG.keyframe : 0, track, timestamp, duration, payload: data });
