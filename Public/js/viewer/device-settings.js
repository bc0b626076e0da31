// @ts-check
// The settings of a camera as the hub has them, and changing them.

import { api, ApiError } from "../net/api.js";
import { withDefaults } from "../state/settings.js";

const CHANGED_ELSEWHERE = "Somebody changed these settings meanwhile. They are shown as they are now; make your change again.";

/** Event: `change` (the settings, or why there are none). */
export class DeviceSettings extends EventTarget {
  /** @type {import("../state/settings.js").Settings|null} */ value = null;
  /** Why there are none. */ problem = "";
  /** One change after another: each needs the revision that the one before made. @type {Promise<unknown>} */ #last = Promise.resolve();

  /** @param {import("./hub.js").ViewerHub} hub @param {string} deviceId @param {AbortSignal} signal */
  constructor(hub, deviceId, signal) {
    super();
    this.path = `/devices/${encodeURIComponent(deviceId)}/settings`;
    hub.addEventListener("publication", (/** @type {any} */ { detail: { data } }) => {
      if (data.type === "device.settings" && data.device_id === deviceId) this.#set(data.settings);
    }, { signal });
    hub.addEventListener("open", () => this.load(), { signal });
  }

  async load() {
    try {
      this.#set(await api(this.path));
    } catch (error) {
      if (this.value) return;
      const { status, message } = /** @type {ApiError} */ (error);
      this.problem = status === 404 ? "This hub has no settings for this camera. An older hub has none at all: update it." : message;
      this.dispatchEvent(new Event("change"));
    }
  }

  /**
   * @param {Record<string, any>} patch
   * @returns {Promise<void>} rejects with an `ApiError`, which names the field where one is wrong
   */
  change(patch) {
    const change = this.#last.then(() => this.#send(patch));
    this.#last = change.catch(() => {});
    return change;
  }

  /** @param {Record<string, any>} patch */
  async #send(patch) {
    try {
      this.#set(await api(this.path, { method: "PATCH", body: { ...patch, revision: this.value?.revision ?? 0 } }));
    } catch (error) {
      const { status, code } = /** @type {ApiError} */ (error);
      if (status !== 409) throw error;
      await this.load();
      throw new ApiError(status, code, CHANGED_ELSEWHERE);
    }
  }

  /** @param {Record<string, any>} json */
  #set(json) {
    const settings = withDefaults(json);
    // Publications and answers overtake each other.
    if (this.value && settings.revision < this.value.revision) return;
    this.value = settings;
    this.problem = "";
    this.dispatchEvent(new Event("change"));
  }
}
