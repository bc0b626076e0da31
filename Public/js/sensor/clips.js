// @ts-check
// Clips from trigger to the hub's disk.

import { PrerollRing } from "../lib/ring.js";
import { ClipTrigger } from "../lib/trigger.js";
import { ClipUpload } from "../lib/upload.js";
import { uuidv7 } from "../lib/uuid.js";
import { encodeFrame, FLAG, KIND } from "../net/frame.js";
import { pageNow, pageTime } from "./encoder.js";

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
/** Clips that are sent beside the one being recorded: more would fill the socket, so that pongs and live pictures come late. */
const SENT_AT_ONCE = 2;
/** What waits for an absent hub may take so much memory; beyond it the oldest clips are given up, and shown as failed. */
const MAXIMUM_HELD_BYTES = 192 << 20;

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

  /** @param {{moving: boolean, score: number, at: number}} motion */
  motion(motion) {
    this.#perform(this.trigger.motion(motion, motion.at));
  }

  recordNow() {
    this.#perform(this.trigger.manual(pageNow()));
  }

  /** Ends the clip that is being recorded. */
  stop() {
    this.#perform(this.trigger.stop(pageNow()));
  }

  connected() {
    this.#connections++;
    for (const clip of this.clips) clip.upload.connected();
    this.#pumpAll();
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
    this.#pumpAll();
  }

  get pending() {
    return this.clips.filter((clip) => !clip.upload.isOver).length;
  }

  /** @param {import("../lib/trigger.js").TriggerAction[]} actions */
  #perform(actions) {
    for (const action of actions) {
      if (action.type === "open") this.#open(action);
      else if (action.type === "close") this.#close();
    }
  }

  /** @param {{trigger: "motion"|"manual", at: number, score: number, from: number}} action */
  #open({ trigger, at, score, from }) {
    const sessionId = this.sessionId();
    const chunks = this.#ring.from((from - performance.timeOrigin) * 1000);
    if (!sessionId || !chunks.length) return;
    const first = chunks[0].timestamp;
    const wallAt = Math.round(Date.now() - (pageNow() - at));
    /** @type {Clip} */
    const clip = {
      id: uuidv7(wallAt),
      upload: new ClipUpload(),
      trigger,
      at: wallAt,
      score,
      preRollMs: Math.max(0, Math.round(at - pageTime(first))),
      tracks: [...this.encoder.configurations].map(([track, json]) => ({ ...json, track, kind: track === 0 ? "video" : "audio" })),
      sessionId,
      firstTimestamp: first,
      lastTimestamp: first,
      isRecording: true,
      hasStill: false,
      still: this.takeStill().catch(() => null),
    };
    for (const [track, json] of this.encoder.configurations) {
      const payload = new TextEncoder().encode(JSON.stringify(json));
      clip.upload.add({ flags: FLAG.configuration, track, timestamp: first, duration: 0, payload });
    }
    this.clips.unshift(clip);
    // What the hub has for sure needs no place here; what it has not is never dropped.
    this.clips = this.clips.filter((old, index) => index < 50 || !old.upload.isOver);
    this.#makeRoom();
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
    // Sound that began after the clip is not among its tracks.
    if (!clip.tracks.some(({ track }) => track === chunk.track)) return;
    if (chunk.track === 0) clip.lastTimestamp = chunk.timestamp + chunk.duration;
    const flags = chunk.key ? FLAG.keyframe : 0;
    clip.upload.add({ flags, track: chunk.track, timestamp: chunk.timestamp, duration: chunk.duration, payload: chunk.data });
    this.#pump(clip);
  }

  /** Oldest first, so that clips arrive in their order. */
  #pumpAll() {
    for (const clip of [...this.clips].reverse()) this.#pump(clip);
  }

  /** The clip that is recorded goes first: its trigger and picture are the alert. @param {Clip} clip */
  #mayOpen(clip) {
    return clip.isRecording || this.clips.filter(({ upload, isRecording }) => !isRecording && !upload.isOver && upload.phase !== "waiting").length < SENT_AT_ONCE;
  }

  /** Does what the upload wants done until it waits for news. @param {Clip} clip */
  #pump(clip) {
    if (clip.upload.phase === "waiting" && !this.#mayOpen(clip)) return;
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
      if (clip.upload.phase === "failed") this.#abort(answer.stream, clip.upload.reason);
      else this.#sendStill(clip, answer.stream);
    } catch (error) {
      this.#refused(clip, error);
    }
    this.#changed();
    this.#pumpAll();
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
    this.#pumpAll();
  }

  /** Tells the hub that a clip will not be completed. @param {number} stream @param {string|null} reason */
  #abort(stream, reason) {
    this.connection.rpc("clip.abort", { stream, reason }).catch(() => {});
  }

  #makeRoom() {
    let held = this.clips.reduce((sum, { upload }) => sum + upload.bytes, 0);
    for (const { upload } of [...this.clips].reverse()) {
      if (held <= MAXIMUM_HELD_BYTES) return;
      const { stream, bytes } = upload;
      upload.failed("the hub was away for too long and this device's memory was full");
      if (stream !== null) this.#abort(stream, upload.reason);
      held -= bytes;
    }
  }

  /** @param {Clip} clip @param {any} error */
  #refused(clip, error) {
    // 409: the hub has all of it already; its answer was lost.
    if (error.code === 409 && /this event is (uploaded|queued|processing|done) already/.test(error.message)) clip.upload.durable();
    else if (error.temporary || error.code === 507 || /open already on this connection/.test(error.message)) this.#later(clip);
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
      this.#pumpAll();
    }, 2000);
  }

  /** @param {Clip} clip @param {number} stream */
  async #sendStill(clip, stream) {
    const still = await clip.still;
    if (!still || clip.hasStill || clip.upload.stream !== stream) return;
    clip.hasStill = this.connection.sendFrame(encodeFrame({ kind: KIND.still, stream, sequence: 0 }, still));
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
