// @ts-check
// What becomes of a new version of the page. A pure state machine: events come in, a new state and at most one action come out.

/**
 * `current`: there is none; `ready`: it can be used; `postponed`: not now; `accepted`: its worker was asked to take over.
 * `isWaiting`: whether its worker still waits for that.
 * @typedef {{phase: "current"|"ready"|"postponed"|"accepted", isWaiting: boolean}} Update
 *
 * `installed`: its worker waits; `controlled`: a worker took over, `isFirst` if there was none before; `gone`: the hub has no worker at this address
 * any more; `accept` and `later`: what somebody chose.
 * @typedef {{type: "installed"|"gone"|"accept"|"later"}|{type: "controlled", isFirst: boolean}} UpdateEvent
 */

/** @type {Update} */
export const noUpdate = { phase: "current", isWaiting: false };

/**
 * @param {Update} update
 * @param {UpdateEvent} event
 * @returns {{update: Update, action: "activate"|"reload"|null}}
 */
export function updated(update, event) {
  switch (event.type) {
    case "installed":
      return { update: { phase: "ready", isWaiting: true }, action: null };
    case "gone":
      return { update: { phase: "ready", isWaiting: false }, action: null };
    case "controlled":
      // Ready, not current: who does not leave the page after all can still do so later.
      if (update.phase === "accepted") return { update: { phase: "ready", isWaiting: false }, action: "reload" };
      // Accepted on another page, which is no reason to reload this one.
      return { update: event.isFirst ? update : { phase: "ready", isWaiting: false }, action: null };
    case "accept":
      if (update.phase !== "ready") return { update, action: null };
      return update.isWaiting ? { update: { ...update, phase: "accepted" }, action: "activate" } : { update, action: "reload" };
    case "later":
      return { update: update.phase === "ready" ? { ...update, phase: "postponed" } : update, action: null };
  }
}

/**
 * What is said about it.
 * @param {Update} update
 * @param {boolean} isWatching a camera is not interrupted: it would not go on by itself
 * @returns {{text: string, canReload: boolean}|null}
 */
export function updateWords({ phase }, isWatching) {
  if (phase === "current" || phase === "postponed") return null;
  if (phase === "accepted") return { text: "The new version is being started…", canReload: false };
  return isWatching ? { text: "A new version is ready. Stop watching to use it.", canReload: false } : { text: "A new version is ready.", canReload: true };
}
