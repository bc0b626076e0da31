// @ts-check
// The viewer's one connection and what it knows.

import { api, apiPage, renewToken } from "../net/api.js";
import { Connection, socketURL } from "../net/connection.js";
import { getToken } from "../net/session.js";
import { emptyTimeline, eventLoaded, loaded, olderLoaded, published, targetsLoaded } from "../state/timeline.js";

const PAGE = 50;

/**
 * Events: `change` (the state), `arrived` {event} (a new trigger), `publication` {data}, `message` {data}, `frame` {frame}, `connection`,
 * `open`, `fatal` {code, reason}.
 */
export class ViewerHub extends EventTarget {
  state = emptyTimeline;
  /** @type {string|null} */ problem = null;
  /**
   * What was published while the lists were on their way, which may be older.
   * @type {Record<string, any>[]|null}
   */
  #meanwhile = null;

  constructor() {
    super();
    this.connection = new Connection({ url: socketURL(), getToken, renewToken, kind: "viewer" });
    const connection = this.connection;
    connection.addEventListener("state", () => this.#emit("connection", {}));
    connection.addEventListener("open", (/** @type {any} */ { detail }) => {
      if (!detail.isAgain || !this.state.isLoaded || this.problem) this.load();
      this.#emit("open", {});
    });
    connection.addEventListener("reload", () => this.load());
    connection.addEventListener("publication", (/** @type {any} */ { detail }) => {
      this.#meanwhile?.push(detail.data);
      this.#set(published(this.state, detail.data));
      if (detail.data.type === "device.updated" && !this.state.targets[detail.data.device.device_id]) this.loadTargets(detail.data.device.device_id).catch(() => {});
      if (detail.data.type === "event.triggered") this.#emit("arrived", { event: detail.data.event });
      this.#emit("publication", detail);
    });
    connection.addEventListener("message", (/** @type {any} */ { detail }) => this.#emit("message", detail));
    connection.addEventListener("frame", (/** @type {any} */ { detail }) => this.#emit("frame", detail));
    connection.addEventListener("fatal", (/** @type {any} */ { detail }) => this.#emit("fatal", detail));
  }

  start() {
    this.connection.connect();
  }

  stop() {
    this.connection.close();
  }

  async load() {
    /** @type {Record<string, any>[]} */
    const meanwhile = [];
    this.#meanwhile = meanwhile;
    try {
      const [devices, page] = await Promise.all([api("/devices"), apiPage(`/events?limit=${PAGE}`)]);
      // A later load, which was asked for since, knows more.
      if (this.#meanwhile !== meanwhile) return;
      this.problem = null;
      this.#set(meanwhile.reduce(published, loaded(this.state, { devices, events: page.items, nextCursor: page.next })));
      for (const { device_id: id } of devices) this.loadTargets(id).catch(() => {});
    } catch (error) {
      if (this.#meanwhile !== meanwhile) return;
      this.problem = /** @type {Error} */ (error).message;
      this.#emit("change", {});
    }
    this.#meanwhile = null;
  }

  async loadOlder() {
    if (!this.state.nextCursor) return;
    const page = await apiPage(`/events?limit=${PAGE}&cursor=${encodeURIComponent(this.state.nextCursor)}`);
    this.#set(olderLoaded(this.state, { events: page.items, nextCursor: page.next }));
  }

  /** All of an event, which may be older than what was loaded. @param {string} id */
  async loadEvent(id) {
    const path = `/events/${encodeURIComponent(id)}`;
    const [event, deliveries, steps] = await Promise.all([api(path), api(`${path}/deliveries`), api(`${path}/timeline`)]);
    this.#set(eventLoaded(this.state, { event, deliveries, steps }));
  }

  /** Who gets the alerts of a device. @param {string} device */
  async loadTargets(device) {
    const before = this.state.targets[device];
    const targets = await api(`/notifications/targets?device_id=${encodeURIComponent(device)}`);
    // What was published meanwhile may be newer, and is not older.
    if (this.state.targets[device] === before) this.#set(targetsLoaded(this.state, device, targets));
  }

  /** @param {string} id */
  event(id) {
    return this.state.events.find((event) => event.event_id === id) ?? null;
  }

  /** @param {Record<string, any>} event @returns {string} */
  labelOf(event) {
    return event.device_label ?? this.state.devices.find((device) => device.device_id === event.device_id)?.label ?? "Camera";
  }

  /** @param {import("../state/timeline.js").Timeline} state */
  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("change", {});
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
