// @ts-check
// Clips that are not on this device any more, until the hub knows: whoever asks for one is not to wait for it.

import { isTemporary } from "./rpc-errors.js";

/** What the hub did not want goes when there is little room. */
export const MADE_ROOM = "the phone has deleted the clip to make room";
/** Somebody, or the browser, has emptied the storage of this page. */
export const NOT_HERE = "the phone does not have the clip any more: its storage was cleared";

export class GoneClips {
  /** Why each is gone, by its event. @type {Map<string, string>} */
  #reasons = new Map();

  /**
   * @param {object} options
   * @param {Pick<import("../net/connection.js").Connection, "state"|"rpc">} options.connection as this device
   * @param {(id: string) => void} options.told the hub knows it
   */
  constructor({ connection, told }) {
    this.connection = connection;
    this.told = told;
  }

  /** @param {string} id @param {string} reason */
  add(id, reason) {
    this.#reasons.set(id, reason);
    this.#tell(id, reason);
  }

  connected() {
    for (const [id, reason] of this.#reasons) this.#tell(id, reason);
  }

  /** @param {string} id @param {string} reason */
  async #tell(id, reason) {
    if (this.connection.state !== "open") return;
    try {
      await this.connection.rpc("clip.gone", { event_id: id, reason });
    } catch (error) {
      if (isTemporary(error)) return;
      // The hub has the clip, or knows nothing of it: in either case nobody waits.
    }
    this.#reasons.delete(id);
    this.told(id);
  }
}
