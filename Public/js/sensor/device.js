// @ts-check
// Which device of the hub this browser is.

import { api } from "../net/api.js";

const KEY = "pingwatch.device";

/** @returns {{device_id?: string, label: string, sound: boolean}} */
export function rememberedDevice() {
  try {
    return { label: "", sound: true, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { label: "", sound: true };
  }
}

/** @param {Partial<ReturnType<typeof rememberedDevice>>} device */
export const rememberDevice = (device) => localStorage.setItem(KEY, JSON.stringify({ ...rememberedDevice(), ...device }));

/** The same one as before, by whatever name. @param {string} label @returns {Promise<string>} its id */
export async function registerDevice(label) {
  const device = await api("/devices/register", { method: "POST", body: { device_id: rememberedDevice().device_id, label } });
  rememberDevice({ device_id: device.device_id, label: device.label });
  return device.device_id;
}
