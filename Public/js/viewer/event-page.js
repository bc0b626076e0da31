// @ts-check
// One event: its clip, what was found, and how long each stage took.

import { el, icon } from "../components/dom.js";
import { clockTime, dayName, deliveryWords, duration, eventProblem, eventTitle, size } from "../state/words.js";

/** @type {[string, string][]} */
const STAGES = [["triggered", "Trigger"], ["first_byte", "First bytes on the hub"], ["durable", "Clip complete"], ["processing", "Analysis began"], ["done", "Result"]];

export class EventPage extends HTMLElement {
  /** @type {import("./hub.js").ViewerHub} */ hub;
  #object = "";
  #hasReloaded = false;
  /** @type {AbortController|null} */ #abort = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {string} id */
  constructor(hub, id) {
    super();
    this.hub = hub;
    this.eventId = id;
    this.className = "event-page";
    this.player = el("div", { class: "player" });
    this.details = el("section", { class: "card stack", "aria-label": "Details" });
    this.append(
      el("p", { class: "back-row" }, el("a", { class: "button button-quiet", href: "#/" }, icon("back"), "Back")),
      el("div", { class: "stack" }, this.player, (this.actions = el("p", { class: "row" }))),
      this.details,
    );
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.hub.addEventListener("change", () => this.#render(), { signal });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]") && !document.fullscreenElement) location.hash = "#/";
    }, { signal });
    this.#render();
    this.#load();
  }

  disconnectedCallback() {
    this.#abort?.abort();
  }

  async #load() {
    try {
      await this.hub.loadEvent(this.eventId);
    } catch (error) {
      const { status, message } = /** @type {any} */ (error);
      this.player.replaceChildren(el("p", { role: "alert", text: status === 404 ? "There is no such event." : message }));
    }
  }

  #render() {
    const event = this.hub.event(this.eventId);
    if (!event) return;
    this.dataset.status = event.status;
    this.#renderPlayer(event);
    this.#renderActions(event);
    this.#renderDetails(event);
  }

  /** @param {Record<string, any>} event */
  #renderPlayer(event) {
    const object = event.clip_url?.split("?")[0] ?? `${event.status} ${event.poster_url?.split("?")[0] ?? ""}`;
    // The signature changes from answer to answer; what plays must not start anew.
    if (object === this.#object) return;
    this.#object = object;
    if (event.clip_url) {
      const video = el("video", { "data-event-id": event.event_id, src: event.clip_url, poster: event.poster_url, controls: true, playsinline: true, preload: "metadata", "aria-label": "The clip" });
      video.addEventListener("error", () => this.#expired());
      this.player.replaceChildren(video);
    } else if (event.clip_uri) {
      this.player.replaceChildren(el("p", {}, "This clip is stored elsewhere: ", el("a", { href: event.clip_uri, rel: "noopener noreferrer", target: "_blank", text: "open it" })));
    } else if (event.poster_url && event.status !== "failed") {
      this.player.replaceChildren(el("img", { src: event.poster_url, alt: "The moment of the trigger" }));
    } else {
      this.player.replaceChildren(el("p", { text: eventProblem(event) ? "There is no clip." : "The clip is on its way…" }));
    }
  }

  /** Signed links live for an hour. */
  async #expired() {
    if (this.#hasReloaded) return;
    this.#hasReloaded = true;
    this.#object = "";
    await this.#load();
  }

  /** @param {Record<string, any>} event */
  #renderActions(event) {
    if (!event.clip_url) return this.actions.replaceChildren();
    const offset = event.started_at ? (Date.parse(event.triggered_at) - Date.parse(event.started_at)) / 1000 : 0;
    const jump = () => {
      const video = this.querySelector("video");
      if (!video) return;
      video.currentTime = Math.max(0, offset - 0.5);
      video.play().catch(() => {});
    };
    if (this.actions.dataset.url === this.#object) return;
    this.actions.dataset.url = this.#object;
    this.actions.replaceChildren(
      ...(offset > 0.5 ? [el("button", { class: "button", type: "button", onclick: jump }, icon("motion"), "Jump to the trigger")] : []),
      el("a", { class: "button", href: event.clip_url, download: `pingwatch-${event.triggered_at.replaceAll(/[:.]/g, "-")}.${event.clip_mime === "video/webm" ? "webm" : "mp4"}` }, icon("download"), "Download clip"),
    );
  }

  /** @param {Record<string, any>} event */
  #renderDetails(event) {
    const problem = eventProblem(event);
    const deliveries = this.hub.state.deliveries[event.event_id] ?? [];
    /** @type {[string, string][]} */
    const facts = [
      ["Camera", this.hub.labelOf(event)],
      ["Trigger", `${dayName(event.triggered_at)}, ${clockTime(event.triggered_at)}`],
      ["Begins", event.started_at ? clockTime(event.started_at) : ""],
      ["Length", duration(event.duration_seconds)],
      ["Picture", event.width ? `${event.width} × ${event.height}` : ""],
      ["Size", event.clip_size_bytes ? size(event.clip_size_bytes) : ""],
    ];
    const parts = [
      el("h1", { text: eventTitle(event) }),
      problem && el("p", { class: "event-reason", text: problem }),
      event.summary && el("p", { class: "lead", text: event.summary }),
      event.tags?.length ? el("p", { class: "row" }, ...event.tags.map((/** @type {string} */ tag) => el("span", { class: "badge", text: tag }))) : null,
      event.alert_reason && el("p", { class: "muted small", text: `${event.should_notify ? "Alert" : "No alert"}: ${event.alert_reason}` }),
      ...deliveries.map((delivery) => {
        const { text, tone } = deliveryWords(delivery);
        return el("p", {}, el("span", { class: "badge", "data-tone": tone, text }));
      }),
      definitions(facts),
      el("h2", { text: "How long it took" }),
      definitions(stages(event)),
    ];
    this.details.replaceChildren(...parts.filter(Boolean));
  }
}

/** @param {[string, string][]} rows */
function definitions(rows) {
  return el("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
}

/** @param {Record<string, any>} event @returns {[string, string][]} */
function stages(event) {
  const start = Date.parse(event.stages?.triggered);
  return STAGES.map(([key, name]) => {
    const time = event.stages?.[key];
    if (!time) return [name, ""];
    return [name, key === "triggered" ? clockTime(time) : `+${((Date.parse(time) - start) / 1000).toFixed(1)} s`];
  });
}

customElements.define("pw-event-page", EventPage);
