// @ts-check
// Cameras and timeline.

import { el, icon } from "../components/dom.js";
import { dayName } from "../state/words.js";
import { makeCard, updateCard } from "./event-card.js";
import { LiveTile } from "./live-tile.js";

export class HomePage extends HTMLElement {
  /** @type {import("./hub.js").ViewerHub} */ hub;
  /** @type {Map<string, LiveTile>} */ #tiles = new Map();
  /** @type {Map<string, HTMLElement>} */ #cards = new Map();
  #device = "";
  /** @type {AbortController|null} */ #abort = null;

  /** @param {import("./hub.js").ViewerHub} hub */
  constructor(hub) {
    super();
    this.hub = hub;
    this.tiles = el("div", { class: "tiles" });
    this.add = el("a", { class: "button button-quiet", href: "#/pair", "data-needs": "pair" }, icon("plus"), "Add a camera");
    this.noTiles = el("div", { class: "card stack empty" }, 
      icon("camera"), el("h3", { text: "No camera yet" }),
      el("p", { class: "muted", "data-needs": "pair", text: "Any phone with a browser becomes one. It scans a code that you see here." }),
      el("a", { class: "button button-primary", href: "#/pair", "data-needs": "pair" }, icon("plus"), "Add a camera"),
      el("a", { class: "button button-quiet", href: "#/camera", "data-needs": "pair", text: "Use this device as a camera" }));
    this.nothingYet = el("div", { class: "card stack empty" },
      icon("clock"),
      el("h3", { text: "Nothing has happened yet" }),
      el("p", { class: "muted", text: "Events appear here the moment something moves. Nothing comes? Check that a camera says “Watching”, that its page is in front, and that its meter moves when you walk past." }),
      el("a", { class: "button", href: "#/camera", "data-needs": "pair", text: "Open the camera page" }));
    this.nothingHere = el("div", { class: "card stack empty" }, icon("clock"), el("h3", { text: "No event of this camera" }), el("p", { class: "muted", text: "None is among those loaded. Older ones may follow further down." }));
    this.problem = el("p", { class: "notice", role: "alert", hidden: true });
    this.filter = el("select", { "aria-label": "Show events of", onchange: () => { this.#device = this.filter.value; this.#render(); } });
    this.events = el("div", {});
    this.older = el("button", { class: "button", type: "button", onclick: () => this.#older() }, "Show older");
    this.append(
      el("h1", { class: "visually-hidden", text: "Your cameras" }),
      this.problem,
      el("div", { class: "home-grid" },
        el("section", { "aria-labelledby": "cameras-title" }, 
          el("div", { class: "section-head" }, el("h2", { id: "cameras-title", text: "Cameras" }), this.add), this.noTiles, this.tiles),
        el("section", { "aria-labelledby": "timeline-title" }, el("div", { class: "section-head" }, el("h2", { id: "timeline-title", text: "Timeline" }), this.filter), this.events, el("p", { class: "row section-head" }, this.older)),
      ),
    );
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.hub.addEventListener("change", () => this.#render(), { signal });
    this.hub.addEventListener("connection", () => { if (!this.hub.state.isLoaded) this.#render(); }, { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#render();
  }

  disconnectedCallback() {
    this.#abort?.abort();
  }

  async #older() {
    this.older.disabled = true;
    await this.hub.loadOlder().catch((error) => this.#showProblem(error.message));
    this.older.disabled = false;
  }

  /** @param {string|null} text */
  #showProblem(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text ?? "";
  }

  #render() {
    const { state, problem } = this.hub;
    this.#showProblem(problem);
    this.#renderTiles(state.devices);
    this.noTiles.hidden = !state.isLoaded || state.devices.length > 0;
    this.add.hidden = state.devices.length === 0;
    this.#renderFilter(state.devices);
    this.#renderEvents(state.events.filter((event) => !this.#device || event.device_id === this.#device));
    this.older.hidden = !state.nextCursor;
  }

  /** @param {Record<string, any>[]} devices */
  #renderTiles(devices) {
    for (const device of devices) {
      let tile = this.#tiles.get(device.device_id);
      if (tile) {
        if (tile.device !== device) tile.update(device);
      } else {
        tile = new LiveTile(this.hub, device);
        this.#tiles.set(device.device_id, tile);
        this.tiles.append(tile);
      }
    }
    for (const [id, tile] of this.#tiles) {
      if (devices.some((device) => device.device_id === id)) continue;
      tile.remove();
      this.#tiles.delete(id);
    }
  }

  /** @param {Record<string, any>[]} devices */
  #renderFilter(devices) {
    this.filter.hidden = devices.length < 2;
    const wanted = ["", ...devices.map((device) => device.device_id)].join();
    if (this.filter.dataset.options === wanted) return;
    this.filter.dataset.options = wanted;
    this.filter.replaceChildren(el("option", { value: "", text: "All cameras" }), ...devices.map((device) => el("option", { value: device.device_id, text: device.label })));
    this.filter.value = this.#device;
  }

  /** @param {Record<string, any>[]} events */
  #renderEvents(events) {
    if (!events.length) {
      this.events.replaceChildren(this.hub.state.isLoaded ? (this.#device ? this.nothingHere : this.nothingYet) : el("p", { class: "muted", text: this.hub.connection.state === "waiting" ? "The hub is away. What happened is shown here as soon as it is back." : "Loading…" }));
      return;
    }
    // Elements are kept and put where they belong; only what changed is touched.
    /** @type {Node[]} */
    const wanted = [];
    let day = "";
    for (const event of events) {
      const name = dayName(event.triggered_at);
      if (name !== day) {
        day = name;
        wanted.push(this.#dayHeading(name));
      }
      const label = this.hub.labelOf(event);
      const deliveries = this.hub.state.deliveries[event.event_id];
      let card = this.#cards.get(event.event_id);
      if (card) {
        updateCard(card, event, label, deliveries);
      } else {
        card = makeCard(event, label, deliveries);
        this.#cards.set(event.event_id, card);
      }
      wanted.push(card);
    }
    this.events.className = "events";
    const kept = new Set(wanted);
    for (const child of [...this.events.childNodes]) if (!kept.has(child)) child.remove();
    wanted.forEach((node, index) => {
      if (this.events.childNodes[index] !== node) this.events.insertBefore(node, this.events.childNodes[index] ?? null);
    });
  }

  /** @param {string} name */
  #dayHeading(name) {
    return this.events.querySelector(`[data-day="${CSS.escape(name)}"]`) ?? el("h3", { class: "day", "data-day": name, text: name });
  }

  /** Where somebody comes back to from an event. @param {string} id */
  focusEvent(id) {
    /** @type {HTMLElement|null|undefined} */ (this.#cards.get(id)?.querySelector("h3 a"))?.focus({ preventScroll: true });
  }

  /** Where somebody comes back to from a camera's page. @param {string} id */
  focusDevice(id) {
    this.#tiles.get(id)?.settings.focus({ preventScroll: true });
  }

  /** j and k move between events. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "j" && event.key !== "k") return;
    if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest("input, select, textarea, dialog")) return;
    const links = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".event-card h3 a")]);
    const current = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    links[Math.min(Math.max(current + (event.key === "j" ? 1 : -1), 0), links.length - 1)]?.focus();
  }
}

customElements.define("pw-home-page", HomePage);
