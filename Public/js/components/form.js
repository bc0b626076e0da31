// @ts-check
// Forms that look and behave the same everywhere: what is wrong is said at its field.

import { announce, el, icon } from "./dom.js";

let nextId = 1;

/**
 * @typedef {{label: string, name: string, type?: string, value?: string, autocomplete?: string, required?: boolean, hint?: string,
 *   inputmode?: string, maxlength?: number, placeholder?: string, spellcheck?: string}} FieldOptions
 * @typedef {{element: HTMLElement, input: HTMLInputElement, name: string, fail: (words: string) => void, clear: () => void}} Field
 */

/** A label, its input, what helps to fill it in, and what is wrong with it. @param {FieldOptions} options @returns {Field} */
export function field({ label, name, type = "text", value, hint, required = true, ...attributes }) {
  const id = `field-${nextId++}`;
  const problem = el("span", { class: "field-problem", id: `${id}-problem`, hidden: true });
  const described = `${hint ? `${id}-hint ` : ""}${id}-problem`;
  const isCode = type === "password" || type === "email" || attributes.autocomplete === "one-time-code";
  const asTyped = isCode ? { autocapitalize: "none", spellcheck: "false" } : {};
  const input = el("input", { id, name, type, required, "aria-describedby": described, ...asTyped, ...attributes });
  if (value) input.value = value;
  const clear = () => {
    input.removeAttribute("aria-invalid");
    problem.hidden = true;
  };
  input.addEventListener("input", clear);
  const fail = (/** @type {string} */ words) => {
    input.setAttribute("aria-invalid", "true");
    problem.replaceChildren(icon("warning"), words);
    problem.hidden = false;
  };
  const element = el("div", { class: "field", "data-field": name },
    el("label", { for: id, text: label }),
    type === "password" ? el("div", { class: "field-secret" }, input, showButton(input)) : input,
    hint && el("span", { class: "field-hint", id: `${id}-hint`, text: hint }), problem);
  return { element, input, name, fail, clear };
}

/** Lets somebody see what was typed. @param {HTMLInputElement} input */
function showButton(input) {
  const button = el("button", { class: "button button-quiet", type: "button", "aria-pressed": "false", "aria-label": "Show password" }, icon("eye"));
  button.addEventListener("click", () => {
    const isShown = input.type === "password";
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  });
  return button;
}

/** Passwords may begin or end with a space; nothing else does on purpose. @param {Field[]} fields @returns {Record<string, string>} */
const valuesOf = (fields) => Object.fromEntries(fields.map(({ input, name, element }) =>
  [name, element.querySelector(".field-secret") ? input.value : input.value.trim()]));

/**
 * `wordsOf` says in other words, or of another field, what the hub refused.
 * @param {{fields: Field[], submit: string, class?: string, button?: string, children?: (Node|null|false)[], after?: (Node|null|false)[],
 *   onsubmit: (values: Record<string, string>) => Promise<unknown>, wordsOf?: (error: any) => {field?: string, words: string}|null}} options
 * @returns {HTMLFormElement & {problem: HTMLElement, submitButton: HTMLButtonElement, fail: (error: any) => void}}
 */
export function form({ fields, submit, class: name = "stack", button = "button-primary", children = [], after = [], onsubmit, wordsOf }) {
  const problem = el("p", { class: "form-problem", role: "alert", hidden: true });
  const submitButton = el("button", { class: `button ${button}`, type: "submit", text: submit });
  const element = el("form", { class: name, novalidate: true }, ...children, ...fields.map((one) => one.element), problem, submitButton, ...after);
  const fail = (/** @type {any} */ error) => {
    const { field: at = undefined, words } = wordsOf?.(error) ?? { field: error.field, words: error.message };
    const place = fields.find((one) => one.name === at && !one.element.hidden);
    if (place) {
      place.fail(words);
      // Its description is read with it.
      place.input.focus();
    } else {
      problem.textContent = words;
      problem.hidden = false;
    }
  };
  element.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (submitButton.disabled) return;
    problem.hidden = true;
    const wrong = fields.filter((one) => !one.element.hidden && !check(one));
    if (wrong.length) return wrong[0].input.focus();
    submitButton.disabled = true;
    // Not to be kept by the browser as something else than a password.
    for (const shown of element.querySelectorAll(".field-secret [aria-pressed='true']")) shown.click();
    try {
      await onsubmit(valuesOf(fields));
    } catch (error) {
      fail(error);
    } finally {
      submitButton.disabled = false;
    }
  });
  return Object.assign(element, { problem, submitButton, fail });
}

/** In words of our own, at the field, instead of the browser's bubble. @param {Field} one @returns {boolean} */
function check({ input, fail, clear, element }) {
  clear();
  const label = element.querySelector("label")?.textContent ?? "";
  if (input.required && !input.value.trim()) fail(`Fill in “${label}”.`);
  else if (input.type === "email" && !input.validity.valid) fail("This is no e-mail address. It looks like you@example.org.");
  else return true;
  return false;
}

/** Something to take elsewhere. @param {string} text @param {string} label what it is */
export function copyRow(text, label) {
  const button = el("button", { class: "button", type: "button", "aria-label": `Copy ${label}` }, icon("copy"), "Copy");
  button.addEventListener("click", async () => {
    // Browsers let pages do it on secure pages only.
    const isDone = await (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => true, () => false);
    if (isDone) button.replaceChildren(icon("check"), "Copied");
    else getSelection()?.selectAllChildren(code);
    announce(isDone ? "Copied." : "It is selected; copy it with your keyboard or a long press.");
  });
  const code = el("code", { text });
  return el("div", { class: "command" }, code, button);
}

/**
 * A button for what cannot be undone, which asks once more.
 * @param {{text: string, question: string, yes: string, symbol?: string, onconfirm: () => Promise<unknown>}} options
 * @returns {HTMLElement}
 */
export function confirmButton({ text, question, yes, symbol = "delete", onconfirm }) {
  const problem = el("p", { class: "form-problem", role: "alert", hidden: true });
  const first = el("button", { class: "button button-danger", type: "button", onclick: () => ask(true) }, icon(symbol), text);
  const sure = el("button", { class: "button button-danger", type: "button", onclick: () => perform() }, icon(symbol), yes);
  const onkeydown = (/** @type {KeyboardEvent} */ { key }) => { if (key === "Escape") ask(false); };
  const asking = el("div", { class: "confirm stack-tight", role: "group", "aria-label": text, hidden: true, onkeydown },
    el("p", { text: question }), problem,
    el("div", { class: "row row-tight" }, sure, el("button", { class: "button", type: "button", onclick: () => ask(false) }, "Cancel")));
  const ask = (/** @type {boolean} */ isAsking) => {
    first.hidden = isAsking;
    asking.hidden = !isAsking;
    problem.hidden = true;
    /** @type {HTMLElement} */ (isAsking ? sure : first).focus();
  };
  const perform = async () => {
    sure.disabled = true;
    try {
      await onconfirm();
      if (asking.isConnected) ask(false);
    } catch (/** @type {any} */ error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    sure.disabled = false;
  };
  return el("div", { class: "confirm-button" }, first, asking);
}
