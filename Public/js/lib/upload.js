// @ts-check
// One clip on its way to the hub. A pure state machine: the socket's news come in, `take` says what to do next.
//
// Frames stay here until the hub has them on its disk. After a break the clip is opened again and goes on where the hub says.

/**
 * @typedef {object} ClipFrame
 * @property {number} flags
 * @property {number} track
 * @property {number} timestamp µs
 * @property {number} duration µs
 * @property {Uint8Array} payload
 *
 * @typedef {{type: "open"} | {type: "send", stream: number, sequence: number, frame: ClipFrame} | {type: "close", stream: number, frames: number}} UploadAction
 */

export class ClipUpload {
  /** @type {"waiting"|"opening"|"streaming"|"closing"|"durable"|"failed"} */
  phase = "waiting";
  /** @type {string|null} */ reason = null;
  /** Frames from `base` on; those before are on the hub's disk. @type {ClipFrame[]} */
  #frames = [];
  #base = 0;
  #sent = 0;
  #isComplete = false;
  #isConnected = false;
  #stream = 0;
  #windowBytes = 0;
  #unacknowledgedBytes = 0;
  /** Payload bytes that are kept for the hub. */
  bytes = 0;

  /** @param {ClipFrame} frame */
  add(frame) {
    if (this.#isComplete || this.isOver) return;
    this.#frames.push(frame);
    this.bytes += frame.payload.byteLength;
  }

  /** No more frames will come. */
  complete() {
    this.#isComplete = true;
  }

  get isOver() {
    return this.phase === "durable" || this.phase === "failed";
  }

  get count() {
    return this.#base + this.#frames.length;
  }

  get stream() {
    return this.phase === "streaming" || this.phase === "closing" ? this.#stream : null;
  }

  connected() {
    this.#isConnected = true;
  }

  disconnected() {
    this.#isConnected = false;
    if (!this.isOver) this.phase = "waiting";
  }

  /** The hub opened the clip. @param {{stream: number, next: number, windowBytes: number}} answer */
  opened({ stream, next, windowBytes }) {
    if (this.phase !== "opening") return;
    if (next < this.#base || next > this.count) {
      // What was acknowledged is no longer here: nothing whole can come of it.
      this.failed(`the hub wants to go on at frame ${next}, this device has ${this.#base} to ${this.count}`);
      return;
    }
    this.#stream = stream;
    this.#windowBytes = windowBytes;
    this.#forget(next);
    this.#sent = next;
    this.#unacknowledgedBytes = 0;
    this.phase = "streaming";
  }

  /** Everything below `next` is on the hub's disk. @param {number} next */
  acknowledged(next) {
    this.#unacknowledgedBytes -= this.#forget(Math.min(next, this.#sent));
  }

  /** The hub has all of it. */
  durable() {
    this.phase = "durable";
    this.#empty();
  }

  /** It cannot go on. @param {string} reason */
  failed(reason) {
    if (this.isOver) return;
    this.phase = "failed";
    this.reason = reason;
    this.#empty();
  }

  /** An attempt failed that is worth another. */
  again() {
    if (!this.isOver) this.phase = "waiting";
  }

  /** What to do next; `null`: wait for news. @returns {UploadAction|null} */
  take() {
    if (!this.#isConnected) return null;
    if (this.phase === "waiting") {
      this.phase = "opening";
      return { type: "open" };
    }
    if (this.phase !== "streaming") return null;
    const frame = this.#frames[this.#sent - this.#base];
    if (frame) {
      // One frame may always be under way, even one larger than the window.
      if (this.#unacknowledgedBytes > 0 && this.#unacknowledgedBytes + frame.payload.byteLength > this.#windowBytes) return null;
      this.#unacknowledgedBytes += frame.payload.byteLength;
      return { type: "send", stream: this.#stream, sequence: this.#sent++, frame };
    }
    if (!this.#isComplete) return null;
    this.phase = "closing";
    return { type: "close", stream: this.#stream, frames: this.count };
  }

  /** Drops frames below `next`. @param {number} next @returns {number} bytes of those that had been sent */
  #forget(next) {
    let bytes = 0;
    while (this.#base < next && this.#frames.length) {
      const frame = /** @type {ClipFrame} */ (this.#frames.shift());
      this.bytes -= frame.payload.byteLength;
      if (this.#base < this.#sent) bytes += frame.payload.byteLength;
      this.#base++;
    }
    return bytes;
  }

  #empty() {
    this.#frames = [];
    this.bytes = 0;
  }
}
