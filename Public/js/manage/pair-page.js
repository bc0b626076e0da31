// @ts-check
// Adding a camera from here: a code for the phone to scan, and the question whether to let in who asks.

import { announce, el, icon } from "../components/dom.js";
import { copyRow } from "../components/form.js";
import { qrPicture } from "../components/qr.js";
import { agentWords } from "../state/identity-words.js";
import {
  answerFailed, cameraSeen, isOpen, noPairing, pairingAnswered, pairingFailed, pairingMade, pairingTicked, pairingTold,
} from "../state/pairing.js";
import { countdown } from "../state/words.js";
import { managePage } from "./parts.js";

const TICK_MS = 1000;
/** How often the hub is asked: where it cannot tell by itself, and where it can. */
const POLL_MS = 2000, CHECK_MS = 15_000;

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export const page = (context) => new PairPage(context).element;

class PairPage {
  /** @type {import("../state/pairing.js").Pairing} */ #state = noPairing;
  #shown = "";
  #askedAt = 0;
  /** @type {HTMLElement|null} */ #clock = null;

  /** @param {import("../identity/context.js").Context} context */
  constructor(context) {
    this.context = context;
    this.hub = context.hub();
    this.body = el("div", { class: "stack" });
    this.element = managePage({ title: "Add a camera", lead: "Any phone with a camera and a browser will do. Nothing has to be installed.",
      class: "pair-page" }, this.body);
    const { signal } = context;
    this.hub.addEventListener("publication", (/** @type {any} */ { detail }) => {
      if (detail.data.type === "pairing.updated") this.#set(pairingTold(this.#state, detail.data.pairing));
    }, { signal });
    this.hub.addEventListener("change", () => this.#look(), { signal });
    const ticks = setInterval(() => this.#tick(), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(ticks));
    this.#render();
    this.#make();
  }

  async #make() {
    this.#set(noPairing);
    try {
      const pairing = await this.context.api("/pairings", { method: "POST", body: {} });
      this.#askedAt = performance.now();
      this.#set(pairingMade(pairing, Date.now()));
    } catch (error) {
      this.#set(pairingFailed(this.#state, /** @type {Error} */ (error).message));
    }
  }

  #tick() {
    if (this.context.signal.aborted) return;
    this.#set(pairingTicked(this.#state, Date.now()));
    if (this.#clock) this.#clock.textContent = countdown(this.#state.deadline - Date.now());
    const pause = this.hub.connection.state === "open" ? CHECK_MS : POLL_MS;
    if (isOpen(this.#state) && performance.now() - this.#askedAt >= pause) this.#ask();
  }

  async #ask() {
    this.#askedAt = performance.now();
    const id = this.#state.pairing?.pairing_id;
    // A hub that is away for a moment is asked again.
    const pairing = await this.context.api(`/pairings/${encodeURIComponent(id)}`, { signal: this.context.signal }).catch(() => null);
    if (pairing) this.#set(pairingTold(this.#state, pairing));
  }

  /** @param {boolean} accept */
  async #answer(accept) {
    const id = this.#state.pairing?.pairing_id;
    this.#set(pairingAnswered(this.#state, accept));
    try {
      const pairing = await this.context.api(`/pairings/${encodeURIComponent(id)}/confirm`, { method: "POST", body: { accept } });
      this.#set(pairingTold(this.#state, pairing));
      this.#look();
    } catch (error) {
      this.#set(answerFailed(this.#state, /** @type {Error} */ (error).message));
      // It may be over by now, which the hub knows.
      this.#ask();
    }
  }

  #look() {
    const id = this.#state.pairing?.device_id;
    this.#set(cameraSeen(this.#state, this.hub.state.devices.find((device) => device.device_id === id)));
  }

  /** @param {import("../state/pairing.js").Pairing} state */
  #set(state) {
    if (state === this.#state || this.context.signal.aborted) return;
    this.#state = state;
    this.#render();
  }

  // MARK: What is to be seen

  #render() {
    const { phase, answer, problem } = this.#state;
    const shown = JSON.stringify([phase, answer, problem, this.#state.pairing?.pairing_id]);
    if (shown === this.#shown) return;
    const hadFocus = this.body.contains(document.activeElement) || document.activeElement === document.body;
    const before = this.element.dataset.phase;
    this.#shown = shown;
    this.element.dataset.phase = phase;
    this.#clock = null;
    this.body.replaceChildren(this.#content());
    // A code that is shown is what the page was opened for; all that follows is news.
    if (before === phase || phase === "waiting" || phase === "making") return;
    const heading = this.body.querySelector("h2");
    if (!heading) return;
    announce(heading.textContent ?? "");
    // Who does something else on this page is not torn away from it.
    if (hadFocus) heading.focus({ preventScroll: true });
  }

  #content() {
    switch (this.#state.phase) {
      case "making": return el("p", { class: "muted", text: "Making a code…" });
      case "waiting": return this.#waiting();
      case "claimed": return this.#claimed();
      case "joined": return this.#joined();
      case "watching": return this.#watching();
      case "rejected": return this.#over("The phone was refused", "It has not become a camera. Its code is used up.");
      case "expired": return this.#over("This code has expired", "A code works for five minutes and for one phone.");
      case "failed": return this.#over("There is no code", this.#state.problem);
    }
  }

  #waiting() {
    const { url, code, qr_svg: svg } = /** @type {Record<string, any>} */ (this.#state.pairing);
    this.#clock = el("span", { class: "pair-clock", text: countdown(this.#state.deadline - Date.now()) });
    const address = new URL("#/pair-phone", new URL("/", url)).href.replace(/^https?:\/\//, "");
    return el("div", { class: "pair-grid" },
      el("section", { class: "card stack pair-code", "aria-labelledby": "pair-code-title" },
        el("h2", { id: "pair-code-title", tabindex: "-1", text: "Scan this with the phone" }),
        qrPicture(svg, "QR code that opens this hub on the phone"),
        el("p", { class: "muted small" }, icon("clock"), " This code works for another ", this.#clock, ".")),
      el("div", { class: "stack" },
        el("section", { class: "card stack", "aria-labelledby": "pair-steps-title" },
          el("h2", { id: "pair-steps-title", text: "Three steps" }),
          el("ol", { class: "steps" },
            el("li", { text: "Point the phone's camera at the code, and open the link." }),
            el("li", { text: "Name the camera there, and tap “Ask to join”." }),
            el("li", { text: "Come back here and let it in." }))),
        el("section", { class: "card stack-tight", "aria-labelledby": "pair-typed-title" },
          el("h2", { id: "pair-typed-title", text: "It cannot scan?" }),
          el("p", { text: "Open this address on the phone:" }), el("p", {}, el("code", { class: "pair-address", text: address })),
          el("p", { text: "and type this code:" }), el("p", { class: "pair-typed", "data-code": code, text: code }),
          el("details", { class: "fold" }, el("summary", { text: "Or send the link" }), copyRow(url, "the link for the phone"))),
        el("p", { class: "row row-tight" },
          el("a", { class: "button button-quiet", href: "#/camera" }, icon("camera"), "Use this device instead"),
          el("a", { class: "button button-quiet", href: "#/keys", "data-needs": "administer" }, icon("qr"), "Many phones at once"))));
  }

  #claimed() {
    const { label, agent, address, confirm_word: word } = /** @type {Record<string, any>} */ (this.#state.pairing);
    const { answer, problem } = this.#state;
    const isBusy = answer !== null;
    return el("section", { class: "card stack pair-narrow pair-question", "aria-labelledby": "pair-question-title" },
      el("h2", { id: "pair-question-title", tabindex: "-1", text: `A phone asks to join: “${label}”` }),
      el("p", { class: "muted", text: [agentWords(agent), address].filter(Boolean).join(" · ") }),
      el("p", { text: "Does the phone show the same number?" }),
      el("p", { class: "pair-word", text: word }),
      el("p", { class: "muted small", text: "If it does not, somebody else has used your code: refuse." }),
      problem && el("p", { class: "event-reason", role: "alert", text: problem }),
      el("div", { class: "row" },
        el("button", { class: "button button-primary button-large", type: "button", disabled: isBusy, onclick: () => this.#answer(true) },
          icon("check"), answer === true ? "Letting it in…" : "Let it in"),
        el("button", { class: "button button-danger button-large", type: "button", disabled: isBusy, onclick: () => this.#answer(false) },
          icon("close"), answer === false ? "Refusing…" : "Refuse")));
  }

  #joined() {
    const { label } = /** @type {Record<string, any>} */ (this.#state.pairing);
    return el("section", { class: "card stack pair-narrow", "aria-labelledby": "pair-joined-title" },
      el("h2", { id: "pair-joined-title", tabindex: "-1", text: `“${label}” is set up` }),
      el("p", {}, el("span", { class: "badge", "data-tone": "accent" }, icon("clock"), "Waiting for its first picture")),
      el("p", { text: "Put the phone where it shall watch, plug it in, and tap “Start watching” there." }),
      this.#links());
  }

  #watching() {
    const { label } = /** @type {Record<string, any>} */ (this.#state.pairing);
    return el("section", { class: "card stack pair-narrow", "aria-labelledby": "pair-watching-title" },
      el("h2", { id: "pair-watching-title", tabindex: "-1", text: `“${label}” is watching` }),
      el("p", {}, el("span", { class: "badge", "data-tone": "ok" }, icon("eye"), "Watching")),
      el("p", { text: "What happens appears in the timeline. Say next who gets its alerts." }),
      this.#links());
  }

  #links() {
    const id = this.#state.pairing?.device_id;
    return el("div", { class: "row row-tight" },
      el("a", { class: "button button-primary", href: "#/" }, icon("eye"), "Go to the timeline"),
      id && el("a", { class: "button", href: `#/camera-settings/${encodeURIComponent(id)}` }, icon("settings"), "Its settings"),
      el("button", { class: "button", type: "button", onclick: () => this.#make() }, icon("plus"), "Add another"));
  }

  /** @param {string} title @param {string} text */
  #over(title, text) {
    return el("section", { class: "card stack pair-narrow", "aria-labelledby": "pair-over-title" },
      el("h2", { id: "pair-over-title", tabindex: "-1", text: title }), el("p", { text }),
      el("div", {}, el("button", { class: "button button-primary", type: "button", onclick: () => this.#make() }, icon("again"), "Make a new code")));
  }
}
