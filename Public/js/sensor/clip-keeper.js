// @ts-check
// Clips in the device's store: written while they are recorded, kept after the hub has them as long as there is room.

import { firstToGo, isNearlyFull, isSpare, isUnwanted, surplus } from "../lib/retention.js";

/**
 * @typedef {import("./outbox.js").Clip} Clip
 * @typedef {import("../lib/memory-clip-store.js").ClipRecord} ClipRecord
 */

/** Between attempts when the store refused: browsers take a while to see the room that a clip leaves. */
const SAVE_AGAIN_MS = 5000;
/** What the store refuses may take so much memory. */
const MAXIMUM_HELD_BYTES = 192 << 20;
const STORAGE_FULL = "this device's storage was full";

export class ClipKeeper {
  /** Whether the store takes what it is given. */
  isStoring = true;
  /** Whether there is so little room that clips go which the hub does not have. */
  isShort = false;
  /** How many of these went since the page was opened. */
  lostCount = 0;
  /** Room was made a moment ago, which the browser may not have seen yet: more must not go for the same reason. */
  #isMakingRoom = false;
  /** What is done to the store, one after another: a clip must not be stored after it was deleted. */
  #work = Promise.resolve();

  /**
   * @param {object} options
   * @param {import("../lib/memory-clip-store.js").ClipStore} options.store
   * @param {() => Clip[]} options.clips newest first
   * @param {(clip: Clip, reason: string) => void} options.giveUp
   * @param {(id: string) => void} options.gone what the hub does not want had to make room
   * @param {() => void} options.changed
   * @param {(body: () => void, ms: number) => any} options.setTimeout
   * @param {(timer: any) => void} options.clearTimeout
   */
  constructor({ store, clips, giveUp, gone, changed, setTimeout, clearTimeout }) {
    this.store = store;
    this.clips = clips;
    this.giveUp = giveUp;
    this.gone = gone;
    this.changed = changed;
    this.setTimeout = setTimeout;
    this.clearTimeout = clearTimeout;
  }

  /** A clip begins. @param {Clip} clip */
  begun(clip) {
    this.#enqueue(() => this.#makeRoomEarly(clip));
    this.saveAfter(clip, 0);
    // Later ones are stored when they are there: nothing waits for them.
    clip.stills.forEach((still, number) => number && still?.then(() => this.#enqueue(() => this.#saveStill(clip, number))));
  }

  /** @param {Clip} clip @param {number} ms */
  saveAfter(clip, ms) {
    if (clip.saveTimer && ms) return;
    this.clearTimeout(clip.saveTimer);
    clip.saveTimer = null;
    if (ms) clip.saveTimer = this.setTimeout(() => this.saveAfter(clip, 0), ms);
    else this.#enqueue(() => this.#save(clip));
  }

  /** The hub has it, does not want it, or refused it: it stays while there is room. @param {Clip} clip */
  over(clip) {
    this.saveAfter(clip, 0);
    this.#enqueue(() => this.#prune());
  }

  /** @param {string} id */
  delete(id) {
    this.#enqueue(() => this.store.delete(id));
  }

  /** Whether its frames are on this device. @param {string} id @param {Clip} [clip] what is known of it */
  async has(id, clip) {
    if (clip?.upload.unstored().length) return true;
    // That the store cannot be read now does not mean that the clip is lost.
    return this.store.read(id, 0).then((frames) => frames.length > 0, () => true);
  }

  /** The store does not have it any more. @param {Clip} clip */
  lost(clip) {
    this.#enqueue(() => this.#empty(clip));
    this.changed();
  }

  /** The hub knows that it is gone: so it need not be remembered. @param {string} id */
  forget(id) {
    const clip = this.clips().find(({ record }) => record.id === id);
    if (clip?.isGone && isUnwanted(clip.record)) this.delete(id);
  }

  /** @param {() => Promise<unknown>} work */
  #enqueue(work) {
    // What could not be deleted is taken up again with the next page: the hub says then that it has it.
    this.#work = this.#work.then(work).then(() => {}, () => {});
  }

  /** @param {Clip} clip */
  async #save(clip) {
    if (clip.isGone) return;
    try {
      const record = { ...clip.record };
      await this.store.append(record, clip.upload.unstored());
      clip.upload.stored(record.frames);
      await this.#saveStill(clip, 0);
      this.isStoring = true;
    } catch (/** @type {any} */ error) {
      // Nobody waits for it: it need not be here.
      if (clip.upload.phase === "durable") return this.#empty(clip);
      this.isStoring = false;
      if (error.name === "QuotaExceededError") await this.#makeRoom(clip, isStored);
      const held = () => this.clips().reduce((sum, { upload }) => sum + upload.heldBytes, 0);
      while (held() > MAXIMUM_HELD_BYTES && (await this.#giveUpOldest(clip, isHeld)));
      this.saveAfter(clip, SAVE_AGAIN_MS);
    }
    this.changed();
  }

  /** @param {Clip} clip @param {number} number */
  async #saveStill(clip, number) {
    const still = await clip.stills[number];
    if (clip.isGone || !still) return;
    await this.store.setStill(clip.record.id, still, number);
    clip.stills[number] = null;
  }

  /** Not to wait until the store is full: then the clip that is being recorded would suffer. @param {Clip} clip */
  async #makeRoomEarly(clip) {
    this.isShort = false;
    if (isNearlyFull(await this.store.room())) await this.#makeRoom(clip, isStored);
  }

  /**
   * What the hub has goes first, then what it does not want, then what it refused, and as the last resort what it is still to get.
   * @param {Clip} clip for which there is to be room
   * @param {(candidate: Clip) => boolean} takesRoom
   */
  async #makeRoom(clip, takesRoom) {
    if (this.#isMakingRoom) return;
    this.#isMakingRoom = true;
    this.setTimeout(() => { this.#isMakingRoom = false; }, SAVE_AGAIN_MS);
    const going = firstToGo(await this.store.records()).filter((record) => record.id !== clip.record.id && this.#mayGo(record));
    for (const record of going) await this.#remove(record);
    if (going.length) return;
    this.isShort = true;
    await this.#giveUpOldest(clip, takesRoom);
  }

  /**
   * The oldest that is complete and takes room.
   * @param {Clip} clip for which there is to be room
   * @param {(candidate: Clip) => boolean} takesRoom
   * @returns {Promise<boolean>} whether there was one
   */
  async #giveUpOldest(clip, takesRoom) {
    const mayGo = (/** @type {Clip} */ candidate) => !candidate.upload.isOver && candidate !== clip && !candidate.isRecording && takesRoom(candidate);
    const oldest = this.clips().findLast(mayGo);
    if (!oldest) return false;
    this.lostCount++;
    this.giveUp(oldest, STORAGE_FULL);
    await this.#empty(oldest).catch(() => {});
    return true;
  }

  /** Keeps what the hub has within its bounds. */
  async #prune() {
    const records = await this.store.records();
    const going = surplus(records, await this.store.room()).filter((record) => this.#mayGo(record));
    for (const record of going) await this.#remove(record);
  }

  /** Somebody may have come to want it, at the phone or through the hub, since it was stored. @param {ClipRecord} stored */
  #mayGo({ id }) {
    const clip = this.clips().find(({ record }) => record.id === id);
    return !clip || (!clip.isRecording && isSpare(clip.record));
  }

  /** @param {ClipRecord} record of any page */
  async #remove(record) {
    const clip = this.clips().find(({ record: { id } }) => id === record.id);
    if (clip) {
      await this.#empty(clip);
      if (isUnwanted(clip.record)) this.gone(record.id);
    // Whoever takes it up tells the hub.
    } else if (isUnwanted(record)) await this.store.empty({ ...record, frames: 0 });
    else await this.store.delete(record.id);
    this.changed();
  }

  /** Its frames go; of one that the hub does not have, it stays why. @param {Clip} clip */
  async #empty(clip) {
    clip.isGone = true;
    clip.stills = [];
    clip.upload.empty();
    clip.record.frames = 0;
    this.clearTimeout(clip.saveTimer);
    await (clip.record.failure || isUnwanted(clip.record) ? this.store.empty({ ...clip.record }) : this.store.delete(clip.record.id));
  }
}

/** @param {Clip} clip */
const isStored = ({ upload }) => upload.storedCount > 0;
/** @param {Clip} clip */
const isHeld = ({ upload }) => upload.heldBytes > 0;
