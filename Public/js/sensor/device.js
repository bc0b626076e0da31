// @ts-check
// Which device of the hub this browser is.

import { api, renewToken } from "../net/api.js";
import { getSession, getToken } from "../net/session.js";
import { can } from "../state/session.js";

const KEY = "pingwatch.device";

/**
 * `device_token`: with it one may what a camera may, and nothing else.
 * @typedef {{device_id?: string, device_token?: string, account_id?: string, label: string, sound: boolean}} Remembered
 */

/** @returns {Remembered} */
export function rememberedDevice() {
  try {
    return { label: "", sound: true, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { label: "", sound: true };
  }
}

/** @param {Partial<Remembered>} device */
export const rememberDevice = (device) => localStorage.setItem(KEY, JSON.stringify({ ...rememberedDevice(), ...device }));

/** It was paired, or had a code. @param {{device: {device_id: string, label: string}, device_token: string}} given */
export const adoptDevice = ({ device: { device_id, label }, device_token }) =>
  rememberDevice({ device_id, label, device_token, account_id: undefined });

/** It is no camera any more. */
export const forgetDevice = () => rememberDevice({ device_id: undefined, device_token: undefined, account_id: undefined });

/** @param {string} deviceId @returns {string|null} its own token, if this browser is still that device */
function ownToken(deviceId) {
  const { device_id, device_token = null } = rememberedDevice();
  return device_id === deviceId ? device_token : null;
}

/** The hub does not take a token any more: it was taken away. @param {string|null} token */
function forgetToken(token) {
  if (token && token === rememberedDevice().device_token) rememberDevice({ device_token: undefined });
}

/**
 * With what a camera connects: its own token, else that of who is signed in.
 * @param {string} deviceId
 */
export const deviceTokens = (deviceId) => ({
  getToken: () => ownToken(deviceId) ?? getToken(),
  /** A device's token is good until it is taken away. @param {string|null} used @returns {Promise<string|null>} */
  async renewToken(used) {
    const own = ownToken(deviceId);
    if (!own) return renewToken(used);
    if (own !== used) return own;
    forgetToken(own);
    return null;
  },
});

/** The same one as before, by whatever name. @param {string} label @returns {Promise<string>} its id */
export async function registerDevice(label) {
  const session = getSession();
  const { device_id: id, device_token: token, account_id } = rememberedDevice();
  if (!session || !can(session, "pair")) {
    if (id && token && (await isTaken(token))) return id;
    throw new Error("This phone is no camera of this hub any more. Pair it again from your other device, or sign in here.");
  }
  // Whose pictures these are is decided by who is signed in, not by who was before.
  const isOwn = Boolean(id) && (account_id === session.account_id || (await api("/devices")).some((/** @type {any} */ one) => one.device_id === id));
  // Another token would end what another tab does with this one.
  const hasToken = isOwn && token && (await isTaken(token));
  const body = { label, ...(isOwn ? { device_id: id } : {}), ...(hasToken ? {} : { with_token: true }) };
  const device = await api("/devices/register", { method: "POST", body });
  const device_token = device.device_token ?? (hasToken ? token : undefined);
  rememberDevice({ device_id: device.device_id, label: device.label, account_id: session.account_id, device_token });
  return device.device_id;
}

/** @param {string} token @returns {Promise<boolean>} whether the hub knows a camera by it */
async function isTaken(token) {
  try {
    await api("/devices/self", { token });
    return true;
  } catch (/** @type {any} */ error) {
    if (error.status !== 401 && error.status !== 404) throw error;
    forgetToken(token);
    return false;
  }
}
