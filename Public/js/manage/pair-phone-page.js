// @ts-check
// The phone that shall become a camera: it names itself, asks, and waits until the other device lets it in.

import { announce, el, icon } from "../components/dom.js";
import { field, form } from "../components/form.js";
import { rememberedDevice } from "../sensor/device.js";
import {
  asked, claimed, claimTold, claimUnknown, codeOf, codeSoFar, joiningWith, refused, remembered, toRemember,
} from "../state/pairing-phone.js";
import { nameField } from "./name-field.js";

const POLL_MS = 1000;
const KEPT = "pingwatch.pairing";

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export const page = (context) => new JoinPage(context).element;

class JoinPage {
  /** @type {import("../state/pairing-phone.js").Joining} */ #state;
  #isAsking = false;
  #shown = "";

  /** @param {import("../identity/context.js").Context} context */
  constructor(context) {
    this.context = context;
    const secret = context.route.parameter;
    const label = rememberedDevice().label;
    this.#state = remembered(kept(), secret) ?? joiningWith({ secret, label });
    this.element = el("div", { class: "card stack identity pair-phone" });
    const polls = setInterval(() => this.#poll(), POLL_MS);
    context.signal.addEventListener("abort", () => clearInterval(polls));
    // A phone whose screen was off does not wait for the next second.
    document.addEventListener("visibilitychange", () => this.#poll(), { signal: context.signal });
    keep(this.#state);
    this.#render();
    this.#poll();
  }

  /** @param {{secret?: string, code?: string}} by @param {string} label */
  async #ask(by, label) {
    this.#state = asked(this.#state, by, label);
    try {
      this.#set(claimed(this.#state, await this.context.api("/pairings/claim", { method: "POST", body: { ...by, label } })));
    } catch (error) {
      this.#set(refused(this.#state, /** @type {any} */ (error)));
      // The form that asked says it at the field.
      if (this.#state.phase === "form") throw fieldError(this.#state, error);
    }
  }

  async #poll() {
    if (this.#state.phase !== "waiting" || this.#isAsking || document.visibilityState === "hidden") return;
    this.#isAsking = true;
    try {
      this.#set(claimTold(this.#state, await this.context.api("/pairings/claim/status", { method: "POST", body: { claim: this.#state.claim } })));
    } catch (error) {
      this.#set(claimUnknown(this.#state, /** @type {any} */ (error)));
    }
    this.#isAsking = false;
  }

  #startAgain() {
    this.#set(joiningWith({ label: this.#state.label }));
    this.element.querySelector("input")?.focus();
  }

  /** @param {import("../state/pairing-phone.js").Joining} state */
  #set(state) {
    if (state === this.#state || this.context.signal.aborted) return;
    this.#state = state;
    keep(state);
    this.#render();
    if (state.admission) this.context.becomeCamera(state.admission);
  }

  // MARK: What is to be seen

  #render() {
    const { phase, isAway } = this.#state;
    // The form stays as it is while it is sent, and corrected.
    const shown = phase === "asking" ? "form" : `${phase} ${isAway}`;
    if (shown.split(" ")[0] === "form" && this.#shown.split(" ")[0] === "form") return;
    const isFirst = !this.#shown;
    this.#shown = shown;
    this.element.dataset.phase = phase;
    this.element.replaceChildren(...this.#content());
    const heading = this.element.querySelector("h1");
    if (isFirst || !heading) return;
    announce(heading.textContent ?? "");
    heading.focus({ preventScroll: true });
  }

  #content() {
    switch (this.#state.phase) {
      case "waiting": return this.#waiting();
      case "admitted": return partsOf("This phone is in", el("p", { text: "Opening the camera…" }));
      case "rejected": return this.#over("The other device refused", "This phone has not become a camera.");
      case "expired": return this.#over("This code is not valid any more",
        "A code works for five minutes and for one phone. Make a new one on the other device: Add a camera.");
      default: return this.#form();
    }
  }

  #form() {
    const { by, label } = this.#state;
    const isTyped = !by.secret;
    const name = nameField(label);
    const code = field({ label: "Code", name: "code", autocomplete: "off", placeholder: "ABCD-EFGH", maxlength: 16,
      hint: "The other device shows it: Add a camera." });
    code.input.setAttribute("autocapitalize", "characters");
    code.input.spellcheck = false;
    code.input.classList.add("code-input");
    code.input.addEventListener("input", () => {
      // In the middle of it the caret would jump.
      if (code.input.selectionStart === code.input.value.length) code.input.value = codeSoFar(code.input.value);
    });
    return partsOf("Make this phone a camera",
      el("p", { text: `It joins the account of whoever gave you the code, once they let it in: they see its live picture and its clips,
        and nothing else of this phone.` }),
      name.addTo(form({
        fields: isTyped ? [code, name.field] : [name.field],
        submit: "Ask to join",
        onsubmit: async (/** @type {Record<string, string>} */ values) => {
          const typed = isTyped ? codeOf(values.code) : null;
          if (isTyped && !typed) return code.fail("A code has eight letters and digits, such as ABCD-EFGH.");
          await this.#ask(typed ? { code: typed } : { secret: by.secret }, values.label);
        },
      })));
  }

  #waiting() {
    const { label, word, account, isAway } = this.#state;
    return partsOf("Now on the other device",
      el("p", { text: `“${label}” asks to join “${account}”. The other device shows a number: is it this one?` }),
      el("p", { class: "pair-word", text: word }),
      el("p", { text: "If so, tap “Let it in” there." }),
      el("p", { class: "row row-tight muted", role: "status" }, icon(isAway ? "offline" : "clock"),
        el("span", { text: isAway ? "The hub is away; trying again." : "Waiting…" })),
      el("div", {}, el("button", { class: "button button-quiet", type: "button", onclick: () => this.#startAgain() }, "Start again")));
  }

  /** @param {string} title @param {string} text */
  #over(title, text) {
    return partsOf(title, el("p", { text }),
      el("div", {}, el("button", { class: "button button-primary", type: "button", onclick: () => this.#startAgain() }, icon("again"),
        "Type another code")));
  }
}

/** @param {string} title @param {...Node} children */
const partsOf = (title, ...children) => [el("h1", { tabindex: "-1", text: title }), ...children];

/** What the form shows, and where. @param {import("../state/pairing-phone.js").Joining} state @param {any} error */
const fieldError = ({ problem, field: at }, error) => Object.assign(error, { message: problem, field: at || undefined });

/** Survives a reload, and ends with the tab. @returns {any} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {import("../state/pairing-phone.js").Joining} state */
function keep(state) {
  const value = toRemember(state);
  try {
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value));
    else if (state.phase !== "asking") sessionStorage.removeItem(KEPT);
  } catch {
    // Then it does not survive one.
  }
}
