// @ts-check
// Who may do what, in words, and what one may change about it. Pure.

import { roleWords } from "./identity-words.js";

/** The highest first. */
export const ROLES = ["owner", "admin", "member", "viewer"];

/** "Viewer". @param {string} role */
export const roleName = (role) => begin(roleWords(role).name.replace(/^an? /, ""));

/** @param {string} role */
export const roleMeaning = (role) => `They ${roleWords(role).may}.`;

/** @param {string} text */
const begin = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What an API key may be given; the words complete "May …". @type {[string, string, string][]} */
export const KEY_PERMISSIONS = [
  ["view", "See", "cameras, events, clips and live pictures"],
  ["control", "Control", "settings, commands, watching, alerts; delete events"],
  ["pair", "Add and remove cameras", "with all that belongs to them"],
  ["summarize", "Write summaries", "what is said of an event"],
];

/** "See, control". @param {string[]} permissions */
export function permissionWords(permissions) {
  const known = KEY_PERMISSIONS.filter(([name]) => permissions.includes(name)).map(([, title]) => title.toLowerCase());
  const words = [...known, ...permissions.filter((name) => !KEY_PERMISSIONS.some(([one]) => one === name))];
  return begin(words.join(", "));
}

/** Which roles somebody may give: an admin makes no owners. @param {string} ownRole @returns {string[]} */
export const rolesToGive = (ownRole) => (ownRole === "owner" ? ROLES : ownRole === "admin" ? ROLES.slice(1) : []);

/**
 * What one may do about a person of the account.
 * @param {{user_id: string, role: string}} person @param {{user_id: string, role: string}} self
 * @returns {{roles: string[], devices: boolean, remove: boolean}} `roles`: to choose from, none where it cannot be changed
 */
export function rightsOver(person, self) {
  const isSelf = person.user_id === self.user_id;
  const isAbove = person.role === "owner" && self.role !== "owner";
  const may = !isSelf && !isAbove && rolesToGive(self.role).length > 0;
  // Owners and admins run the account: they see all of it.
  return { roles: may ? rolesToGive(self.role) : [], devices: may && canBeLimited(person.role), remove: may };
}

/** Whether somebody of that role can be shown some cameras only. @param {string} role */
export const canBeLimited = (role) => role === "member" || role === "viewer";

/** "All cameras", "Hall and Garage", "No camera". @param {{all_devices: boolean, devices?: string[]}} access @param {Record<string, any>[]} known */
export function accessWords({ all_devices: all, devices = [] }, known) {
  if (all) return "All cameras";
  const names = devices.map((id) => known.find((device) => device.device_id === id)?.label ?? "a camera that is gone");
  if (!names.length) return "No camera";
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
