// @ts-check
// Events with something to say.

/**
 * @param {EventTarget} target @param {string} type @param {(detail: any) => void} body
 * @param {AbortSignal} [signal] until when it is heard
 */
export const on = (target, type, body, signal) => target.addEventListener(type, (/** @type {any} */ { detail }) => body(detail), { signal });

/** @param {EventTarget} target @param {string} type @param {any} [detail] */
export const emit = (target, type, detail = {}) => target.dispatchEvent(new CustomEvent(type, { detail }));
