// @ts-check
// One clip on its way to the hub. A pure state machine: news of the socket and of the device's store come in, `take` says what to do next.
//
// Frames are in memory until the store has them, and while they are about to be sent. What is stored is read back when its turn comes,
// so that after any break, or with a hub that lost what it had acknowledged, the clip goes on where the hub says.

/**
 * @typedef {object} ClipFrame
 * @property {number} flags
 * @property {number} track
 * @property {number} timestamp µs
 * @property {number} duration µs
 * @property {Uint8Array} payload
 *
 * @typedef {{type: "open", isPreview: boolean} | {type: "read", from: number} | {type: "send", stream: number, sequence: number, frame: ClipFrame}
 *   | {type: "close", stream: number, frames: number}} UploadAction
 */

/** Stored frames that stay in memory because they are sent next. Beyond it they are read back: a slow network must not fill the memory. */
const AHEAD_BYTES = 2 << 20;

export class ClipUpload {
  /**
   * `previewing`: the hub looks at stills, and frames wait; `kept`: it does not want it.
   * @type {"waiting"|"opening"|"previewing"|"streaming"|"closing"|"durable"|"kept"|"failed"}
   */
  phase = "waiting";
  /** Whether the hub is to say first that it wants it. */
  asksFirst;
  /** @type {string|null} */ reason = null;
  /** Frames so far. */
  count = 0;
  /** Of these the store has so many. */
  storedCount = 0;
  /** Payload bytes in memory. */
  heldBytes = 0;
  /** What is in memory, by sequence. @type {Map<number, ClipFrame>} */
  #frames = new Map();
  #sent = 0;
  #acknowledged = 0;
  /** Bytes of each frame from `#acknowledged` to `#sent`. @type {number[]} */
  #unacknowledged = [];
  #unacknowledgedBytes = 0;
  /** The sequence that is being read from the store. @type {number|null} */
  #reading = null;
  #isComplete = false;
  #isInterrupted = false;
  #isConnected = false;
  #stream = 0;
  #windowBytes = 0;

  constructor({ asksFirst = false } = {}) {
    this.asksFirst = asksFirst;
  }

  /**
   * A clip that a page before this one left in the store.
   * @param {{frames: number, isComplete: boolean, asksFirst?: boolean, unwanted?: string|null}} record
   */
  static restored({ frames, isComplete, asksFirst, unwanted = null }) {
    const upload = new ClipUpload({ asksFirst });
    if (unwanted !== null) upload.kept();
    upload.count = frames;
    upload.storedCount = frames;
    upload.#isComplete = true;
    upload.#isInterrupted = !isComplete;
    return upload;
  }

  /** @param {ClipFrame} frame */
  add(frame) {
    // A clip that the hub refused, or does not want, is recorded to its end all the same.
    if (this.#isComplete || this.phase === "durable") return;
    this.#hold(this.count++, frame);
  }

  /** No more frames will come. */
  complete() {
    this.#isComplete = true;
  }

  get isOver() {
    return this.phase === "durable" || this.phase === "kept" || this.phase === "failed";
  }

  get stream() {
    return this.phase === "previewing" || this.phase === "streaming" || this.phase === "closing" ? this.#stream : null;
  }

  /** The frames that the store does not have yet, in their order. */
  unstored() {
    return Array.from({ length: this.count - this.storedCount }, (_, index) => /** @type {ClipFrame} */ (this.#frames.get(this.storedCount + index)));
  }

  /** The store has all frames below `count`. @param {number} count */
  stored(count) {
    this.storedCount = Math.max(this.storedCount, count);
    this.#trim();
  }

  /** What the store has from a sequence on that `take` asked for; nothing: it has lost it. @param {number} from @param {ClipFrame[]} frames */
  read(from, frames) {
    if (from !== this.#reading) return;
    this.#reading = null;
    if (frames.length) frames.forEach((frame, index) => this.#hold(from + index, frame));
    else this.failed("this device's storage has lost it");
  }

  connected() {
    this.#isConnected = true;
  }

  disconnected() {
    this.#isConnected = false;
    this.again();
  }

  /**
   * The hub opened the clip.
   * @param {{stream: number, next: number, windowBytes: number, isPreview?: boolean}} answer `isPreview`: it is going to say whether it wants it
   */
  opened({ stream, next, windowBytes, isPreview = false }) {
    if (this.phase !== "opening") return;
    // What was sent last before a reload may not have been stored any more: an interrupted clip ends with what the hub has.
    if (next > this.count && !this.#isInterrupted) {
      this.failed(`the hub has ${next} frames of it, this device recorded ${this.count}`);
      return;
    }
    // A hub that does not ask for stills, or said before that it wants the clip, gets it at once.
    this.phase = isPreview && this.asksFirst ? "previewing" : "streaming";
    this.#stream = stream;
    this.#windowBytes = windowBytes;
    this.#goBack(next);
  }

  /** The hub looked at the stills. @param {boolean} isWanted */
  verdict(isWanted) {
    if (isWanted) {
      if (this.phase === "previewing") this.want();
    } else if (this.asksFirst) {
      this.kept();
    } else {
      // Somebody wanted it meanwhile, and the hub has closed the stream.
      this.again();
    }
  }

  /** The hub does not want it. */
  kept() {
    if (this.isOver) return;
    this.phase = "kept";
    this.asksFirst = false;
    this.#reading = null;
    this.#goBack(0);
  }

  /** It goes to the hub whatever that thinks of it: somebody asks for it, or there is more in it than the stills show. */
  want() {
    this.asksFirst = false;
    if (this.phase === "previewing") this.phase = "streaming";
    else if (this.phase === "kept") this.phase = "waiting";
  }

  /** Everything below `next` is on the hub's disk. @param {number} next */
  acknowledged(next) {
    while (this.#acknowledged < Math.min(next, this.#sent)) {
      this.#unacknowledgedBytes -= this.#unacknowledged.shift() ?? 0;
      this.#acknowledged++;
    }
  }

  /** The hub has all of it. */
  durable() {
    this.phase = "durable";
    this.#trim();
  }

  /** It cannot go on. @param {string} reason */
  failed(reason) {
    if (this.isOver) return;
    this.phase = "failed";
    this.reason = reason;
    this.#trim();
  }

  /** Somebody wants it sent all the same. */
  retry() {
    if (this.phase !== "failed") return;
    this.phase = "waiting";
    this.reason = null;
    this.#reading = null;
    this.#goBack(0);
  }

  /** Its frames are not kept any longer. */
  empty() {
    this.storedCount = this.count;
    this.#frames.clear();
    this.heldBytes = 0;
  }

  /** What was begun is void: the clip is to be opened again. */
  again() {
    if (this.isOver) return;
    this.phase = "waiting";
    this.#reading = null;
    this.#goBack(this.#acknowledged);
  }

  /** What to do next; `null`: wait for news. @returns {UploadAction|null} */
  take() {
    if (!this.#isConnected) return null;
    if (this.phase === "waiting") {
      this.phase = "opening";
      return { type: "open", isPreview: this.asksFirst };
    }
    if (this.phase !== "streaming" || this.#reading !== null) return null;
    if (this.#sent < this.count) return this.#next();
    if (!this.#isComplete) return null;
    this.phase = "closing";
    return { type: "close", stream: this.#stream, frames: this.#sent };
  }

  /** @returns {UploadAction|null} */
  #next() {
    const frame = this.#frames.get(this.#sent);
    if (!frame) {
      this.#reading = this.#sent;
      return { type: "read", from: this.#sent };
    }
    const bytes = frame.payload.byteLength;
    // One frame may always be under way, even one larger than the window.
    if (this.#unacknowledgedBytes > 0 && this.#unacknowledgedBytes + bytes > this.#windowBytes) return null;
    this.#unacknowledgedBytes += bytes;
    this.#unacknowledged.push(bytes);
    const sequence = this.#sent++;
    if (sequence < this.storedCount) this.#drop(sequence);
    return { type: "send", stream: this.#stream, sequence, frame };
  }

  /** @param {number} next the sequence from which is sent */
  #goBack(next) {
    this.#sent = next;
    this.#acknowledged = next;
    this.#unacknowledged = [];
    this.#unacknowledgedBytes = 0;
    this.#trim();
  }

  /** Drops what is stored and not sent soon. */
  #trim() {
    const isSending = this.phase === "opening" || this.phase === "previewing" || this.phase === "streaming";
    for (const sequence of this.#frames.keys()) {
      const isNext = isSending && sequence >= this.#sent && this.heldBytes <= AHEAD_BYTES;
      if (sequence < this.storedCount && !isNext) this.#drop(sequence);
    }
  }

  /** @param {number} sequence @param {ClipFrame} frame */
  #hold(sequence, frame) {
    this.#drop(sequence);
    this.#frames.set(sequence, frame);
    this.heldBytes += frame.payload.byteLength;
  }

  /** @param {number} sequence */
  #drop(sequence) {
    this.heldBytes -= this.#frames.get(sequence)?.payload.byteLength ?? 0;
    this.#frames.delete(sequence);
  }
}
