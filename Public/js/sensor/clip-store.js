// @ts-check
// Clips that wait for the hub, kept in IndexedDB so that they outlive the page.

import { MemoryClipStore } from "../lib/memory-clip-store.js";

/**
 * @typedef {import("../lib/memory-clip-store.js").ClipFrame} ClipFrame
 * @typedef {import("../lib/memory-clip-store.js").ClipRecord} ClipRecord
 * @typedef {import("../lib/memory-clip-store.js").ClipStore} ClipStore
 */

const DATABASE = "pingwatch";
/** Keyed by clip. */
const RECORDS = "records";
/** Keyed by clip; later ones by clip and number. */
const STILLS = "stills";
/** Keyed by clip and the first frame's sequence: a transaction for each frame would cost too much. */
const BATCHES = "batches";

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Keys of an id and a number. @param {string} id @param {number} [last] */
const numbersOf = (id, last = Infinity) => IDBKeyRange.bound([id, 0], [id, last]);

/** @param {string} id @param {number} number @returns {IDBValidKey} */
const stillOf = (id, number) => (number ? [id, number] : id);

/** @implements {ClipStore} */
class IndexedDbClipStore {
  isDurable = true;
  /** @type {Promise<IDBDatabase>|null} */ #database = null;

  /** @returns {Promise<IDBDatabase>} */
  open() {
    this.#database ??= this.#connect();
    return this.#database;
  }

  async #connect() {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const name of [RECORDS, STILLS, BATCHES]) request.result.createObjectStore(name);
    };
    const forget = () => { this.#database = null; };
    try {
      const database = await result(request);
      // The browser may end it, such as when the site's data are deleted.
      database.onclose = forget;
      return database;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** @returns {Promise<ClipRecord[]>} */
  async records() {
    const database = await this.open();
    return result(database.transaction(RECORDS).objectStore(RECORDS).getAll());
  }

  /** @param {ClipRecord} record @param {ClipFrame[]} frames */
  async append(record, frames) {
    // The end of a clip is on disk before anybody relies on it; of one that is interrupted the last moments may be missing anyway.
    await this.#write(record.isComplete ? "strict" : "relaxed", (store) => {
      store(RECORDS).put(record, record.id);
      if (frames.length) store(BATCHES).add(frames, [record.id, record.frames - frames.length]);
    });
  }

  /** @param {string} id @param {number} sequence @returns {Promise<ClipFrame[]>} */
  async read(id, sequence) {
    const database = await this.open();
    const cursor = await result(database.transaction(BATCHES).objectStore(BATCHES).openCursor(numbersOf(id, sequence), "prev"));
    return cursor ? cursor.value.slice(sequence - /** @type {any} */ (cursor.key)[1]) : [];
  }

  /** @param {string} id @param {Uint8Array} still */
  async setStill(id, still, number = 0) {
    await this.#write("relaxed", (store) => store(STILLS).put(still, stillOf(id, number)));
  }

  /** @param {string} id @returns {Promise<Uint8Array|null>} */
  async still(id, number = 0) {
    const database = await this.open();
    return (await result(database.transaction(STILLS).objectStore(STILLS).get(stillOf(id, number)))) ?? null;
  }

  /** @param {ClipRecord} record */
  async empty(record) {
    await this.delete(record.id);
    // Apart, as a store that is full takes deletions alone; it may not even take this, which is then known to this page only.
    await this.#write("relaxed", (store) => store(RECORDS).put(record, record.id)).catch(() => {});
  }

  /** @param {string} id */
  async delete(id) {
    await this.#write("relaxed", (store) => {
      store(RECORDS).delete(id);
      store(STILLS).delete(id);
      store(STILLS).delete(numbersOf(id));
      store(BATCHES).delete(numbersOf(id));
    });
  }

  async room() {
    const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    return { usage, quota };
  }

  /** All of it or nothing. @param {"strict"|"relaxed"} durability @param {(store: (name: string) => IDBObjectStore) => void} body */
  async #write(durability, body) {
    const database = await this.open();
    const transaction = database.transaction([RECORDS, STILLS, BATCHES], "readwrite", { durability });
    body((name) => transaction.objectStore(name));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new DOMException("the browser closed the storage", "AbortError"));
    });
  }
}

/** The device's store; the memory where the browser gives none, as some do in private windows. @returns {Promise<ClipStore>} */
export async function openClipStore() {
  try {
    const store = new IndexedDbClipStore();
    await store.open();
    return store;
  } catch {
    return new MemoryClipStore();
  }
}

/** Asks the browser not to delete the store when the device runs short of space. Some ask the user, so that it belongs to the start of watching. */
export function askToPersist() {
  navigator.storage?.persist?.().catch(() => {});
}
