// @ts-check
// The phone that asks to join: what it was given, what it waits for, and what came of it. Pure.

/**
 * @typedef {"form"|"asking"|"waiting"|"admitted"|"rejected"|"expired"} Phase
 * @typedef {object} Joining
 * @property {Phase} phase
 * @property {{secret?: string, code?: string}} by what was scanned or typed
 * @property {string} label
 * @property {string} claim by which this phone asks what became of it
 * @property {string} word two digits that both devices show
 * @property {string} account whose camera it becomes
 * @property {string} problem
 * @property {string} field of the problem
 * @property {boolean} isAway the hub does not answer just now
 * @property {{device: {device_id: string, label: string}, device_token: string}|null} admission
 */

/** Letters and digits that nobody takes for others; phones make dashes of two hyphens. */
const ALPHABET = /^[ABCDEFGHJKMNPQRSTUVWXYZ23456789]{8}$/;
/** How a code is written, while it is being typed. */
const GROUP = 4, LENGTH = 8;

/** @type {Joining} */
const fresh = { phase: "form", by: {}, label: "", claim: "", word: "", account: "", problem: "", field: "", isAway: false, admission: null };

/** @param {{secret?: string, code?: string, label?: string}} [given] @returns {Joining} */
export const joiningWith = ({ secret, code, label = "" } = {}) => ({ ...fresh, by: secret ? { secret } : code ? { code } : {}, label });

/** @param {Joining} state @param {{code?: string}|{secret?: string}} by @param {string} label @returns {Joining} */
export const asked = (state, by, label) => ({ ...state, phase: "asking", by, label, problem: "", field: "" });

/** The hub has told the other device. @param {Joining} state @param {Record<string, any>} answer @returns {Joining} */
export const claimed = (state, { claim, confirm_word: word, account_name: account }) =>
  ({ ...state, phase: "waiting", claim, word: String(word), account: account ?? "", isAway: false });

/** It did not. @param {Joining} state @param {{status?: number, code?: string, message: string, field?: string}} error @returns {Joining} */
export function refused(state, { code, message, field = "" }) {
  // A code that was typed is corrected; a link that is used up can only be replaced.
  if (code === "link_expired" && state.by.secret) return { ...state, phase: "expired" };
  if (code === "link_expired") return { ...state, phase: "form", problem: "This code is not valid any more, or was typed wrongly.", field: "code" };
  return { ...state, phase: "form", problem: message, field };
}

/** What the hub says of the claim. @param {Joining} state @param {Record<string, any>} status @returns {Joining} */
export function claimTold(state, { state: told, device, device_token: token }) {
  if (state.phase !== "waiting") return state;
  switch (told) {
    case "confirmed":
      // The token is told once: who asks again has lost it.
      return token ? { ...state, phase: "admitted", admission: { device, device_token: token }, isAway: false } : { ...state, phase: "expired" };
    case "rejected": return { ...state, phase: "rejected" };
    case "expired": return { ...state, phase: "expired" };
    default: return state.isAway ? { ...state, isAway: false } : state;
  }
}

/** It could not be asked. @param {Joining} state @param {{status?: number, code?: string}} error @returns {Joining} */
export function claimUnknown(state, { status = 0 }) {
  if (state.phase !== "waiting") return state;
  // Asked too often, or the hub is away: neither says anything about the claim.
  if (status === 0 || status === 429 || status >= 500) return { ...state, isAway: status !== 429 };
  return { ...state, phase: "expired" };
}

/** What a reload has to know: a secret is not in the address any more. @param {Joining} state */
export const toRemember = ({ phase, by, label, claim, word, account }) =>
  (phase === "waiting" ? { by, label, claim, word, account } : phase === "form" && by.secret ? { by, label } : null);

/** @param {any} kept @param {string} secret of the link that was opened just now, "" without one @returns {Joining|null} */
export function remembered(kept, secret) {
  if (!kept || typeof kept !== "object" || (secret && kept.by?.secret !== secret)) return null;
  const { secret: known, code } = kept.by ?? {};
  const state = joiningWith({ secret: text(known), code: text(code), label: text(kept.label) });
  return text(kept.claim) ? { ...state, phase: "waiting", claim: kept.claim, word: text(kept.word), account: text(kept.account) } : state;
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");

/** "ABCD-EFGH" of what was typed; null when it is no code. @param {string} text */
export function codeOf(text) {
  const plain = text.toUpperCase().replaceAll(/[\s\p{Pd}]/gu, "");
  return ALPHABET.test(plain) ? `${plain.slice(0, GROUP)}-${plain.slice(GROUP)}` : null;
}

/** The same, while it is not complete. @param {string} text */
export function codeSoFar(text) {
  const plain = text.toUpperCase().replaceAll(/[^A-Z0-9]/g, "").slice(0, LENGTH);
  return plain.length > GROUP ? `${plain.slice(0, GROUP)}-${plain.slice(GROUP)}` : plain;
}

/** Names for a camera that are chosen by a tap. */
export const ROOMS = ["Hall", "Living room", "Nursery", "Garage", "Garden"];
