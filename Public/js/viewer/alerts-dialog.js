// @ts-check
// Who gets the alerts of a camera.

import { announce, el, icon } from "../components/dom.js";
import { api } from "../net/api.js";
import { getSession } from "../net/session.js";
import { nextSnoozeEnd, targetKey } from "../state/alerts.js";
import { TargetItem } from "./target-item.js";
import { connectTelegram } from "./telegram-link.js";

/** Browsers take a longer one for none. */
const MAXIMUM_TIMEOUT_MS = 2 ** 31 - 1;

/** @param {import("./hub.js").ViewerHub} hub @param {{device_id: string, label: string}} device */
export function openAlertsDialog(hub, device) {
  const dialog = new AlertsDialog(hub, device);
  document.body.append(dialog.element);
  dialog.element.showModal();
}

class AlertsDialog {
  /** @type {Map<string, TargetItem>} */ #items = new Map();
  /** @type {any[]|undefined} */ #shown;
  #abort = new AbortController();
  /** Ends the connecting of a chat. @type {AbortController|null} */ #connecting = null;
  /** @type {any} */ #snoozeTimer = null;

  /** @param {import("./hub.js").ViewerHub} hub @param {{device_id: string, label: string}} device */
  constructor(hub, device) {
    this.hub = hub;
    this.device = device;
    this.nobody = el("p", { class: "muted", text: "Nobody gets alerts of this camera yet." });
    this.problem = el("p", { class: "event-reason", role: "alert", hidden: true });
    this.list = el("ul", { class: "targets", "aria-label": "Who gets alerts" });
    this.connect = el("button", { class: "button", type: "button", onclick: () => this.#connect() }, icon("send"), "Connect a Telegram chat");
    this.mail = el("button", { class: "button", type: "button", onclick: () => this.#addMail() }, icon("mail"), "Send me e-mail");
    this.adding = el("div", { class: "stack", "data-part": "connect", hidden: true });
    this.element = el(
      "dialog", { class: "alerts-dialog", "aria-labelledby": "alerts-title" },
      el("div", { class: "stack" },
        el("h2", { id: "alerts-title", text: `Alerts of “${device.label}”` }),
        this.nobody, this.list, el("div", { class: "row row-tight" }, this.connect, this.mail), this.problem, this.adding,
        el("form", { method: "dialog", class: "row" }, el("button", { class: "button", text: "Close" }))),
    );
    const { signal } = this.#abort;
    // How to connect a chat may appear below what is in sight.
    const growth = new ResizeObserver(() => { if (!this.adding.hidden) this.adding.scrollIntoView({ block: "nearest" }); });
    growth.observe(this.adding);
    this.element.addEventListener("close", () => {
      growth.disconnect();
      clearTimeout(this.#snoozeTimer);
      this.#abort.abort();
      this.#connecting?.abort();
      this.element.remove();
    });
    // The page behind it goes away.
    const close = () => this.element.close();
    window.addEventListener("hashchange", close, { signal });
    window.addEventListener("pingwatch:signed-out", close, { signal });
    hub.addEventListener("change", () => this.#render(), { signal });
    this.#render(true);
    this.#load();
  }

  get #targets() {
    return this.hub.state.targets[this.device.device_id];
  }

  async #load() {
    try {
      await this.hub.loadTargets(this.device.device_id);
    } catch (error) {
      this.#say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {boolean} [isForced] */
  #render(isForced) {
    const targets = this.#targets;
    if (targets === this.#shown && !isForced) return;
    this.#shown = targets;
    const known = targets ?? [];
    this.nobody.hidden = !targets || known.length > 0;
    this.list.hidden = !known.length;
    const own = known.find(({ channel, target }) => channel === "email" && target === getSession()?.email?.toLowerCase());
    this.mail.hidden = Boolean(own && !own.disabled_reason);
    const now = Date.now();
    for (const [key, item] of this.#items) {
      if (known.some((target) => targetKey(/** @type {any} */ (target)) === key)) continue;
      const hadFocus = item.element.contains(document.activeElement);
      item.element.remove();
      this.#items.delete(key);
      if (hadFocus) this.connect.focus();
    }
    known.forEach((target, index) => {
      const key = targetKey(target);
      let item = this.#items.get(key);
      if (!item) {
        item = new TargetItem(this.hub, this.device, { onLinkAgain: () => (target.channel === "email" ? this.#addMail() : this.#connect()) });
        this.#items.set(key, item);
      }
      if (this.list.children[index] !== item.element) this.list.insertBefore(item.element, this.list.children[index] ?? null);
      item.show(target, now);
    });
    // What is snoozed wakes up by itself.
    clearTimeout(this.#snoozeTimer);
    const wait = nextSnoozeEnd(known, now);
    if (wait !== null) this.#snoozeTimer = setTimeout(() => this.#render(true), Math.min(wait + 50, MAXIMUM_TIMEOUT_MS));
  }

  async #connect() {
    this.#say(null);
    this.#connecting?.abort();
    const connecting = new AbortController();
    this.#connecting = connecting;
    this.adding.hidden = false;
    await connectTelegram(this.adding, this.device.device_id, connecting.signal);
    if (connecting.signal.aborted) return;
    await this.#load();
  }

  async #addMail() {
    this.#say(null);
    this.mail.disabled = true;
    try {
      const target = await api("/notifications/targets", { method: "POST", body: { device_id: this.device.device_id, channel: "email" } });
      await this.hub.loadTargets(this.device.device_id);
      announce(`Alerts are sent to ${target.target}.`);
      if (document.activeElement === document.body || document.activeElement === this.mail) this.connect.focus();
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      this.#say(code === "not_configured" ? "This hub sends no e-mail yet. Its administrator sets SMTP_URL and starts it again." : message);
    }
    this.mail.disabled = false;
  }

  /** @param {string|null} text */
  #say(text) {
    if (this.#abort.signal.aborted) return;
    this.problem.hidden = !text;
    this.problem.textContent = text ?? "";
  }
}
