// @ts-check
// The second device while a phone is being paired: a code is shown, somebody asks, is let in or refused, and becomes a camera. Pure.

/**
 * @typedef {"making"|"waiting"|"claimed"|"joined"|"watching"|"rejected"|"expired"|"failed"} Phase
 * @typedef {object} Pairing
 * @property {Phase} phase
 * @property {Record<string, any>|null} pairing of the API
 * @property {boolean|null} answer what the person has just said, until the hub knows
 * @property {string} problem why something did not work, "" when nothing is wrong
 * @property {number} deadline on this device's clock, ms
 */

/** How long a code lives (docs/API.md). */
export const LIFETIME_MS = 5 * 60_000;
/** A clock that is further away from the hub's says nothing about when a code expires. */
const SKEW_MS = 10_000;
/** What comes late is not believed: a pairing only ever moves on. @type {Record<string, number>} */
const ORDER = { waiting: 0, claimed: 1, confirmed: 2, rejected: 2, expired: 2 };
/** @type {Record<string, Phase>} */
const PHASES = { waiting: "waiting", claimed: "claimed", confirmed: "joined", rejected: "rejected", expired: "expired" };

/** @type {Pairing} */
export const noPairing = { phase: "making", pairing: null, answer: null, problem: "", deadline: 0 };

/** A code was made. @param {Record<string, any>} pairing @param {number} now @returns {Pairing} */
export function pairingMade(pairing, now) {
  const left = Date.parse(pairing.expires_at) - now;
  const isPlausible = left > 0 && left <= LIFETIME_MS + SKEW_MS;
  return { ...noPairing, phase: "waiting", pairing: { state: "waiting", ...pairing }, deadline: now + (isPlausible ? left : LIFETIME_MS) };
}

/** It could not be made. @param {Pairing} state @param {string} problem @returns {Pairing} */
export const pairingFailed = (state, problem) => ({ ...state, phase: "failed", problem });

/** What the hub says of it, by whichever way. @param {Pairing} state @param {Record<string, any>} pairing @returns {Pairing} */
export function pairingTold(state, pairing) {
  const known = state.pairing;
  if (!known || pairing.pairing_id !== known.pairing_id || !(pairing.state in ORDER)) return state;
  const step = ORDER[pairing.state] - ORDER[known.state];
  if (step < 0 || (step === 0 && (pairing.state !== known.state || (pairing.device_id ?? null) === (known.device_id ?? null)))) return state;
  const phase = state.phase === "watching" && pairing.state === "confirmed" ? "watching" : PHASES[pairing.state];
  return { ...state, phase, pairing: { ...known, ...pairing }, answer: null, problem: "" };
}

/** The person answers the phone. @param {Pairing} state @param {boolean} accept @returns {Pairing} */
export const pairingAnswered = (state, accept) => (state.phase === "claimed" && state.answer === null ? { ...state, answer: accept, problem: "" }
  : state);

/** The hub did not take the answer. @param {Pairing} state @param {string} problem @returns {Pairing} */
export const answerFailed = (state, problem) => (state.answer === null ? state : { ...state, answer: null, problem });

/**
 * Time passes. A code that nobody has used is not worth anything then; one that somebody has is the hub's to end.
 * @param {Pairing} state @param {number} now
 */
export const pairingTicked = (state, now) => (state.phase === "waiting" && now >= state.deadline
  ? { ...state, phase: /** @type {Phase} */ ("expired") } : state);

/** The new camera as the hub knows it. @param {Pairing} state @param {Record<string, any>|undefined} device @returns {Pairing} */
export const cameraSeen = (state, device) => (state.phase === "joined" && device?.online && device.watching ? { ...state, phase: "watching" }
  : state);

/** Whether the hub may still have something to say. @param {Pairing} state */
export const isOpen = ({ phase }) => phase === "waiting" || phase === "claimed";
