// @ts-check
// Who is signed in here: what is kept of the hub's answer, when its token is renewed, and what a refusal means.

/**
 * `token`: for requests, lives for minutes; `null` where the hub asks for none. `refresh_token`: gets the next pair, once.
 * `renew_at`: ms since 1970 on this device's clock; `null`: when the hub says that it expired. `me`: what the hub said last of the person.
 * @typedef {{token: string|null, refresh_token?: string, renew_at?: number|null, user_id: string, account_id?: string, role?: string, email?: string,
 *   me?: Me|null}} Session
 * @typedef {{user_id: string, email: string, name?: string|null, account_id: string, account_name?: string|null, role: string,
 *   has_password?: boolean, verified?: boolean, totp?: boolean,
 *   accounts?: {account_id: string, name: string, role: string}[], permissions?: string[]}} Me
 */

/** Of its life, when a token is renewed before somebody has to wait for it. */
const RENEW_AT = 0.75;
/** A token that seems to live shorter comes from a hub whose clock is another: it says itself when it has expired. */
const SHORTEST_MS = 10_000;

/**
 * @param {{access_token: string, expires_at?: string, refresh_token?: string, user_id: string, account_id?: string, role?: string}} answer of the hub
 * @param {number} now ms since 1970
 * @param {Session|null} [before] whose person is kept, if it is the same in the same account
 * @returns {Session}
 */
export function sessionOf(answer, now, before = null) {
  const { access_token: token, expires_at, refresh_token, user_id, account_id, role } = answer;
  const life = expires_at ? Date.parse(expires_at) - now : NaN;
  const isSame = before !== null && before.user_id === user_id && before.account_id === account_id;
  return {
    token, refresh_token, user_id, account_id, role, renew_at: life > SHORTEST_MS ? now + life * RENEW_AT : null,
    ...(isSame ? { email: before.email, me: before.me } : {}),
  };
}

/** @param {Session|null} session @param {number} now */
export const isDue = (session, now) => Boolean(session?.refresh_token && session.renew_at && now >= session.renew_at);

/** Answers to a request whose token is no good, rather than to what was asked with it. */
const TOKEN_REFUSALS = ["token_expired", "expired", "invalid_token", "token_reused", "unauthorized"];

/** @param {number} status @param {string} code @param {boolean} hadToken @returns {boolean} whether the hub did not take the token */
export const isTokenRefusal = (status, code, hadToken) => status === 401 && hadToken && TOKEN_REFUSALS.includes(code);

/**
 * What is done about a token that was refused or is due. Another tab may have renewed it already.
 * @param {Session|null} session as it is kept now
 * @param {string|null} used
 * @returns {"use"|"renew"|"over"} take the one that is kept, get another, or nobody is signed in any more
 */
export function afterRefusal(session, used) {
  if (!session?.token) return "over";
  if (session.token !== used) return "use";
  return session.refresh_token ? "renew" : "over";
}

/**
 * What another tab did to the session.
 * @param {Session|null} before @param {Session|null} after
 * @returns {"signed-out"|"signed-in"|"person"|"none"} `person`: the same one, of whom something is known anew
 */
export function sessionChange(before, after) {
  if (!after) return before ? "signed-out" : "none";
  if (!before || before.user_id !== after.user_id || before.account_id !== after.account_id) return "signed-in";
  return JSON.stringify(before.me) === JSON.stringify(after.me) ? "none" : "person";
}

/** @param {Session|null} session @param {string} permission */
export function can(session, permission) {
  const me = session?.me;
  return Boolean(me && (permission === "profile" || me.permissions?.includes(permission)));
}
