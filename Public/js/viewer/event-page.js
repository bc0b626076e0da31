// @ts-check
// One event: its clip, what was found, and what happened to it.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { causeTimes, clipNote, clipProblem, clockTime, dayName, duration, eventProblem, eventTitle, isNotice, isOnCamera, safeLink, size, triggerIcon, triggerOffset } from "../state/words.js";
import { problemItem } from "./device-health.js";
import { Happened } from "./happened.js";

/** Signed links live for an hour; a failure this soon after a fresh one has another cause. */
const FRESH_MS = 60_000;

export class EventPage extends HTMLElement {
  /** @type {import("./hub.js").ViewerHub} */ hub;
  #object = "";
  #refreshedAt = -Infinity;
  #goOnAt = 0;
  /** @type {any[]} */ #shown = [];
  #isStale = false;
  /** @type {Promise<void>|null} */ #loading = null;
  /** @type {AbortController|null} */ #abort = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {string} id */
  constructor(hub, id) {
    super();
    this.hub = hub;
    this.eventId = id;
    this.className = "event-page";
    this.player = el("div", { class: "player" }, el("p", { text: "Loading…" }));
    this.details = el("section", { class: "card stack", "aria-label": "Details", hidden: true });
    this.jump = el("button", { class: "button", type: "button", onclick: () => this.#jump() }, icon("motion"), el("span", {}));
    this.download = el("a", { class: "button" }, icon("download"), "Download clip");
    this.actions = el("p", { class: "row", hidden: true }, this.jump, this.download);
    this.fetchText = el("p", {});
    this.fetchWord = el("span", {});
    this.fetch = el("button", { class: "button", type: "button", "data-needs": "control", onclick: () => this.#fetch() }, icon("download"), this.fetchWord);
    this.fetched = el("p", { class: "small target-answer", role: "status" });
    this.fetching = el("div", { class: "stack-tight", hidden: true }, this.fetchText, el("p", { class: "row" }, this.fetch), this.fetched);
    this.stills = el("div", { class: "stills", role: "group", "aria-label": "Pictures of the event", hidden: true });
    this.happened = new Happened(hub, id);
    this.append(
      el("p", { class: "back-row" }, el("a", { class: "button button-quiet", href: "#/" }, icon("back"), "Back")),
      el("div", { class: "stack" }, this.player, this.stills, this.fetching, this.actions),
      this.details,
      this.happened.element,
    );
  }

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.hub.addEventListener("change", () => this.#render(), { signal });
    // What was missed meanwhile, also when the hub was away at first.
    this.hub.addEventListener("open", () => this.#load(), { signal });
    this.hub.addEventListener("publication", (/** @type {any} */ { detail: { data } }) => {
      const isGone = data.type === "event.removed" && data.event_id === this.eventId;
      if (isGone || (data.type === "device.removed" && data.device_id === this.#shown[0]?.device_id)) this.#removed();
      if ((data.event ?? data.delivery)?.event_id === this.eventId) this.#load();
    }, { signal });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]") && !document.fullscreenElement) location.hash = "#/";
    }, { signal });
    this.#render();
    this.#load();
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.happened.stop();
    this.querySelector("video")?.pause();
  }

  /** Publications bring neither steps nor tries, so all is asked for: once at a time, and once more if there was something new meanwhile. */
  #load() {
    this.#isStale = true;
    this.#loading ??= this.#askAll().finally(() => { this.#loading = null; });
    return this.#loading;
  }

  async #askAll() {
    while (this.#isStale && this.isConnected) {
      this.#isStale = false;
      await this.#ask();
    }
  }

  async #ask() {
    try {
      await this.hub.loadEvent(this.eventId);
    } catch (error) {
      const { status, message } = /** @type {any} */ (error);
      // What is known already stays on the screen.
      if (!this.isConnected || this.hub.event(this.eventId)) return;
      this.player.replaceChildren(el("p", { role: "alert", text: status === 404 ? "There is no such event." : message }));
    }
  }

  /** Somebody removed it while it was looked at. */
  #removed() {
    this.player.replaceChildren(el("p", { role: "alert", text: "This event was removed." }));
    for (const part of [this.details, this.actions, this.fetching, this.stills, this.happened.element]) part.hidden = true;
    this.#abort?.abort();
  }

  #render() {
    const event = this.hub.event(this.eventId);
    if (!event) return;
    this.happened.show(event);
    if (this.#shown[0] === event) return;
    this.#shown = [event];
    this.dataset.status = event.status;
    this.player.classList.toggle("player-notice", isNotice(event));
    this.player.dataset.notice = isNotice(event) ? event.trigger_type : "";
    this.#renderFetching(event);
    this.#renderPlayer(event);
    this.#renderStills(event);
    this.#renderActions(event);
    this.#renderDetails(event);
  }

  /** @param {Record<string, any>} event */
  #renderPlayer(event) {
    const object = event.clip_url?.split("?")[0] ?? `${event.status} ${event.clip_state ?? ""} ${event.poster_url?.split("?")[0] ?? ""}`;
    // The signature changes from answer to answer; what plays must not start anew.
    if (object === this.#object) return;
    this.#object = object;
    const elsewhere = safeLink(event.clip_uri);
    if (event.clip_url) {
      this.player.replaceChildren(this.#video(event));
    } else if (event.clip_uri) {
      this.player.replaceChildren(el("p", {}, "This clip is stored elsewhere: ", elsewhere ? el("a", { href: elsewhere, rel: "noopener noreferrer", target: "_blank", text: "open it" }) : event.clip_uri));
    } else if (isNotice(event)) {
      // About the camera, and no recording of it.
      this.player.replaceChildren(icon(triggerIcon(event.trigger_type)));
    } else if (event.poster_url && event.status !== "failed") {
      this.player.replaceChildren(el("img", { src: event.poster_url, alt: "The moment of the trigger" }), el("p", { class: "player-note", text: clipNote(event) }));
    } else {
      this.player.replaceChildren(el("p", { text: eventProblem(event) ? "There is no clip." : clipNote(event) }));
    }
  }

  /** The camera may have gone away before it heard of it: then it can be asked again. @param {Record<string, any>} event */
  #renderFetching(event) {
    const isAsked = event.clip_state === "requested";
    this.fetching.hidden = !isOnCamera(event) || event.status !== "done";
    this.fetch.classList.toggle("button-primary", !isAsked);
    this.fetchWord.textContent = isAsked ? "Ask again" : "Fetch the clip";
    this.fetchText.textContent = isAsked
      ? "If it does not come, ask again. A camera that does not have it any more says so."
      : "The clip is on the camera, which sent pictures of it first. It stays there until the room is needed.";
  }

  /** The pictures that came first, while they are all there is. @param {Record<string, any>} event */
  #renderStills({ still_urls: urls = [], clip_url: clip, triggered_at: at }) {
    this.stills.hidden = Boolean(clip) || urls.length < 2;
    if (this.stills.hidden || this.stills.childElementCount === urls.length) return;
    /** @param {string} src @param {number} index */
    const picture = (src, index) => el("img", { src, alt: `Picture ${index + 1} of ${urls.length}, ${clockTime(at)}` });
    this.stills.replaceChildren(...urls.map(picture));
  }

  /** @param {Record<string, any>} event */
  #video(event) {
    const video = el("video", { "data-event-id": event.event_id, src: event.clip_url, poster: event.poster_url, controls: true, playsinline: true, preload: "metadata", "aria-label": "The clip" });
    video.addEventListener("error", () => this.#expired(video));
    if (this.#goOnAt) video.addEventListener("loadedmetadata", () => { video.currentTime = this.#goOnAt; }, { once: true });
    return video;
  }

  /** @param {HTMLVideoElement} video */
  async #expired(video) {
    if (performance.now() - this.#refreshedAt < FRESH_MS) {
      this.player.replaceChildren(el("p", { role: "alert", text: "This browser cannot play the clip. Download it to play it elsewhere." }));
      return;
    }
    this.#refreshedAt = performance.now();
    this.#goOnAt = video.currentTime;
    await this.#load();
    // A new link to the same clip.
    this.#object = "";
    const event = this.hub.event(this.eventId);
    if (event && this.isConnected) this.#renderPlayer(event);
  }

  #jump() {
    const video = this.querySelector("video");
    const event = this.hub.event(this.eventId);
    if (!video || !event) return;
    video.currentTime = Math.max(0, triggerOffset(event) - 0.5);
    video.play().catch(() => {});
  }

  /** What became of it is seen when the clip comes. */
  async #fetch() {
    if (this.fetch.getAttribute("aria-busy")) return;
    this.fetch.setAttribute("aria-busy", "true");
    this.#say("Asking…", "");
    try {
      await api(`/events/${encodeURIComponent(this.eventId)}/clip/request`, { method: "POST" });
      this.#say("", "");
      announce("Asked for: the clip comes as soon as the camera has sent it.");
      await this.#load();
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      this.#say(code === "camera_offline" ? "The camera is offline. Its clip can be fetched when it is back." : message, "danger");
    }
    this.fetch.removeAttribute("aria-busy");
  }

  /** @param {string} text @param {""|"ok"|"danger"} tone */
  #say(text, tone) {
    this.fetched.textContent = text;
    this.fetched.dataset.tone = tone;
  }

  /** @param {Record<string, any>} event */
  #renderActions(event) {
    this.actions.hidden = !event.clip_url;
    if (!event.clip_url) return;
    const offset = triggerOffset(event);
    this.jump.hidden = offset <= 0.5;
    this.jump.lastChild.textContent = `Jump to the trigger, at ${duration(offset)}`;
    this.download.setAttribute("href", event.clip_url);
    this.download.setAttribute("download", `pingwatch-${event.triggered_at.replaceAll(/[:.]/g, "-")}.${event.clip_mime?.startsWith("video/webm") ? "webm" : "mp4"}`);
  }

  /** @param {Record<string, any>} event */
  #renderDetails(event) {
    const problem = eventProblem(event), early = clipProblem(event);
    /** @type {[string, string][]} */
    const facts = [
      ["Camera", this.hub.labelOf(event)],
      ["Causes", causeTimes(event)],
      [isNotice(event) ? "Time" : "Trigger", `${dayName(event.triggered_at)}, ${clockTime(event.triggered_at)}`],
      ["Begins", event.started_at ? clockTime(event.started_at) : ""],
      ["Length", duration(event.duration_seconds)],
      ["Picture", event.width ? `${event.width} × ${event.height}` : ""],
      ["Size", event.clip_size_bytes ? size(event.clip_size_bytes) : ""],
    ];
    const parts = [
      el("h1", { text: eventTitle(event) }),
      problem && el("p", { class: "event-reason", text: problem }),
      event.summary && el("p", { class: "lead", text: event.summary }),
      isNotice(event) ? noticeAdvice(event) : tagList(event),
      event.feedback === "false_alarm" && el("p", {}, el("span", { class: "badge", text: "False alarm" })),
      early && el("p", { class: "notice", text: early }),
      definitions(facts),
    ];
    this.details.replaceChildren(...parts.filter(Boolean));
    this.details.hidden = false;
  }
}

/** @param {Record<string, any>} event */
const tagList = ({ tags }) =>
  tags?.length && el("p", { class: "row row-tight" }, ...tags.map((/** @type {string} */ tag) => el("span", { class: "badge", text: tag })));

/** What to do about what was wrong with the camera, and where to see how it is now. @param {Record<string, any>} event */
function noticeAdvice({ tags, trigger_type: type, device_id: device }) {
  const codes = (tags ?? []).filter((/** @type {string} */ tag) => tag !== type);
  return el("div", { class: "stack-tight" },
    codes.length && el("ul", { class: "health-problems", "aria-label": "What was wrong" }, ...codes.map(problemItem)),
    el("p", { class: "row" }, el("a", { class: "button", href: `#/camera-settings/${encodeURIComponent(device)}` }, icon("settings"), "See how the camera is now")));
}

/** @param {[string, string][]} rows */
function definitions(rows) {
  return el("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
}

customElements.define("pw-event-page", EventPage);
