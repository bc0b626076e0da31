// @ts-check
// The hub's session of a camera that watches, which goes on over breaks of the connection, and what comes from the hub meanwhile.

import { emit, on } from "../lib/events.js";
import { INVALID_TOKEN, REPLACED } from "../net/connection.js";
import { LiveSender } from "./live.js";

const GOES_ON = "This camera was opened on another page or tab; it goes on there.";
const TAKEN_AWAY = "This phone may not be a camera of this hub any more. Pair it again from your other device, or sign in here.";

/** For the hub to answer at the start, and between two attempts to go on after a break. */
const OPEN_MS = 20_000;
const AGAIN_MS = 2000;

/**
 * Events: `opened` {settings} (at the start and after each break), `settings` {settings} (somebody changed them), `command` {message}, `stopped`
 * (watching was ended from another device), `ended` {reason, isReplaced} (it cannot go on), `change` (something to show).
 */
export class HubSession extends EventTarget {
  /** @type {string|null} */ id = null;
  /** Why the hub ended the live stream, while there is no other. @type {string|null} */ liveProblem = null;
  live;
  #isWanted = false;

  /** @param {import("../net/connection.js").Connection} connection @param {string} deviceId @param {AbortSignal} signal */
  constructor(connection, deviceId, signal) {
    super();
    this.connection = connection;
    this.deviceId = deviceId;
    this.live = new LiveSender(connection);
    /** @param {string} type @param {(detail: any) => void} body */
    const hear = (type, body) => on(connection, type, body, signal);
    hear("open", () => { if (this.id) this.#goOn(); });
    hear("state", () => {
      if (connection.state !== "open") this.live.disconnected();
      emit(this, "change");
    });
    hear("publication", (publication) => this.#published(publication));
    hear("message", ({ data }) => {
      if (data.type === "command") emit(this, "command", { message: data });
      if (data.type === "live.error" && this.live.refused(data.stream)) this.liveProblem = data.message;
      emit(this, "change");
    });
    hear("fatal", ({ code, reason }) => {
      const isReplaced = code === REPLACED;
      const words = code === INVALID_TOKEN ? TAKEN_AWAY : `The hub closed the connection: ${reason || code}.`;
      emit(this, "ended", { reason: isReplaced ? GOES_ON : words, isReplaced });
    });
  }

  /** Resolves when the hub has begun one. */
  async begin() {
    this.#isWanted = true;
    const ended = new AbortController();
    /** @type {any} */ let patience = null;
    try {
      await new Promise((resolve, reject) => {
        const { signal } = ended;
        const open = () => this.#open().then(resolve, (error) => { if (!error.temporary) reject(error); else setTimeout(again, AGAIN_MS); });
        // If the connection broke instead, its next opening begins again.
        const again = () => { if (!signal.aborted && this.connection.state === "open") open(); };
        const refused = (/** @type {any} */ { detail: { code, reason } }) =>
          reject(new Error(code === INVALID_TOKEN ? TAKEN_AWAY : `The hub refused the connection: ${reason}.`));
        this.connection.addEventListener("open", open, { signal });
        this.connection.addEventListener("fatal", refused, { signal });
        const silent = () => reject(new Error("The hub does not answer. Check that it runs and that this device is on its network."));
        patience = setTimeout(silent, OPEN_MS);
        again();
      });
    } catch (error) {
      this.#isWanted = false;
      throw error;
    } finally {
      ended.abort();
      clearTimeout(patience);
    }
  }

  async end() {
    const { id } = this;
    this.#isWanted = false;
    this.id = null;
    if (id) await this.connection.rpc("session.stop", { session_id: id }).catch(() => {});
  }

  /** @param {{channel: string, data: any}} publication */
  #published({ channel, data }) {
    if (channel === `sensor:${this.deviceId}`) {
      if (data.type === "device.settings") emit(this, "settings", { settings: data.settings });
      else this.live.asked(data);
      if (data.type === "live.start") this.liveProblem = null;
    }
    if (data.type === "session.stopped" && data.session.session_id === this.id) {
      this.#isWanted = false;
      this.id = null;
      emit(this, "stopped");
    }
    emit(this, "change");
  }

  async #open() {
    // The active session of the device goes on after a break.
    const { session, settings } = await this.connection.rpc("session.start", {});
    if (!this.#isWanted) return;
    this.id = session.session_id;
    emit(this, "opened", { settings });
  }

  #goOn() {
    this.#open().catch((error) => {
      if (!this.#isWanted) return;
      if (!error.temporary) emit(this, "ended", { reason: error.message, isReplaced: false });
      else setTimeout(() => { if (this.id && this.connection.state === "open") this.#goOn(); }, AGAIN_MS);
    });
  }
}
