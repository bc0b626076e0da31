// @ts-check
// One who gets the alerts of a camera, and what can be changed about that.

import { el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { disabledWords, isSnoozed, targetName, testWords, untilWords } from "../state/alerts.js";

const SNOOZES = [10, 30, 60];

export class TargetItem {
  /** @type {Record<string, any>} */ #target = {};
  /** One thing after another: the news of what one has made may be here before its answer. @type {Promise<void>} */ #last = Promise.resolve();
  #isTesting = false;
  #removals = 0;

  /**
   * @param {import("./hub.js").ViewerHub} hub @param {{device_id: string, label: string}} device
   * @param {{onLinkAgain: () => void}} callbacks
   */
  constructor(hub, device, { onLinkAgain }) {
    this.hub = hub;
    this.device = device;
    this.name = el("h3", {});
    this.kind = el("p", { class: "muted small" });
    this.snoozed = el("span", { class: "badge", hidden: true });
    this.stopped = el("p", { class: "event-reason", hidden: true });
    this.linkAgain = el("button", { class: "button", type: "button", onclick: onLinkAgain });
    this.still = el("input", { type: "checkbox", role: "switch", onchange: () => this.#change({ still_first: this.still.checked }, this.still.checked ? "A picture is sent at once." : "The alert comes with the clip.") });
    this.stillField = el("label", { class: "switch" }, this.still, el("span", {}, "Picture at once", el("span", { class: "muted small", text: "before the clip is complete" })));
    this.snooze = el("div", { class: "snooze", role: "group" },
      el("span", { class: "small muted", "aria-hidden": "true", text: "Snooze" }),
      ...SNOOZES.map((minutes) => el("button", { class: "button", type: "button", "aria-label": `Snooze ${minutes} minutes`, onclick: () => this.#snooze(minutes) }, `${minutes} min`)));
    this.wake = el("button", { class: "button", type: "button", onclick: () => this.#snooze(0) }, "End snooze");
    this.test = el("button", { class: "button", type: "button", onclick: () => this.#test() }, "Send a test");
    this.remove = el("button", { class: "button button-quiet button-danger", type: "button", onclick: () => this.#ask(true) }, "Remove");
    this.actions = el("div", { class: "row row-tight" }, this.test, this.remove);
    this.question = el("p", {});
    this.confirm = el("button", { class: "button button-danger", type: "button", onclick: () => this.#remove() }, "Yes, remove");
    this.keep = el("button", { class: "button", type: "button", onclick: () => this.#ask(false) }, "Keep");
    this.asking = el("div", { class: "stack-tight", role: "group", hidden: true }, this.question, el("div", { class: "row row-tight" }, this.confirm, this.keep));
    this.answer = el("p", { class: "small target-answer", role: "status" });
    this.element = el("li", { class: "target stack-tight" },
      el("div", { class: "target-head" }, el("div", {}, this.name, this.kind), this.snoozed),
      this.stopped, this.linkAgain, this.stillField, this.snooze, this.wake, this.actions, this.asking, this.answer);
  }

  /** @param {Record<string, any>} target @param {number} now */
  show(target, now) {
    this.#target = target;
    const name = targetName(/** @type {any} */ (target)), isChat = target.channel === "telegram", isStopped = Boolean(target.disabled_reason);
    const snoozed = isSnoozed(target, now);
    const hadFocus = this.element.contains(document.activeElement);
    this.element.dataset.target = target.target;
    setText(this.name, name);
    setText(this.kind, isChat ? "Telegram chat" : "E-mail");
    setText(this.stopped, disabledWords(target));
    this.stopped.hidden = this.linkAgain.hidden = !isStopped;
    setText(this.linkAgain, isChat ? "Link it again" : "Add it again");
    setText(this.snoozed, snoozed ? `Snoozed ${untilWords(target.snoozed_until, new Date(now))}` : "");
    this.snoozed.hidden = !snoozed || isStopped;
    this.still.checked = Boolean(target.still_first);
    this.stillField.hidden = !isChat || isStopped;
    this.snooze.hidden = snoozed || isStopped;
    this.wake.hidden = !snoozed || isStopped;
    setText(this.question, `Remove ${name}? No alerts of “${this.device.label}” go there any more.`);
    this.asking.setAttribute("aria-label", `Remove ${name}`);
    this.snooze.setAttribute("aria-label", `Snooze ${name}`);
    this.still.setAttribute("aria-label", `Picture at once: ${name}`);
    for (const button of [this.test, this.remove, this.wake, this.linkAgain]) button.setAttribute("aria-label", `${button.textContent}: ${name}`);
    // What was pressed may just have been hidden.
    if (hadFocus && !visible(document.activeElement)) (snoozed && !isStopped ? this.wake : this.snooze.hidden ? this.test : this.snooze.querySelector("button")).focus();
  }

  get #key() {
    return { device_id: this.device.device_id, channel: this.#target.channel, target: this.#target.target };
  }

  /** @param {number} minutes */
  #snooze(minutes) {
    return this.#change({ snooze_minutes: minutes }, minutes ? `No alerts for ${minutes} minutes.` : "Alerts are on again.");
  }

  /** @param {Record<string, any>} changes @param {string} done */
  #change(changes, done) {
    return this.#work(async () => {
      await api("/notifications/targets", { method: "POST", body: { ...this.#key, ...changes } });
      await this.hub.loadTargets(this.device.device_id);
      return { text: done, tone: "" };
    });
  }

  #test() {
    // Two in a row say no more than one, and a chat may refuse the second.
    if (this.#isTesting) return;
    this.#isTesting = true;
    this.#work(async () => {
      this.#say("Sending…", "");
      const result = await api("/notifications/test", { method: "POST", body: this.#key });
      return { text: testWords(result, this.#target), tone: result.sent ? "ok" : "danger" };
    }).then(() => { this.#isTesting = false; });
  }

  /** @param {boolean} isAsking */
  #ask(isAsking) {
    this.#say("", "");
    this.actions.hidden = isAsking;
    this.asking.hidden = !isAsking;
    (isAsking ? this.confirm : this.remove).focus();
  }

  #remove() {
    return this.#work(async () => {
      const { device_id: device, channel, target } = this.#key;
      const query = new URLSearchParams({ device_id: device, channel, target });
      // Also where the answer gets lost.
      this.#removals++;
      try {
        await api(`/notifications/targets?${query}`, { method: "DELETE" });
      } catch (error) {
        // Somebody else was faster.
        if (/** @type {any} */ (error).status !== 404) throw error;
      }
      await this.hub.loadTargets(this.device.device_id);
      return { text: "", tone: "" };
    });
  }

  /** What comes of it is said. @param {() => Promise<{text: string, tone: string}>} body */
  #work(body) {
    const removals = this.#removals;
    // A change that was asked for before the removal would add a mailbox again.
    const work = this.#last.then(() => (removals === this.#removals ? this.#do(body) : undefined));
    this.#last = work;
    this.element.setAttribute("aria-busy", "true");
    return work.then(() => { if (this.#last === work) this.element.removeAttribute("aria-busy"); });
  }

  /** @param {() => Promise<{text: string, tone: string}>} body */
  async #do(body) {
    try {
      const { text, tone } = await body();
      this.#say(text, tone);
    } catch (error) {
      this.still.checked = Boolean(this.#target.still_first);
      this.#say(/** @type {Error} */ (error).message, "danger");
    }
  }

  /** @param {string} text @param {string} tone */
  #say(text, tone) {
    this.answer.dataset.tone = tone;
    this.answer.textContent = text;
  }
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element|null} element */
const visible = (element) => Boolean(element?.getClientRects().length);
