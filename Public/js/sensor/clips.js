// @ts-check
// Clips from trigger to the hub's disk.

import { PrerollRing } from "../lib/ring.js";
import { ClipTrigger } from "../lib/trigger.js";
import { ClipUpload } from "../lib/upload.js";
import { uuidv7 } from "../lib/uuid.js";
import { encodeFrame, FLAG, KIND } from "../net/frame.js";
import { wallTime } from "./encoder.js";

/**
 * @typedef {import("../lib/ring.js").Chunk} Chunk
 * @typedef {object} Clip
 * @property {string} id the event's id
 * @property {ClipUpload} upload
 * @property {"motion"|"manual"} trigger
 * @property {number} at ms since 1970
 * @property {number} score
 * @property {number} preRollMs
 * @property {any[]} tracks
 * @property {string} sessionId
 * @property {number} firstTimestamp µs
 * @property {number} lastTimestamp µs
 * @property {boolean} isRecording
 * @property {boolean} hasStill whether the hub has the picture of the trigger
 * @property {Promise<Uint8Array|null>} still
 */

/** As long as the ring must reach back: pre-roll, cooldown, and a group of pictures. */
const RING_SECONDS = 14;

/** Events: `change` whenever a clip's state changed. */
export class ClipRecorder extends EventTarget {
  /** Newest first. @type {Clip[]} */
  clips = [];
  trigger = new ClipTrigger();
  #ring = new PrerollRing({ seconds: RING_SECONDS });
  /** @type {Clip|null} */ #recording = null;
  #connections = 0;

  /**
   * @param {import("../net/connection.js").Connection} connection
   * @param {import("./encoder.js").MediaEncoder} encoder
   * @param {() => string|null} sessionId
   * @param {() => Promise<Uint8Array|null>} takeStill
   */
  constructor(connection, encoder, sessionId, takeStill) {
    super();
    this.connection = connection;
    this.encoder = encoder;
    this.sessionId = sessionId;
    this.takeStill = takeStill;
  }

  /** @param {Chunk} chunk */
  chunk(chunk) {
    this.#ring.push(chunk);
    if (this.#recording) this.#add(this.#recording, chunk);
  }

  /** @param {{moving: boolean, score: number, at: number}} motion */
  motion(motion) {
    this.#perform(this.trigger.motion(motion, motion.at));
  }

  recordNow() {
    this.#perform(this.trigger.manual(Date.now()));
  }

  /** Ends the clip that is being recorded. */
  stop() {
    this.#perform(this.trigger.stop(Date.now()));
  }

  connected() {
    this.#connections++;
    for (const clip of this.clips) {
      clip.upload.connected();
      this.#pump(clip);
    }
  }

  disconnected() {
    for (const clip of this.clips) clip.upload.disconnected();
    this.#changed();
  }

  /** @param {{type: string, stream: number, next?: number, event_id?: string, code?: string, message?: string}} message of the hub */
  message(message) {
    const clip = this.clips.find((candidate) => candidate.upload.stream === message.stream);
    if (!clip) return;
    if (message.type === "clip.ack") {
      clip.upload.acknowledged(message.next ?? 0);
    } else if (message.type === "clip.error" && message.code !== "bad_still") {
      clip.upload.failed(message.message ?? "the hub refused it");
      if (clip === this.#recording) this.#recording = null;
      this.#changed();
    }
    this.#pump(clip);
  }

  get pending() {
    return this.clips.filter((clip) => !clip.upload.isOver).length;
  }

  /** @param {import("../lib/trigger.js").TriggerAction[]} actions */
  #perform(actions) {
    for (const action of actions) {
      if (action.type === "open") this.#open(action);
      else this.#close();
    }
  }

  /** @param {{trigger: "motion"|"manual", at: number, score: number, from: number}} action */
  #open({ trigger, at, score, from }) {
    const sessionId = this.sessionId();
    const chunks = this.#ring.from((from - performance.timeOrigin) * 1000);
    if (!sessionId || !chunks.length) return;
    const first = chunks[0].timestamp;
    /** @type {Clip} */
    const clip = {
      id: uuidv7(at),
      upload: new ClipUpload(),
      trigger,
      at: Math.round(at),
      score,
      preRollMs: Math.max(0, Math.round(at - wallTime(first))),
      tracks: [...this.encoder.configurations].map(([track, json]) => ({ ...json, track, kind: track === 0 ? "video" : "audio" })),
      sessionId,
      firstTimestamp: first,
      lastTimestamp: first,
      isRecording: true,
      hasStill: false,
      still: this.takeStill(),
    };
    for (const [track, json] of this.encoder.configurations) {
      const payload = new TextEncoder().encode(JSON.stringify(json));
      clip.upload.add({ flags: FLAG.configuration, track, timestamp: first, duration: 0, payload });
    }
    this.clips.unshift(clip);
    // What the hub has for sure needs no place here; what it has not is never dropped.
    this.clips = this.clips.filter((old, index) => index < 50 || !old.upload.isOver);
    this.#recording = clip;
    for (const chunk of chunks) this.#add(clip, chunk);
    if (this.connection.state === "open") clip.upload.connected();
    this.#changed();
    this.#pump(clip);
  }

  #close() {
    const clip = this.#recording;
    this.#recording = null;
    if (!clip) return;
    clip.isRecording = false;
    clip.upload.complete();
    this.#changed();
    this.#pump(clip);
  }

  /** @param {Clip} clip @param {Chunk} chunk */
  #add(clip, chunk) {
    if (chunk.track === 0) clip.lastTimestamp = chunk.timestamp + chunk.duration;
    const flags = chunk.key ? FLAG.keyframe : 0;
    clip.upload.add({ flags, track: chunk.track, timestamp: chunk.timestamp, duration: chunk.duration, payload: chunk.data });
    this.#pump(clip);
  }

  /** Does what the upload wants done until it waits for news. @param {Clip} clip */
  #pump(clip) {
    for (let action = clip.upload.take(); action; action = clip.upload.take()) {
      if (action.type === "open") {
        this.#openUpload(clip);
      } else if (action.type === "close") {
        this.#closeUpload(clip, action);
      } else {
        const { payload, ...header } = action.frame;
        this.connection.sendFrame(encodeFrame({ ...header, kind: KIND.clip, stream: action.stream, sequence: action.sequence }, payload));
      }
    }
  }

  /** @param {Clip} clip */
  async #openUpload(clip) {
    try {
      const answer = await this.connection.rpc("clip.open", {
        event_id: clip.id,
        session_id: clip.sessionId,
        trigger: { type: clip.trigger, at: clip.at, score: clip.score },
        tracks: clip.tracks,
        pre_roll_ms: clip.preRollMs,
      });
      clip.upload.opened({ stream: answer.stream, next: answer.next, windowBytes: answer.window_bytes });
      this.#sendStill(clip, answer.stream);
    } catch (error) {
      this.#refused(clip, error);
    }
    this.#changed();
    this.#pump(clip);
  }

  /** @param {Clip} clip @param {{stream: number, frames: number}} action */
  async #closeUpload(clip, { stream, frames }) {
    try {
      const duration = (clip.lastTimestamp - clip.firstTimestamp) / 1000;
      await this.connection.rpc("clip.close", { stream, frames, duration_ms: Math.round(duration) }, { timeoutMs: 60_000 });
      clip.upload.durable();
    } catch (error) {
      this.#refused(clip, error);
    }
    this.#changed();
  }

  /** @param {Clip} clip @param {any} error */
  #refused(clip, error) {
    // 409: the hub has all of it already; its answer was lost.
    if (error.code === 409 && /this event is \w+ already/.test(error.message)) clip.upload.durable();
    else if (error.temporary || error.code === 507) this.#later(clip);
    else clip.upload.failed(error.message);
  }

  /** @param {Clip} clip */
  #later(clip) {
    const { phase } = clip.upload;
    const connections = this.#connections;
    // After a break `connected` takes care of it.
    if (phase === "waiting") return;
    setTimeout(() => {
      if (clip.upload.phase !== phase || this.#connections !== connections) return;
      clip.upload.again();
      this.#pump(clip);
    }, 2000);
  }

  /** @param {Clip} clip @param {number} stream */
  async #sendStill(clip, stream) {
    const still = await clip.still.catch(() => null);
    if (!still || clip.hasStill || clip.upload.stream !== stream) return;
    clip.hasStill = this.connection.sendFrame(encodeFrame({ kind: KIND.still, stream, sequence: 0 }, still));
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
