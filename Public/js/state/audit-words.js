// @ts-check
// What the record of an account says, in words. Pure.

import { roleName } from "./access-words.js";

/** `…` is where the subject goes. What is not here is shown as the hub calls it. @type {Record<string, string>} */
const ACTIONS = {};

/** What was done, with the hub's own word for it where there is no other. @param {Record<string, any>} entry */
export function auditWords({ action, subject, detail }) {
  const words = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : null;
  const about = text(subject);
  const what = words ? words.replace("…", about || "—") : [action, about].filter(Boolean).join(": ");
  const more = text(detail);
  return more ? `${what} (${more})` : what;
}

/** Values, or "name: value" of an object. @param {unknown} value @returns {string} */
function text(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, inner]) => `${name.replaceAll("_", " ")}: ${name === "role" ? roleName(String(inner)) : text(inner)}`).join(", ");
}

/** @type {Record<string, string>} */
const KINDS = { device: "Camera", key: "API key", worker: "Worker", nobody: "Somebody who is not signed in" };

/** Who did it. @param {{kind: string, name?: string|null}|null|undefined} actor */
export function actorWords(actor) {
  if (!actor) return "The hub";
  const kind = Object.hasOwn(KINDS, actor.kind) ? KINDS[actor.kind] : actor.kind === "user" ? "" : actor.kind;
  return [kind, actor.name ? (kind ? `“${actor.name}”` : actor.name) : ""].filter(Boolean).join(" ") || "Somebody";
}
