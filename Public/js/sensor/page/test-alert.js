// @ts-check
// Whether alerts of this camera arrive.

import { announce, el, icon } from "../../components/dom.js";
import { api } from "../../net/api.js";
import { getSession } from "../../net/session.js";
import { targetName, testWords } from "../../state/alerts.js";
import { rememberedDevice } from "../sensor.js";

const HOW = `On your own phone or computer open ${location.host}, and choose “Set up alerts” at this camera: Telegram, e-mail, or both.`;
const ELSEWHERE = "This phone is a camera and does not know who gets its alerts.";
const NO_MAIL = "This hub sends no e-mail yet. Its administrator sets SMTP_URL and starts it again.";

class TestAlert extends HTMLElement {
  connectedCallback() {
    if (this.childElementCount) return;
    this.send = el("button", { class: "button", type: "button", onclick: () => this.#send() }, icon("send"), "Send a test alert");
    this.mail = el("button", { class: "button", type: "button", onclick: () => this.#addMail() }, icon("mail"), "Send me e-mail");
    this.nobody = el(
      "div", { class: "stack-tight", hidden: true },
      el("p", { text: "Nobody gets alerts of this camera yet." }),
      el("p", { class: "muted small", text: HOW }),
      el("div", { class: "row row-tight" }, this.mail, el("button", { class: "button", type: "button", onclick: () => this.load() }, icon("again"), "Look again")),
    );
    this.problem = el("p", { class: "notice", role: "alert", hidden: true });
    this.list = el("ul", { class: "plain-list" });
    this.how = el("p", { class: "muted", text: "A harmless message goes to everybody who gets alerts of this camera." });
    this.append(this.how, this.list, this.send, this.nobody, this.problem);
  }

  async load() {
    // A paired phone may not see who gets them.
    if (!getSession()) {
      this.send.hidden = true;
      this.how.textContent = `${ELSEWHERE} ${HOW}`;
      return;
    }
    await this.#attempt(async () => {
      const targets = await api(`/notifications/targets?device_id=${encodeURIComponent(rememberedDevice().device_id ?? "")}`);
      this.targets = targets;
      this.nobody.hidden = targets.length > 0;
      this.send.hidden = targets.length === 0;
      this.list.replaceChildren(...targets.map((/** @type {any} */ target) => el("li", { "data-target": target.target }, targetName(target))));
      this.mail.hidden = !getSession()?.email;
    });
  }

  async #send() {
    this.send.disabled = true;
    await this.#attempt(async () => {
      const results = await Promise.all(this.targets.map(async (/** @type {any} */ target) => {
        const { channel, target: name } = target;
        const result = await api("/notifications/test", { method: "POST", body: { device_id: rememberedDevice().device_id, channel, target: name } });
        return { target, words: testWords(result, target) };
      }));
      this.list.replaceChildren(...results.map(({ target, words }) => el("li", { "data-target": target.target }, `${targetName(target)}: ${words}`)));
      announce(results.map(({ words }) => words).join(" "));
    });
    this.send.disabled = false;
  }

  async #addMail() {
    this.mail.disabled = true;
    await this.#attempt(async () => {
      await api("/notifications/targets", { method: "POST", body: { device_id: rememberedDevice().device_id, channel: "email" } });
      await this.load();
      this.send.focus();
    });
    this.mail.disabled = false;
  }

  /** @param {() => Promise<void>} body */
  async #attempt(body) {
    this.problem.hidden = true;
    try {
      await body();
    } catch (/** @type {any} */ error) {
      this.problem.hidden = false;
      this.problem.textContent = error.code === "not_configured" ? NO_MAIL : error.message;
    }
  }
}

customElements.define("pw-test-alert", TestAlert);
