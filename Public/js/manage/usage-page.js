// @ts-check
// What the plan includes, and how much of it was used.

import { el } from "../components/dom.js";
import { dateTime } from "../state/dates.js";
import { creditWords, entryName, entryWords, monthName, NEARLY, planRows } from "../state/usage-words.js";
import { card, Loading, managePage, nothing, pagedList } from "./parts.js";

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export function page(context) {
  const usage = new Loading(context.signal, () => context.api("/account/usage"), (answer) => [creditCard(answer), planCard(answer)]);
  const entries = pagedList(context, "/account/usage/entries", entryRow,
    () => nothing("clock", "Nothing was used yet", "Each clip that is looked at appears here."));
  return managePage({ title: "Plan and usage", lead: "Looking at clips costs credits: one for ten seconds." }, usage.element,
    card("entries-title", "What it was used for", "", entries.element));
}

/** @param {any} usage */
function creditCard({ credits, month }) {
  const { text, note, share, tone } = creditWords(credits);
  return card("credits-title", monthName(month), "",
    share === null ? null : el("meter", { class: "usage-meter", "data-tone": tone, min: 0, max: 1, low: NEARLY, high: 0.9999, optimum: 0,
      value: share, "aria-label": "Credits used this month" }),
    el("p", { class: "lead", "data-credits": credits.used, text }),
    note && el("p", { class: tone === "danger" ? "notice" : "muted small", text: note }));
}

/** @param {any} usage */
function planCard({ plan, devices, viewers }) {
  const used = { Cameras: devices, "Watching at once": viewers };
  return card("plan-title", `Plan: ${plan.name}`, "",
    el("dl", { class: "facts" }, ...planRows(plan).flatMap(([name, value]) => {
      const now = /** @type {Record<string, any>} */ (used)[name];
      return [el("dt", { text: name }), el("dd", { text: Number.isFinite(now) ? `${value} (${now} now)` : value })];
    })));
}

/** @param {any} entry */
const entryRow = (entry) =>
  el("div", { class: "row-head" },
    el("div", {}, el("p", { text: entryName(entry) }), el("p", { class: "muted small", text: dateTime(entry.at) })),
    el("p", { class: "small" }, entryWords(entry), entry.event_id ? " · " : "",
      entry.event_id && el("a", { href: `#/event/${encodeURIComponent(entry.event_id)}`, text: "Event" })));
