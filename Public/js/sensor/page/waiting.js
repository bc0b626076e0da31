// @ts-check
// What waits for the hub, and why; and what the phone's storage does about it.

import { el, icon } from "../../components/dom.js";
import { heldWords } from "../../state/local-timeline.js";
import { size } from "../../state/words.js";

const WORDS = {
  /** @param {number} count @param {number} bytes */
  title: (count, bytes) => `${count === 1 ? "1 clip waits" : `${count} clips wait`} ·\u00a0${size(bytes).replace(" ", "\u00a0")}`,
  away: "The hub is away.",
  refused: "The hub cannot take it yet.",
  sending: "Being sent, the oldest first.",
  connecting: "Connecting to the hub…",
  closed: "They are sent when this device watches again.",
  /** @param {number} seconds */
  next: (seconds) => ` Next attempt ${seconds > 0 ? `in ${seconds} s` : "now"}.`,
  kept: "Kept on this device, also over a reload.",
  memory: "This browser gives the page no storage: reloading or closing it loses them.",
  full: "This device's storage takes no more: reloading or closing this page loses what is new.",
  short: "The storage is nearly full: when the next clip comes, the oldest that the hub does not have goes.",
  /** @param {number} count */
  lost: (count) => (count === 1
    ? "The storage is full. The oldest clip had to go before the hub had it."
    : `The storage is full. ${count} of the oldest clips had to go before the hub had them.`),
};

const WHY = { waiting: "away", connecting: "connecting", idle: "connecting", closed: "closed" };

class Waiting extends HTMLElement {
  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Clips that wait for the hub");
    this.lines = [el("p"), el("p"), el("p")];
    this.storage = el("p", { class: "waiting-storage", hidden: true });
    this.retry = el("button", { class: "button", type: "button", onclick: () => this.#retry() }, icon("again"), "Send now");
    this.append(icon("clock"), el("div", { class: "stack-tight" }, el("div", {}, ...this.lines), this.storage, this.retry));
    this.hidden = true;
  }

  /** @param {import("../uplink.js").Uplink} uplink @returns {number} how many wait */
  show(uplink) {
    this.uplink = uplink;
    const { connection, outbox } = uplink;
    const { count, bytes, retryAt } = outbox.waiting;
    const { isShort, lostCount } = outbox.keeper;
    this.hidden = count === 0 && !lostCount;
    this.storage.hidden = !isShort && !lostCount;
    say(this.storage, lostCount ? WORDS.lost(lostCount) : isShort ? WORDS.short : "");
    this.classList.toggle("is-empty", count === 0);
    this.retry.hidden = count === 0 || connection.state === "connecting";
    if (!count) {
      for (const line of this.lines) say(line, "");
      return 0;
    }
    const isOpen = connection.state === "open";
    const isHeld = (outbox.heldUntil ?? 0) > Date.now();
    const nextAt = isOpen ? retryAt : connection.retryAt;
    const why = isOpen ? (retryAt === null ? "sending" : "refused") : WHY[connection.state];
    const next = nextAt === null ? "" : WORDS.next(Math.max(0, Math.ceil((nextAt - performance.now()) / 1000)));
    this.dataset.state = why;
    this.dataset.durable = String(outbox.isDurable);
    this.retry.hidden = why === "sending" || why === "connecting" || isHeld;
    say(this.lines[0], WORDS.title(count, bytes));
    say(this.lines[1], isHeld ? `${sentence(heldWords(outbox.heldUntil ?? 0, outbox.uploadsPerHour))}` : WORDS[why] + next);
    say(this.lines[2], WORDS[outbox.isDurable ? "kept" : outbox.store.isDurable ? "full" : "memory"]);
    return count;
  }

  #retry() {
    const { connection, outbox } = /** @type {import("../uplink.js").Uplink} */ (this.uplink);
    if (connection.state === "open") outbox.retryNow();
    else connection.connect();
  }
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** @param {HTMLElement} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

customElements.define("pw-waiting", Waiting);
