// @ts-check
// Signing in at another place (OpenID Connect), which sends the browser back to this page with a code.

import { api } from "../net/api.js";

const KEY = "pingwatch.oidc";

/** Goes there. The hub gives what comes back to this browser only. */
export async function startOIDC() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const browser = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const { authorization_url, state } = await api("/auth/oidc/start", { method: "POST", body: { browser }, token: null });
  sessionStorage.setItem(KEY, JSON.stringify({ browser, state, hash: location.hash }));
  location.assign(authorization_url);
}

/**
 * What the address says of having been there, which it then does not any more.
 * @returns {{state: string, code: string, browser: string, problem: string}|null}
 */
export function returnedFromOIDC() {
  const query = new URLSearchParams(location.search);
  const state = query.get("state");
  if (!state) return null;
  /** @type {{browser: string, state: string, hash: string}|null} */
  const begun = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  history.replaceState(null, "", `${location.pathname}${begun?.hash || "#/"}`);
  const isOurs = begun !== null && begun.state === state;
  const refusal = query.get("error") ? "Signing in was not completed there. Try again, or sign in another way." : "";
  return {
    state, code: query.get("code") ?? "", browser: begun?.browser ?? "",
    problem: isOurs ? refusal : "This sign-in was not begun in this tab. Begin it here once more.",
  };
}

/** @param {NonNullable<ReturnType<typeof returnedFromOIDC>>} returned @returns {Promise<any>} the session */
export async function finishOIDC({ state, code, browser, problem }) {
  if (problem) throw new Error(problem);
  return api("/auth/oidc/finish", { method: "POST", body: { state, code, browser }, token: null });
}
