// @ts-check
// What signing in is at, and what is said of what the hub refused.

/**
 * `password`: who one is; `totp`: the code of the authenticator app, after the password was right; `unverified`: the mail has not been answered.
 * @typedef {{step: "password"|"totp"|"unverified", email: string}} SignIn
 * @typedef {{type: "refused", code: string, email: string}|{type: "again"}} SignInEvent
 */

/** @type {SignIn} */
export const noSignIn = { step: "password", email: "" };

/** @param {SignIn} state @param {SignInEvent} event @returns {SignIn} */
export function signInStep(state, event) {
  if (event.type === "again") return { ...state, step: "password" };
  if (event.code === "totp_required") return { step: "totp", email: event.email };
  if (event.code === "email_unverified") return { step: "unverified", email: event.email };
  // Meanwhile the password was changed: it is asked for again.
  if (event.code === "invalid_credentials" && state.step === "totp") return { ...state, step: "password" };
  return state;
}

/** @param {number} ms */
function waitWords(ms) {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 90) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

/**
 * Where to say what, of a refusal on the way in; `null`: as the hub says it.
 * @param {{code: string, message: string, field?: string, retryAt?: number|null}} error @param {number} now ms since 1970
 * @returns {{field?: string, words: string}|null}
 */
export function refusalWords({ code, retryAt }, now) {
  switch (code) {
    case "invalid_credentials":
      return { field: "password", words: "E-mail and password do not belong together. Check both; capital letters count." };
    case "invalid_totp":
      return { field: "totp", words: "This code is not right. Take the newest one of your app; each works once." };
    case "too_many_attempts":
    case "rate_limited":
      return { words: `Too many attempts. ${retryAt ? `Try again in ${waitWords(retryAt - now)}` : "Wait a moment, then try again"}.` };
    case "email_unverified":
      return { words: "Confirm your e-mail first: open the link in the mail that we sent you." };
    case "email_taken":
      return { field: "email", words: "There is an account with this e-mail already. Sign in with it instead." };
    case "sign_up_closed":
      return { words: "This hub takes new people by invitation only. Ask whoever runs it to invite you." };
    case "setup_done":
      return { words: "This hub has been set up already. Sign in instead." };
    default:
      return null;
  }
}

/** A code as people type or paste it: with blanks, dashes, or a recovery code. @param {string} typed */
export const cleanCode = (typed) => (/^[\d\s-]+$/.test(typed) ? typed.replace(/[\s-]/g, "") : typed.trim());
