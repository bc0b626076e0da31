// @ts-check
// Clips that wait for the hub, kept in memory: for browsers that give a page no storage.

/**
 * @typedef {import("./upload.js").ClipFrame} ClipFrame
 *
 * What is known of a clip beside its frames and its picture.
 * @typedef {object} ClipRecord
 * @property {string} id the event's id
 * @property {string} deviceId
 * @property {string} sessionId
 * @property {string} page of the page that recorded it
 * @property {import("./trigger.js").CauseType} trigger
 * @property {number} at ms since 1970
 * @property {number} score
 * @property {number} preRollMs
 * @property {any[]} tracks
 * @property {number} firstTimestamp µs
 * @property {number} lastTimestamp µs
 * @property {number} frames none when they had to make room
 * @property {number} bytes of payload
 * @property {boolean} isComplete whether its recording came to an end
 * @property {string|null} failure why it was given up
 * @property {number|null} [uploadedAt] since when the hub has it for sure, ms since 1970
 * @property {boolean} [asksFirst] whether the hub is shown stills first, and has not said yet that it wants it
 * @property {string|null} [unwanted] why the hub does not want it, `""`: it did not say; null or none: it was not said so
 * @property {{type: string, at: number, score: number}[]} [causes] what it was recorded for, where that is more than the trigger
 *
 * @typedef {object} ClipStore
 * @property {boolean} isDurable whether it outlives the page
 * @property {() => Promise<ClipRecord[]>} records
 * @property {(record: ClipRecord, frames: ClipFrame[]) => Promise<void>} append keeps a record together with the last of its frames, or neither
 * @property {(id: string, sequence: number) => Promise<ClipFrame[]>} read some frames from a sequence on; none when there are none
 * @property {(id: string, still: Uint8Array, number?: number) => Promise<void>} setStill the first, or a later one
 * @property {(id: string, number?: number) => Promise<Uint8Array|null>} still
 * @property {(record: ClipRecord) => Promise<void>} empty keeps the record alone, if there is room for it
 * @property {(id: string) => Promise<void>} delete
 * @property {() => Promise<import("./retention.js").Room>} room
 */

const MAXIMUM_BYTES = 192 << 20;

/** @implements {ClipStore} */
export class MemoryClipStore {
  isDurable = false;
  bytes = 0;
  /** @type {Map<string, {record: ClipRecord, frames: ClipFrame[], stills: Map<number, Uint8Array>}>} */
  #clips = new Map();

  constructor({ maximumBytes = MAXIMUM_BYTES } = {}) {
    this.maximumBytes = maximumBytes;
  }

  async records() {
    return [...this.#clips.values()].map(({ record }) => record);
  }

  /** @param {ClipRecord} record @param {ClipFrame[]} frames */
  async append(record, frames) {
    this.#take(frames.reduce((sum, { payload }) => sum + payload.byteLength, 0));
    const clip = this.#clips.get(record.id) ?? { record, frames: [], stills: new Map() };
    clip.record = record;
    clip.frames.push(...frames);
    this.#clips.set(record.id, clip);
  }

  /** @param {string} id @param {number} sequence */
  async read(id, sequence) {
    return this.#clips.get(id)?.frames.slice(sequence, sequence + 30) ?? [];
  }

  /** @param {string} id @param {Uint8Array} still */
  async setStill(id, still, number = 0) {
    const clip = this.#clips.get(id);
    if (!clip) return;
    this.#take(still.byteLength);
    clip.stills.set(number, still);
  }

  /** @param {string} id */
  async still(id, number = 0) {
    return this.#clips.get(id)?.stills.get(number) ?? null;
  }

  /** @param {ClipRecord} record */
  async empty(record) {
    await this.delete(record.id);
    this.#clips.set(record.id, { record, frames: [], stills: new Map() });
  }

  /** @param {string} id */
  async delete(id) {
    const clip = this.#clips.get(id);
    if (!clip) return;
    const parts = [...clip.frames.map(({ payload }) => payload), ...clip.stills.values()];
    this.bytes -= parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#clips.delete(id);
  }

  async room() {
    return { usage: this.bytes, quota: this.maximumBytes };
  }

  /** @param {number} bytes */
  #take(bytes) {
    if (this.bytes + bytes > this.maximumBytes) throw new DOMException("the memory for clips is used up", "QuotaExceededError");
    this.bytes += bytes;
  }
}
