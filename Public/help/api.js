// @ts-check
// Shows /openapi.json.

import { el } from "../js/components/dom.js";
import { access, fields, kinds, matches, reference, words } from "./api-words.js";

/** @typedef {import("./api-words.js").Schema} Schema */

const METHODS = ["get", "post", "put", "patch", "delete"];

/** @param {string} name */
const anchor = (name) => `object-${name}`;

/** A value's kind, with a link where it is an object that is described below. @param {Schema} schema */
function kind(schema) {
  const name = reference(schema.items ?? schema);
  const text = words(schema);
  if (!name) return el("span", { class: "type", text });
  const [before, after] = text.split(name);
  return el("span", { class: "type" }, before, el("a", { href: `#${anchor(name)}`, text: name }), after);
}

/** @param {Schema} schema */
function fieldList(schema) {
  const lists = kinds(schema).map((each) => fields(each)).filter((list) => list.length).map((list) =>
    el("ul", { class: "fields" }, ...list.map((field) => fieldItem(field.name, field.schema, field.isRequired))));
  return lists.length ? el("div", { class: "stack-tight" }, ...lists) : null;
}

/** @param {string} name @param {Schema} schema @param {boolean} isRequired @param {string} [place] */
function fieldItem(name, schema, isRequired, place) {
  return el("li", {},
    el("code", { text: name }), " ", kind(schema), " ",
    el("span", { class: "type", text: [place, isRequired ? "" : "optional"].filter(Boolean).map((word) => `· ${word}`).join(" ") }),
    schema.description && el("p", { class: "small", text: schema.description }),
    fieldList(schema));
}

/** @param {Record<string, {schema: Schema}>|undefined} content */
function contents(content) {
  return Object.entries(content ?? {}).map(([type, { schema }]) =>
    el("div", {}, el("p", { class: "small" }, el("code", { text: type }), " ", kind(schema)), fieldList(schema)));
}

/** @param {string} method @param {string} path @param {Schema} operation */
function route(method, path, operation) {
  const parameters = operation.parameters ?? [];
  const answers = Object.entries(operation.responses);
  const details = el("details", { id: operation.operationId },
    el("summary", {},
      el("span", { class: "method", "data-method": method, text: method.toUpperCase() }),
      el("code", { class: "path", text: path }),
      el("span", { class: "badge", text: access(operation) }),
      el("span", { class: "muted small", text: operation.summary })),
    el("div", { class: "details" },
      operation.description && el("p", { text: operation.description }),
      parameters.length > 0 && el("h3", { text: "Parameters" }),
      parameters.length > 0 && el("ul", { class: "fields" },
        ...parameters.map((/** @type {Schema} */ each) => fieldItem(each.name, each.schema, each.required, each.in))),
      operation.requestBody && el("h3", { text: operation.requestBody.required ? "Body" : "Body, optional" }),
      ...contents(operation.requestBody?.content),
      el("h3", { text: "Answers" }),
      ...answers.map(([status, answer]) => el("div", {},
        el("p", {}, el("span", { class: "status", text: status }), ` ${answer.description}`),
        ...headers(answer.headers), ...(Number(status) < 400 ? contents(answer.content) : [])))));
  details.dataset.words = [method, path, operation.summary, operation.description, operation.tags, access(operation)].join(" ");
  return details;
}

/** @param {Record<string, {schema: Schema}>|undefined} headers */
function headers(headers) {
  const list = Object.entries(headers ?? {});
  return list.length ? [el("ul", { class: "fields" }, ...list.map(([name, { schema }]) => fieldItem(name, schema, true, "header")))] : [];
}

/** @param {string} title @param {HTMLElement[]} entries */
function group(title, entries) {
  const heading = el("h2", { id: `group-${title}`, text: title });
  return el("section", { class: "api-group", "aria-labelledby": heading.id }, heading, ...entries);
}

/** @param {Schema} document */
function show(document) {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ method, path, operation: methods[method] })));
  const groups = document.tags.map((/** @type {{name: string}} */ { name }) => group(name, routes
    .filter(({ operation }) => operation.tags.includes(name)).map(({ method, path, operation }) => route(method, path, operation))));
  const objects = Object.entries(document.components.schemas).map(([name, schema]) => {
    const details = el("details", { id: anchor(name) },
      el("summary", {}, el("span", { class: "method", text: "object" }), el("code", { class: "path", text: name })),
      el("div", { class: "details" }, schema.description && el("p", { text: schema.description }), fieldList(schema)));
    details.dataset.words = `object ${name}`;
    return details;
  });
  return [...groups, group("Objects", objects)];
}

/** Opens what the address names. */
function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.open = true;
  target.scrollIntoView();
}

/** @param {string} search */
function filter(search) {
  let count = 0;
  for (const section of document.querySelectorAll(".api-group")) {
    const entries = /** @type {HTMLElement[]} */ ([...section.querySelectorAll(":scope > details")]);
    for (const entry of entries) entry.hidden = !matches(entry.dataset.words ?? "", search);
    const left = entries.filter((entry) => !entry.hidden).length;
    /** @type {HTMLElement} */ (section).hidden = left === 0;
    count += left;
  }
  const found = document.getElementById("found");
  if (found) found.textContent = search.trim() ? (count ? `${count} found` : "Nothing found: try fewer or other words") : "";
}

const place = /** @type {HTMLElement} */ (document.getElementById("description"));
const search = /** @type {HTMLInputElement} */ (document.getElementById("search"));
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`the hub answered ${answer.status}`);
  place.append(...show(await answer.json()));
  search.addEventListener("input", () => filter(search.value));
  filter(search.value);
  addEventListener("hashchange", follow);
  follow();
} catch (error) {
  place.append(el("p", { class: "notice", role: "alert", text: `The description did not load: ${error instanceof Error ? error.message : error}. Reload the page.` }));
}
