// @ts-check
// What the pages that manage an account have in common.

import { el, icon } from "../components/dom.js";

/** @typedef {import("../identity/context.js").Context} Context */

/**
 * A page of cards below its one heading.
 * @param {{title: string, lead?: string, action?: Node|null, class?: string}} head @param {...(Node|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export const managePage = ({ title, lead, action, class: kind = "" }, ...children) =>
  el("div", { class: `page manage ${kind}`.trim() },
    el("header", { class: "page-head" }, el("div", { class: "stack-tight" }, el("h1", { text: title }),
      lead && el("p", { class: "muted", text: lead })), action),
    ...children);

/** @param {string} id @param {string} title @param {string} text @param {...(Node|null|undefined|false)} children @returns {HTMLElement} */
export const card = (id, title, text, ...children) =>
  el("section", { class: "card stack", "aria-labelledby": id },
    el("div", { class: "stack-tight" }, el("h2", { id, tabindex: "-1", text: title }), text && el("p", { class: "muted small", text })), ...children);

/**
 * What stands where a list is empty.
 * @param {string} symbol @param {string} title @param {string} text @param {...Node} children @returns {HTMLElement}
 */
export const nothing = (symbol, title, text, ...children) =>
  el("div", { class: "stack-tight empty" }, icon(symbol), el("p", { class: "empty-title", text: title }), el("p", { class: "muted", text }),
    ...children);

/**
 * Loads and shows something; what fails can be tried again. What is shown stays while it is loaded anew.
 * @template T
 */
export class Loading {
  #signal;
  #load;
  #show;
  #number = 0;

  /** @param {AbortSignal} signal of the page @param {() => Promise<T>} load @param {(result: T) => Node[]} show */
  constructor(signal, load, show) {
    this.#signal = signal;
    this.#load = load;
    this.#show = show;
    this.element = el("div", { class: "stack loading" });
    this.#wait();
    this.again();
  }

  #wait() {
    this.element.replaceChildren(el("p", { class: "muted", text: "Loading…" }));
  }

  /** @returns {Promise<void>} once it is shown, or what is wrong */
  async again() {
    const number = ++this.#number;
    this.element.setAttribute("aria-busy", "true");
    /** @type {Node[]} */
    let content;
    try {
      content = this.#show(await this.#load());
    } catch (error) {
      const retry = () => {
        this.#wait();
        this.again();
      };
      content = [el("p", { class: "notice", role: "alert", text: /** @type {Error} */ (error).message }),
        el("p", {}, el("button", { class: "button", type: "button", onclick: retry }, icon("again"), "Try again"))];
    }
    if (this.#signal.aborted || number !== this.#number) return;
    this.element.replaceChildren(...content);
    this.element.removeAttribute("aria-busy");
  }
}

/**
 * A list that goes on with a button.
 * @param {Context} context @param {string} path @param {(item: Record<string, any>) => Node} row @param {() => Node} empty
 */
export function pagedList(context, path, row, empty) {
  const list = el("ul", { class: "list-plain" });
  const older = el("button", { class: "button", type: "button", hidden: true }, "Show older");
  const problem = el("p", { class: "event-reason", role: "alert", hidden: true });
  /** @type {string|null} */
  let next = null;
  /** @param {{items: any[], next: string|null}} page */
  const add = (page) => {
    list.append(...page.items.map((item) => el("li", { class: "list-row" }, row(item))));
    next = page.next;
    older.hidden = !next;
  };
  older.addEventListener("click", async () => {
    const before = list.childElementCount;
    older.disabled = true;
    problem.hidden = true;
    try {
      add(await context.apiPage(`${path}?cursor=${encodeURIComponent(next ?? "")}`));
      // A button that is gone must not take the focus with it.
      const first = list.children[before];
      if (older.hidden && first instanceof HTMLElement) {
        first.tabIndex = -1;
        first.focus();
      }
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    }
    older.disabled = false;
  });
  return new Loading(context.signal, () => context.apiPage(path), (page) => {
    list.replaceChildren();
    add(page);
    return page.items.length ? [list, problem, el("p", {}, older)] : [empty()];
  });
}

/** By whatever way the phone has to hand on a link; null where it has none. @param {string} title @param {string} url @returns {HTMLElement|null} */
export function shareButton(title, url) {
  if (!navigator.share) return null;
  // Who changes their mind has nothing to be told.
  const share = () => navigator.share({ title, url }).catch(() => {});
  return el("button", { class: "button", type: "button", onclick: share }, icon("send"), "Share");
}

/** @param {HTMLElement} element says something once */
export function focusOn(element) {
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}
