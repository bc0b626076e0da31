// @ts-check
// The HTTP API with the session's token (docs/API.md).

const STORAGE_KEY = "pingwatch.session";

/**
 * @typedef {{token: string|null, user_id: string, email: string, expires_at?: string}} Session
 */

/** What the hub answered instead of doing what was asked. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string} [field] */
  constructor(status, code, message, field) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** @returns {Session|null} */
export function getSession() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @returns {string|null} */
export const getToken = () => getSession()?.token ?? null;

/** @param {Session} session */
export const setSession = (session) => localStorage.setItem(STORAGE_KEY, JSON.stringify(session));

export const clearSession = () => localStorage.removeItem(STORAGE_KEY);

/**
 * @param {string} path
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>}
 */
async function request(path, { method = "GET", body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  const token = getToken();
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
  if (response.status === 401 && token) {
    clearSession();
    window.dispatchEvent(new CustomEvent("pingwatch:signed-out"));
  }
  throw new ApiError(response.status, detail.code ?? "error", detail.message ?? `The hub answered ${response.status}.`, detail.field);
}

/**
 * Calls a route and gives its JSON (`null` for an empty answer).
 * @param {string} path
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function api(path, options) {
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/**
 * What is no JSON, such as a picture.
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Blob>}
 */
export async function apiBlob(path, options) {
  return (await request(path, options)).blob();
}

/**
 * A new token in the place of this one, which expires some day; nobody has to sign in for that.
 * @returns {Promise<string|null>} `null` where there is no token.
 */
export async function renewToken() {
  const session = getSession();
  if (!session?.token) return null;
  const { access_token, expires_at } = await api("/auth/refresh", { method: "POST" });
  setSession({ ...session, token: access_token, expires_at });
  return access_token;
}

/**
 * One page of a list.
 * @param {string} path
 * @returns {Promise<{items: any[], next: string|null}>}
 */
export async function apiPage(path) {
  const response = await request(path);
  return { items: await response.json(), next: response.headers.get("X-Next-Cursor") };
}
