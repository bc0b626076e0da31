// @ts-check
// What programs sign in with, and what many phones become cameras by.

import { announce, el, icon } from "../components/dom.js";
import { confirmButton, copyRow, field, form } from "../components/form.js";
import { qrPicture } from "../components/qr.js";
import { KEY_PERMISSIONS, permissionWords } from "../state/access-words.js";
import { date, dateTime, isOver, until } from "../state/dates.js";
import { agoWords } from "../state/identity-words.js";
import { card, focusOn, Loading, managePage, nothing, shareButton } from "./parts.js";

/** @typedef {import("../identity/context.js").Context} Context */

/** @param {Context} context @returns {HTMLElement} */
export const page = (context) =>
  managePage({ title: "Keys and codes", lead: "For programs that use your cameras, and for setting up many phones." }, keysCard(context),
    codesCard(context));

// MARK: API keys

/** @param {Context} context */
function keysCard(context) {
  const list = new Loading(context.signal, () => context.api("/api-keys"), (keys) => keys.length
    ? [el("ul", { class: "list-plain", "data-list": "keys" }, ...keys.map((/** @type {any} */ key) => keyRow(context, key, list)))]
    : [nothing("key", "No key yet", "A program, such as a home automation, needs one.")]);
  const name = field({ label: "What it is for", name: "name", maxlength: 80, autocomplete: "off", placeholder: "Home Assistant" });
  const days = field({ label: "Ends after days (optional)", name: "expires_in_days", required: false, inputmode: "numeric", autocomplete: "off",
    maxlength: 5, hint: "Empty: it works until it is revoked." });
  const boxes = KEY_PERMISSIONS.map(([value, title, text]) => {
    const input = el("input", { type: "checkbox", value });
    input.checked = value === "view";
    return { input, element: el("label", { class: "check" }, input, el("span", {}, title, el("span", { class: "muted small block", text }))) };
  });
  const problem = el("p", { class: "event-reason", role: "alert", hidden: true });
  const made = el("div", { class: "made stack-tight", "data-made": "key", hidden: true });
  const make = form({
    fields: [name, days], submit: "Make a key",
    onsubmit: async (/** @type {Record<string, string>} */ values) => {
      const permissions = boxes.filter(({ input }) => input.checked).map(({ input }) => input.value);
      problem.hidden = permissions.length > 0;
      if (!permissions.length) {
        problem.textContent = "A key that may do nothing is of no use.";
        return boxes[0].input.focus();
      }
      const ends = wholeNumber(days, values.expires_in_days);
      if (ends === false) return;
      const key = await context.api("/api-keys", { method: "POST",
        body: { name: values.name, permissions, ...(ends === null ? {} : { expires_in_days: ends }) } });
      name.input.value = "";
      showMade(made, `The key of “${key.name}” is shown only now. Keep it like a password:`, copyRow(key.key, "the key"));
      await list.again();
    },
  });
  days.element.before(el("fieldset", { class: "plain-fieldset" }, el("legend", { text: "It may" }), ...boxes.map(({ element }) => element), problem));
  return card("keys-title", "API keys", "", list.element, made, el("details", { class: "fold" }, el("summary", { text: "Make a key" }), make));
}

/** @param {Context} context @param {any} key @param {Loading<any>} list */
function keyRow(context, key, list) {
  const now = Date.now();
  const ends = key.expires_at ? (isOver(key.expires_at, now) ? "has ended" : `ends ${date(key.expires_at)}`) : "does not end";
  const used = key.used_at ? `used ${agoWords(key.used_at, now)}` : "never used";
  return el("li", { class: "list-row" },
    el("div", { class: "row-head" }, el("h3", { text: key.name }),
      isOver(key.expires_at, now) && el("span", { class: "badge", "data-tone": "danger", text: "Ended" })),
    el("p", { class: "small", text: permissionWords(key.permissions) }),
    el("p", { class: "muted small", text: `Made ${date(key.created_at)} · ${used} · ${ends}` }),
    confirmButton({
      text: "Revoke", question: `Revoke “${key.name}”? What uses it is disconnected at once.`, yes: "Yes, revoke",
      onconfirm: () => revoke(context, `/api-keys/${encodeURIComponent(key.key_id)}`, `“${key.name}” was revoked.`, list, "keys-title"),
    }));
}

// MARK: Activation codes

/** @param {Context} context */
function codesCard(context) {
  const list = new Loading(context.signal, () => context.api("/activation-codes"), (codes) => codes.length
    ? [el("ul", { class: "list-plain", "data-list": "codes" }, ...codes.map((/** @type {any} */ code) => codeRow(context, code, list)))]
    : [nothing("qr", "No code yet", "With one code, as many phones as you say become cameras without being let in one by one.")]);
  const label = field({ label: "What it is for", name: "label", maxlength: 80, autocomplete: "off", placeholder: "Phones of the shop" });
  const uses = field({ label: "For how many phones", name: "uses", inputmode: "numeric", autocomplete: "off", value: "5", maxlength: 5 });
  const hours = field({ label: "For how many hours", name: "expires_in_hours", inputmode: "numeric", autocomplete: "off", value: "24",
    maxlength: 5 });
  const made = el("div", { class: "made stack-tight", "data-made": "code", hidden: true });
  const make = form({
    fields: [label, uses, hours], submit: "Make a code",
    onsubmit: async (/** @type {Record<string, string>} */ values) => {
      const count = wholeNumber(uses, values.uses), lasts = wholeNumber(hours, values.expires_in_hours);
      if (count === false || lasts === false) return;
      const code = await context.api("/activation-codes", { method: "POST", body: { label: values.label, uses: count, expires_in_hours: lasts } });
      label.input.value = "";
      showMade(made, "The code is shown only now. Whoever has it can add a camera:", qrPicture(code.qr_svg, "QR code that makes a phone a camera"),
        copyRow(code.code, "the code"), copyRow(code.url, "the link"),
        el("div", { class: "row row-tight" }, shareButton("Become a camera", code.url)));
      await list.again();
    },
  });
  return card("codes-title", "Activation codes", "", list.element, made,
    el("details", { class: "fold" }, el("summary", { text: "Make a code" }), make));
}

/** @param {any} code @param {number} now @returns {{text: string, tone: string}} */
function codeState({ revoked, uses, used, expires_at: expires }, now) {
  if (revoked) return { text: "Revoked", tone: "danger" };
  if (used >= uses) return { text: "Used up", tone: "" };
  return isOver(expires, now) ? { text: "Expired", tone: "" } : { text: "Works", tone: "ok" };
}

/** @param {Context} context @param {any} code @param {Loading<any>} list */
function codeRow(context, code, list) {
  const now = Date.now();
  const { text, tone } = codeState(code, now);
  const isLive = text === "Works";
  const redemptions = code.redemptions ?? [];
  return el("li", { class: "list-row" },
    el("div", { class: "row-head" }, el("h3", { text: code.label }),
      el("span", { class: "badge", "data-tone": tone }, tone === "ok" && icon("check"), text)),
    el("p", { class: "muted small", text: [`${code.used} of ${code.uses} used`, isLive && `ends ${until(code.expires_at, now)}`,
      `made ${date(code.created_at)}`].filter(Boolean).join(" · ") }),
    redemptions.length > 0 && el("details", { class: "fold" }, el("summary", { text: "Who used it" }),
      el("ul", { class: "list-plain small" }, ...redemptions.map((/** @type {any} */ one) =>
        el("li", {}, el("span", { text: one.label }),
          el("span", { class: "muted", text: ` ${dateTime(one.at)}${one.address ? ` from ${one.address}` : ""}` }))))),
    isLive && confirmButton({
      text: "Revoke", question: `Revoke “${code.label}”? No further phone can use it; the cameras that did stay.`, yes: "Yes, revoke",
      onconfirm: () =>
        revoke(context, `/activation-codes/${encodeURIComponent(code.code_id)}`, `“${code.label}” was revoked.`, list, "codes-title"),
    }));
}

// MARK: Both

/** @param {HTMLElement} place @param {string} text @param {...Node} content */
function showMade(place, text, ...content) {
  const words = el("p", { tabindex: "-1", text });
  place.replaceChildren(words, ...content);
  place.hidden = false;
  announce(text);
  focusOn(words);
}

/** @param {Context} context @param {string} path @param {string} done @param {Loading<any>} list @param {string} heading */
async function revoke(context, path, done, list, heading) {
  await context.api(path, { method: "DELETE" });
  await list.again();
  announce(done);
  const element = document.getElementById(heading);
  if (element) focusOn(element);
}

/** `null` for nothing, `false` (said at the field) for what is no number. @param {any} at @param {string} text @returns {number|null|false} */
function wholeNumber(at, text) {
  if (!text) return null;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  at.fail("A whole number, 1 or more.");
  at.input.focus();
  return false;
}
