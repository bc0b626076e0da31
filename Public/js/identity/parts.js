// @ts-check
// What the pages of signing in have in common.

import { el } from "../components/dom.js";
import { field } from "../components/form.js";

export const NOTHING_THERE = "Nothing there after some minutes? Look at what your mailbox takes for spam, and check the address.";

/** What a page with a link out of a mail says that was loaded again. */
export const OPEN_AGAIN = "Open the link once more where you got it: this page forgets it when it is loaded again.";

/** A narrow card. @param {string} title @param {...(Node|string|null|false)} children */
export const card = (title, ...children) => el("section", { class: "card stack identity" }, el("h1", { text: title }), ...children);

/** A card of a page with several. @param {string} name @param {string} title @param {...(Node|string|null|false)} children */
export const section = (name, title, ...children) => el("section", { class: "card stack", "aria-labelledby": `section-${name}` },
  el("h2", { id: `section-${name}`, text: title }), ...children);

/** @param {string} text */
export const muted = (text) => el("p", { class: "muted", text });

/** @param {string} path @param {string} text */
export const link = (path, text) => el("a", { href: `#${path}`, text });

/** Links below a form. @param {...(Node|null|false)} links */
export const links = (...links) => (links.some(Boolean) ? el("p", { class: "identity-links" }, ...links) : null);

/** @param {string} [value] */
export const emailField = (value) => field({
  label: "E-mail", name: "email", type: "email", autocomplete: "username", inputmode: "email", value, placeholder: "you@example.org",
});

/** @param {number} minimum characters @param {string} [label] */
export const newPasswordField = (minimum, label = "Password") => field({
  label, name: "password", type: "password", autocomplete: "new-password",
  hint: `At least ${minimum} characters. A few words in a row are easy to keep in mind.`,
});

/** @param {string} [value] */
export const nameField = (value) =>
  field({ label: "Your name (optional)", name: "name", autocomplete: "name", required: false, maxlength: 80, value });

/** @param {string} password @param {number} minimum @returns {void} throws what is wrong with it, before the hub is asked */
export function checkPassword(password, minimum) {
  // The hub counts characters as people see them, or nearly.
  const { length } = [...password];
  if (length < minimum) throw Object.assign(new Error(`Take at least ${minimum} characters; this has ${length}.`), { field: "password" });
}

/**
 * A link whose secret is used up, was never right, or is not in the address any more.
 * @param {string} title @param {string} words @param {Node} next
 */
export const deadLink = (title, words, next) => card(title, el("p", { role: "alert", text: words }), next);
