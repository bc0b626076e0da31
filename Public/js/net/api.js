// @ts-check
// The HTTP API with the session's token, which renews itself (docs/API.md).

import { isTokenRefusal } from "../state/session.js";
import { endSession, getSession, getToken, isRenewalDue, renew, replaceSession } from "./session.js";

/**
 * `token`: another than the session's; `null`: none.
 * @typedef {{method?: string, body?: unknown, signal?: AbortSignal, token?: string|null}} Options
 */

/** What the hub answered instead of doing what was asked. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string} [field] @param {number|null} [retryAt] ms since 1970 */
  constructor(status, code, message, field, retryAt = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
    this.retryAt = retryAt;
  }
}

/** @param {string} path @param {Options} options @param {string|null} token */
async function send(path, { method = "GET", body, signal }, token) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The hub cannot be reached. Check that it runs and that this device is on its network.");
  }
  if (response.ok) return response;
  const detail = (await response.json().catch(() => null))?.error ?? {};
  const { code = "error", message = `The hub answered ${response.status}.`, field, retry_at } = detail;
  throw new ApiError(response.status, code, message, field, retry_at);
}

/** @param {string} path @param {Options} [options] @returns {Promise<Response>} */
async function request(path, options = {}) {
  return options.token === undefined ? renewing((token) => send(path, options, token)) : send(path, options, options.token);
}

/**
 * Asks with the session's token, and once more with another if it was no good any more.
 * @template T @param {(token: string|null) => Promise<T>} ask @returns {Promise<T>}
 */
async function renewing(ask) {
  // A hub that is away does not renew anything, and what is asked of it will say so.
  if (isRenewalDue()) await renewToken(getToken()).catch(() => {});
  const token = getToken();
  const isRefused = (/** @type {any} */ error) => isTokenRefusal(error.status, error.code, getSession() !== null);
  try {
    return await ask(token);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const next = await renewToken(token);
    if (!next) throw error;
    try {
      return await ask(next);
    } catch (again) {
      if (isRefused(again) && getToken() === next) endSession();
      throw again;
    }
  }
}

/**
 * Posts what ends this sign-in and begins another, as a change of the account does.
 * @param {string} path @param {unknown} body
 */
export const exchangeSession = (path, body) => renewing((token) => replaceSession(() => api(path, { method: "POST", body, token })));

/**
 * Calls a route and gives its JSON (`null` for an empty answer).
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function api(path, options) {
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * What is no JSON, such as a picture.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<Blob>}
 */
export async function apiBlob(path, options) {
  return (await request(path, options)).blob();
}

/**
 * One page of a list.
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<{items: any[], next: string|null}>}
 */
export async function apiPage(path, options) {
  const response = await request(path, options);
  return { items: await response.json(), next: response.headers.get("X-Next-Cursor") };
}

/**
 * A token in the place of this one.
 * @param {string|null} used
 * @returns {Promise<string|null>} `null` where nobody is signed in any more. Rejects while the hub is away.
 */
export const renewToken = (used) =>
  renew(used, (refreshToken) => api("/auth/refresh", { method: "POST", body: { refresh_token: refreshToken }, token: null }));
