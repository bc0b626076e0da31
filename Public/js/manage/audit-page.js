// @ts-check
// Who did what in the account, from where, and when.

import { el } from "../components/dom.js";
import { actorWords, auditWords } from "../state/audit-words.js";
import { dateTime } from "../state/dates.js";
import { card, managePage, nothing, pagedList } from "./parts.js";

/** @param {import("../identity/context.js").Context} context @returns {HTMLElement} */
export function page(context) {
  const entries = pagedList(context, "/account/audit", entryRow,
    () => nothing("clock", "Nothing is recorded yet", "What people and programs do to the account appears here."));
  return managePage({ title: "Audit log", lead: "Who did what, from where, and when. Newest first." },
    card("audit-title", "What happened", "", entries.element));
}

/** @param {any} entry */
const entryRow = (entry) =>
  el("div", { class: "stack-tight audit-entry", "data-action": entry.action },
    el("p", { class: "audit-words", text: auditWords(entry) }),
    el("p", { class: "muted small", text: [actorWords(entry.actor), entry.address, dateTime(entry.at)].filter(Boolean).join(" · ") }));
