// @ts-check
// The session of this browser, for all of its tabs.

import { emit } from "../lib/events.js";
import { afterRefusal, isDue, sessionOf } from "../state/session.js";

/** @typedef {import("../state/session.js").Session} Session */

const KEY = "pingwatch.session";
/** Held while a token is renewed: it can be done once. */
const LOCK = "pingwatch.renew";
export const ENDED = "Your sign-in has ended. Please sign in again.";

/** @returns {Session|null} */
export function parseSession(/** @type {string|null} */ text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @returns {Session|null} */
export const getSession = () => parseSession(localStorage.getItem(KEY));

/** @returns {string|null} */
export const getToken = () => getSession()?.token ?? null;

/** @param {Session} session */
export const setSession = (session) => localStorage.setItem(KEY, JSON.stringify(session));

/** Takes the hub's answer to a sign-in. @param {any} answer @returns {Session} */
export function takeSession(answer) {
  const session = sessionOf(answer, Date.now(), getSession());
  setSession(session);
  return session;
}

/** @param {import("../state/session.js").Me} me */
export function rememberMe(me) {
  const session = getSession();
  if (session) setSession({ ...session, email: me.email, role: me.role, me });
}

export const clearSession = () => localStorage.removeItem(KEY);

/** Nobody is signed in any more, which was not done here. @param {string} [words] why */
export function endSession(words = ENDED) {
  if (!getSession()) return;
  clearSession();
  emit(window, "pingwatch:signed-out", { words });
}

/** What other tabs do. @param {(before: Session|null, after: Session|null) => void} body */
export const onSessionElsewhere = (body) => window.addEventListener("storage", ({ key, oldValue, newValue }) => {
  if (key === KEY || key === null) body(parseSession(oldValue), parseSession(newValue));
});

/** @type {Promise<string|null>|null} */
let renewing = null;

/**
 * A token in the place of one that is due or was refused: another tab's, or the hub's next. It is done once for all tabs.
 * @param {string|null} used
 * @param {(refreshToken: string) => Promise<any>} ask asks the hub, which refuses with `status` 401
 * @returns {Promise<string|null>} `null`: nobody is signed in any more. Rejects where the hub did not answer, which says nothing of the session
 */
export function renew(used, ask) {
  renewing ??= locked(async () => {
    const session = getSession();
    const what = afterRefusal(session, used);
    if (what === "use") return session?.token ?? null;
    if (what === "renew") {
      try {
        return takeSession(await ask(session?.refresh_token ?? "")).token;
      } catch (/** @type {any} */ error) {
        if (error.status !== 401) throw error;
        // Without locks another tab may have been faster.
        const now = getSession();
        if (now?.refresh_token !== session?.refresh_token) return now?.token ?? null;
      }
    }
    endSession();
    return null;
  }).finally(() => { renewing = null; });
  return renewing;
}

/**
 * A sign-in in the place of this one, such as one in another account. The hub ends this one before its answer is here:
 * whoever is refused meanwhile waits for it.
 * @param {() => Promise<any>} ask gives the hub's answer; must not renew
 * @returns {Promise<Session>}
 */
export const replaceSession = (ask) => locked(async () => takeSession(await ask()));

/** What waits for the lock on a page without locks. @type {Promise<any>} */
let last = Promise.resolve();

/**
 * Browsers have locks on secure pages only; elsewhere each tab waits for itself, and the hub forgives two that come at once.
 * @template T @param {() => Promise<T>} body @returns {Promise<T>}
 */
function locked(body) {
  if (navigator.locks) return navigator.locks.request(LOCK, body);
  const result = last.then(body);
  last = result.catch(() => {});
  return result;
}

/** @returns {boolean} */
export const isRenewalDue = () => isDue(getSession(), Date.now());
