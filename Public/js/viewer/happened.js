// @ts-check
// "What happened": an event from its trigger to the alert, brought up to date in place.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { failuresTitle, lacksJob, retryable, retryOutcome, whatHappened } from "../state/what-happened.js";

/** The hub ends a job a moment after what it worked on; so often and so long after each other it is looked for. */
const JOB_LOOKS = 3, JOB_LOOK_MS = 1000;

export class Happened {
  /** @type {Map<string, Item>} */ #items = new Map();
  /** @type {any[]} */ #shown = [];
  /** Dead ones. @type {Record<string, any>[]} */ #jobs = [];
  /** For what they were looked for. */ #lookedFor = "";
  /** @type {any} */ #looking = null;
  /** What is tried again, by item. @type {Record<string, {job: Record<string, any>|null, text: string}>} */ #retried = {};

  /** @param {import("./hub.js").ViewerHub} hub @param {string} eventId */
  constructor(hub, eventId) {
    this.hub = hub;
    this.eventId = eventId;
    this.list = el("ol", { class: "happened", role: "list" });
    this.heading = el("h2", { id: "happened-title", tabindex: -1, text: "What happened" });
    this.element = el("section", { class: "card stack-tight", "aria-labelledby": "happened-title", hidden: true }, this.heading, this.list);
  }

  stop() {
    clearTimeout(this.#looking);
    this.#lookedFor = "";
  }

  /** @param {Record<string, any>} event */
  show(event) {
    const { steps, deliveries, targets } = this.hub.state;
    const now = [event, steps[this.eventId], deliveries[this.eventId], targets[event.device_id], this.#jobs, this.#retried];
    if (now.every((part, index) => part === this.#shown[index])) return;
    this.#shown = now;
    this.#look(event, now[2] ?? []);
    if (!now[1]) return;
    const items = whatHappened(event, now[1], now[2] ?? [], now[3] ?? []);
    const offers = retryable(event, now[2] ?? [], this.#jobs, now[3]);
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, item] of this.#items) {
      if (keys.has(key)) continue;
      if (item.element.contains(document.activeElement)) this.heading.focus();
      item.element.remove();
      this.#items.delete(key);
    }
    items.forEach((words, index) => {
      let item = this.#items.get(words.key);
      if (!item) {
        item = new Item(() => this.#retry(words.key));
        this.#items.set(words.key, item);
      }
      if (this.list.children[index] !== item.element) this.list.insertBefore(item.element, this.list.children[index] ?? null);
      item.show(words, this.#offer(words.key, offers, event, now[2] ?? []));
    });
    this.element.hidden = false;
  }

  /** Whether it can be tried again, and what came of it. @param {string} key @param {Record<string, any>} offers @param {Record<string, any>} event @param {any[]} deliveries */
  #offer(key, offers, event, deliveries) {
    const retried = this.#retried[key];
    if (!retried) return { isOffered: Boolean(offers[key]), isBusy: false, text: "" };
    if (!retried.job) return { isOffered: false, isBusy: false, text: retried.text };
    const { text, isOver } = retryOutcome(retried.job, event, deliveries);
    // What failed once more can be tried once more.
    return { isOffered: isOver ? Boolean(offers[key]) : true, isBusy: !isOver, text };
  }

  /** @param {string} key */
  async #retry(key) {
    const [event, , deliveries, targets] = this.#shown;
    const job = retryable(event, deliveries ?? [], this.#jobs, targets)[key];
    if (!job) return;
    try {
      const queued = await api(`/jobs/${encodeURIComponent(job.job_id)}/retry`, { method: "POST" });
      this.#jobs = this.#jobs.filter((other) => other !== job);
      this.#retried = { ...this.#retried, [key]: { job: queued, text: "" } };
      announce("Trying again.");
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      // No other click will help.
      if (code === "not_retryable") this.#jobs = this.#jobs.filter((other) => other !== job);
      this.#items.get(key)?.say(message);
      if (code === "not_retryable") this.#retried = { ...this.#retried, [key]: { job: null, text: message } };
    }
    this.show(this.hub.event(this.eventId) ?? event);
  }

  /** Looks for dead jobs when something has failed since. @param {Record<string, any>} event @param {any[]} deliveries */
  #look(event, deliveries) {
    const wanted = [event.status, ...deliveries.map(({ state, updated_at: at }) => `${state} ${at}`)].join();
    if (wanted === this.#lookedFor || !lacksJob(event, deliveries, this.#jobs)) return;
    this.#lookedFor = wanted;
    clearTimeout(this.#looking);
    this.#ask(wanted, JOB_LOOKS);
  }

  /** @param {string} wanted @param {number} looks */
  async #ask(wanted, looks) {
    const jobs = await api(`/jobs?state=dead&event_id=${encodeURIComponent(this.eventId)}`).catch(() => null);
    const event = this.hub.event(this.eventId);
    if (wanted !== this.#lookedFor || !event) return;
    if (jobs) {
      this.#jobs = jobs;
      this.show(event);
    }
    if (looks > 1 && lacksJob(event, this.hub.state.deliveries[this.eventId] ?? [], this.#jobs)) {
      this.#looking = setTimeout(() => this.#ask(wanted, looks - 1), JOB_LOOK_MS);
    }
  }
}

/** One step. */
class Item {
  #shown = "";

  /** @param {() => void} onRetry */
  constructor(onRetry) {
    this.title = el("span", { class: "happened-title", tabindex: -1 });
    this.time = el("span", { class: "happened-time" });
    this.repeat = el("span", { class: "badge", "data-tone": "warn", hidden: true, text: "Possible repeat", title: "It is not known whether an earlier try arrived, too." });
    this.note = el("p", { class: "happened-note" });
    this.summary = el("summary", {});
    this.failures = el("ol", { role: "list" });
    this.unfold = el("details", { hidden: true }, this.summary, this.failures);
    this.button = el("button", { class: "button", type: "button", "data-needs": "control", onclick: onRetry }, icon("again"), el("span", {}));
    this.answer = el("p", { class: "happened-note", role: "status" });
    this.retry = el("div", { class: "row row-tight" }, this.button, this.answer);
    this.element = el("li", {}, el("p", { class: "happened-head" }, this.title, this.time), this.note, this.repeat, this.unfold, this.retry);
  }

  /** @param {import("../state/what-happened.js").Item} words @param {{isOffered: boolean, isBusy: boolean, text: string}} offer */
  show(words, offer) {
    const shown = JSON.stringify([words, offer]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.dataset.step = words.key;
    this.element.dataset.tone = words.tone;
    this.title.textContent = words.title;
    this.time.textContent = words.time;
    this.note.textContent = words.note;
    this.note.hidden = !words.note;
    this.repeat.hidden = !words.isRepeat;
    this.unfold.hidden = !words.failures.length;
    this.summary.textContent = failuresTitle(words.failures);
    this.failures.replaceChildren(...words.failures.map(({ time, outcome, detail }) => el("li", {}, el("span", { class: "happened-time", text: time }), el("span", {}, outcome, detail && el("span", { class: "muted", text: ` · ${detail}` })))));
    if (!offer.isOffered && document.activeElement === this.button) this.title.focus();
    this.button.hidden = !offer.isOffered;
    // Not disabled: that would take the focus away.
    this.button.setAttribute("aria-disabled", String(offer.isBusy));
    this.button.lastChild.textContent = offer.isBusy ? "Trying again…" : "Try again";
    this.button.setAttribute("aria-label", `${this.button.lastChild.textContent}: ${words.title}`);
    this.say(offer.isBusy ? "" : offer.text);
    this.retry.hidden = !offer.isOffered && !offer.text;
  }

  /** @param {string} text */
  say(text) {
    this.retry.hidden = !text && this.button.hidden;
    if (this.answer.textContent !== text) this.answer.textContent = text;
  }
}
