// @ts-check
// The live stream, while somebody watches.

import { on } from "../lib/events.js";
import { encodeFrame, FLAG, TRACK } from "../net/frame.js";

/** @typedef {import("../lib/ring.js").Chunk} Chunk */

/** More bytes than this waiting in the socket: skip to the next keyframe rather than fall behind. */
const MAXIMUM_BACKLOG = 1 << 20;

export class LiveSender {
  /** @type {number|null} */ #stream = null;
  #sequence = 0;
  /** @type {number[]} */ #tracks = [];
  #waitsForKeyframe = true;

  /** @type {import("./encoder.js").MediaEncoder|import("./recorder.js").RecorderEncoder|null} */ #encoder = null;

  /** @param {import("../net/connection.js").Connection} connection */
  constructor(connection) {
    this.connection = connection;
  }

  get isLive() {
    return this.#stream !== null;
  }

  /** What the hub asks of this sensor. @param {{type: string, stream: number, tracks?: number[]}} publication */
  asked({ type, stream, tracks = [TRACK.video, TRACK.audio] }) {
    if (type === "live.start") {
      this.#stream = stream;
      this.#tracks = tracks;
      this.#sequence = 0;
      this.#restart();
      for (const { track } of this.#encoder?.beginnings ?? []) this.#configured(track);
      for (const chunk of this.#encoder?.group ?? []) this.#chunk(chunk);
    } else if (stream !== this.#stream) {
      return;
    } else if (type === "live.keyframe") {
      this.#encoder?.forceKeyframe();
    } else if (type === "live.stop") {
      this.#stream = null;
    }
  }

  /** Another capture takes over, from its next keyframe on. @param {import("./capture.js").Capture} capture */
  use(capture) {
    this.#encoder = capture.encoder;
    on(capture, "chunk", ({ chunk }) => this.#chunk(chunk));
    on(capture, "configuration", ({ track }) => this.#configured(track));
    if (this.isLive) this.#restart();
  }

  /** The connection is gone, and whoever watched with it; the hub asks again. */
  disconnected() {
    this.#stream = null;
  }

  /** The hub has no use for the stream. @param {number} stream @returns {boolean} whether it is the one that is sent */
  refused(stream) {
    if (stream !== this.#stream) return false;
    this.#stream = null;
    return true;
  }

  /** A track's configuration is new. @param {number} track */
  #configured(track) {
    if (this.#stream === null || !this.#tracks.includes(track)) return;
    const payload = this.#encoder?.beginnings.find((beginning) => beginning.track === track)?.payload;
    if (payload) this.#send({ flags: FLAG.configuration, track, timestamp: 0, duration: 0 }, payload);
  }

  /** @param {Chunk} chunk */
  #chunk(chunk) {
    if (this.#stream === null || !this.#tracks.includes(chunk.track)) return;
    if (this.connection.bufferedAmount > MAXIMUM_BACKLOG && !this.#waitsForKeyframe && !chunk.continues) this.#restart();
    const isKeyframe = chunk.track === TRACK.video && chunk.key;
    if (this.#waitsForKeyframe) {
      if (!isKeyframe || this.connection.bufferedAmount > MAXIMUM_BACKLOG) return;
      this.#waitsForKeyframe = false;
    }
    const flags = chunk.key ? FLAG.keyframe : 0;
    this.#send({ flags, track: chunk.track, timestamp: chunk.timestamp, duration: chunk.duration }, chunk.data);
  }

  #restart() {
    this.#waitsForKeyframe = true;
    this.#encoder?.forceKeyframe();
  }

  /** @param {{flags: number, track: number, timestamp: number, duration: number}} header @param {Uint8Array} payload */
  #send(header, payload) {
    if (this.#stream === null || !this.#encoder) return;
    this.connection.sendFrame(encodeFrame({ ...header, kind: this.#encoder.liveKind, stream: this.#stream, sequence: this.#sequence++ }, payload));
  }
}
