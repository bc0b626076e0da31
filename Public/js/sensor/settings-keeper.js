// @ts-check
// The settings of this camera: the hub's, and what was changed here and the hub does not know yet.

import { emit } from "../lib/events.js";
import { patched, withDefaults } from "../state/settings.js";

const KEY = "pingwatch.settings";
const NO_SUCH_METHOD = 104;

/** Event: `settings` {settings}. */
export class SettingsKeeper extends EventTarget {
  /** @type {Record<string, any>} */ #base = {};
  /** What the hub is still to be told. @type {Record<string, any>|null} */ #pending = null;
  /** @type {Pick<import("../net/connection.js").Connection, "state"|"rpc">|null} */ #connection = null;

  /** @param {Pick<Storage, "getItem"|"setItem">} [storage] */
  constructor(storage = localStorage) {
    super();
    this.storage = storage;
    try {
      const { base = {}, pending = null } = JSON.parse(storage.getItem(KEY) ?? "{}");
      this.#base = base;
      this.#pending = pending;
    } catch {
      // What cannot be read is as usual.
    }
    this.value = this.#effective();
  }

  /** @param {Pick<import("../net/connection.js").Connection, "state"|"rpc">} connection as this device */
  use(connection) {
    this.#connection = connection;
  }

  /**
   * Takes effect at once; the hub is told now or, while it is away, later.
   * @param {Record<string, any>} patch
   * @returns {Promise<import("../state/settings.js").Settings>} rejects what the hub refuses, which is undone
   */
  async change(patch) {
    this.#pending = patched(this.#pending ?? {}, patch);
    this.#update();
    await this.send();
    return this.value;
  }

  /** What the hub has now; a hub that knows no settings has none. @param {unknown} settings */
  received(settings) {
    if (typeof settings !== "object" || settings === null) return;
    this.#base = settings;
    this.#update();
  }

  /** Tells the hub what it does not know yet. */
  async send() {
    const sent = this.#pending;
    if (!sent || this.#connection?.state !== "open") return;
    try {
      const answer = await this.#connection.rpc("device.settings", { patch: sent });
      if (this.#pending === sent) this.#pending = null;
      this.received(answer.settings ?? answer);
    } catch (/** @type {any} */ error) {
      // An older hub has none; they are kept here, and told to one that has.
      if (error.temporary || error.code === NO_SUCH_METHOD) return;
      if (this.#pending === sent) this.#pending = null;
      this.#update();
      throw error;
    }
  }

  #effective() {
    return withDefaults(patched(this.#base, this.#pending));
  }

  #update() {
    const before = this.value;
    this.value = this.#effective();
    try {
      this.storage.setItem(KEY, JSON.stringify({ base: this.#base, pending: this.#pending }));
    } catch {
      // They are in force as long as the page is open.
    }
    if (JSON.stringify(before) !== JSON.stringify(this.value)) emit(this, "settings", { settings: this.value });
  }
}
