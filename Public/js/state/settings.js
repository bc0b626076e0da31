// @ts-check
// What a camera is told to do, and what a change of it means. Pure.

/**
 * @typedef {{kind: "ignore"|"watch", name: string, points: [number, number][]}} Region points: 0…1 of width and height
 *
 * @typedef {object} Settings
 * @property {number} revision counted by the hub
 * @property {{sensitivity: number, regions: Region[], threshold: number|null}} motion
 * @property {{enabled: boolean, sensitivity: number}} sound
 * @property {{pre_roll_seconds: number, post_roll_seconds: number, max_seconds: number, cooldown_seconds: number}} clip
 * @property {{facing: "environment"|"user", resolution: "480p"|"720p"|"1080p", fps: number, quality: "low"|"medium"|"high", audio: boolean,
 *   torch: boolean}} capture
 * @property {boolean} preview_first
 */

/** @type {Settings} */
export const DEFAULT_SETTINGS = Object.freeze({
  revision: 0,
  motion: Object.freeze({ sensitivity: 50, regions: [], threshold: null }),
  sound: Object.freeze({ enabled: true, sensitivity: 75 }),
  clip: Object.freeze({ pre_roll_seconds: 4, post_roll_seconds: 2, max_seconds: 60, cooldown_seconds: 5 }),
  capture: Object.freeze({ facing: "environment", resolution: "480p", fps: 30, quality: "medium", audio: true, torch: false }),
  preview_first: false,
});

const RESOLUTIONS = Object.freeze({
  "480p": Object.freeze({ width: 640, height: 480 }),
  "720p": Object.freeze({ width: 1280, height: 720 }),
  "1080p": Object.freeze({ width: 1920, height: 1080 }),
});

const QUALITIES = { low: 0.5, medium: 1, high: 2 };
const LOWEST_BIT_RATE = 200_000;
const HIGHEST_BIT_RATE = 8_000_000;
/** What a picture of the usual rate costs at medium quality. */
const BITS_A_PIXEL_AND_SECOND = 4;

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {number} least @param {number} most */
const between = (least, most) => (/** @type {any} */ value) => typeof value === "number" && value >= least && value <= most;
const isBoolean = (/** @type {any} */ value) => typeof value === "boolean";
/** @param {string[]} values */
const oneOf = (...values) => (/** @type {any} */ value) => values.includes(value);
const isPoint = (/** @type {any} */ point) => Array.isArray(point) && point.length === 2 && point.every(between(0, 1));
const isRegion = (/** @type {any} */ region) => isObject(region) && ["ignore", "watch"].includes(region.kind)
  && Array.isArray(region.points) && region.points.length >= 3 && region.points.every(isPoint);

/** What each field may be. @type {Record<string, any>} */
const RULES = {
  revision: between(0, Number.MAX_SAFE_INTEGER),
  motion: {
    sensitivity: between(0, 100),
    regions: (/** @type {any} */ value) => Array.isArray(value) && value.every(isRegion),
    threshold: (/** @type {any} */ value) => value === null || between(0.0005, 0.5)(value),
  },
  sound: { enabled: isBoolean, sensitivity: between(0, 100) },
  clip: { pre_roll_seconds: between(0, 60), post_roll_seconds: between(0, 120), max_seconds: between(1, 3600), cooldown_seconds: between(0, 3600) },
  capture: {
    facing: oneOf("environment", "user"), resolution: oneOf(...Object.keys(RESOLUTIONS)), fps: between(1, 120),
    quality: oneOf(...Object.keys(QUALITIES)), audio: isBoolean, torch: isBoolean,
  },
  preview_first: isBoolean,
};

/** @param {Record<string, any>} rules @param {Record<string, any>} defaults @param {unknown} json @returns {any} */
function completed(rules, defaults, json) {
  const source = isObject(json) ? json : {};
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => {
    if (typeof rule !== "function") return [name, completed(rule, defaults[name], source[name])];
    return [name, rule(source[name]) ? source[name] : defaults[name]];
  }));
}

/**
 * Whole settings from what a hub or the device's storage has: what is missing or cannot be is as usual, what is unknown is left out.
 * @param {unknown} json
 * @returns {Settings}
 */
export const withDefaults = (json) => completed(RULES, DEFAULT_SETTINGS, json);

/**
 * Objects are merged, everything else is replaced.
 * @template T @param {T} value @param {Record<string, any>|null} patch @returns {T}
 */
export function patched(value, patch) {
  if (!patch) return value;
  const result = /** @type {any} */ ({ ...value });
  for (const [name, change] of Object.entries(patch)) {
    result[name] = isObject(change) ? patched(isObject(result[name]) ? result[name] : {}, change) : change;
  }
  return result;
}

/** @param {unknown} a @param {unknown} b */
const differ = (a, b) => JSON.stringify(a) !== JSON.stringify(b);

/**
 * What must be done about a change: each part is begun again only if it must be.
 * @param {Settings} before @param {Settings} after
 */
export function effects(before, after) {
  const camera = /** @type {const} */ (["facing", "resolution", "fps", "audio"]).some((name) => before.capture[name] !== after.capture[name]);
  return {
    camera,
    quality: !camera && before.capture.quality !== after.capture.quality,
    torch: !camera && before.capture.torch !== after.capture.torch,
    motion: differ(before.motion, after.motion),
    sound: differ(before.sound, after.sound),
    clip: differ(before.clip, after.clip),
  };
}

/**
 * What to ask the browser for, one after another until it has a camera for it.
 * @param {Settings["capture"]} capture
 * @returns {MediaStreamConstraints[]}
 */
export function mediaConstraints({ facing, resolution, fps, audio }) {
  const { width, height } = RESOLUTIONS[resolution];
  const usual = { facingMode: { ideal: facing }, width: { ideal: width }, height: { ideal: height } };
  // Some cameras have one rate only, and some refuse a highest one below it.
  const videos = [{ ...usual, frameRate: { ideal: fps, max: fps } }, { ...usual, frameRate: { ideal: fps } }];
  const withSound = audio ? videos.map((video) => ({ video, audio: true })) : [];
  // The microphone may be what is missing or refused: a camera without sound is better than none.
  return [...withSound, ...videos.map((video) => ({ video }))];
}

/**
 * Bits a second that look good at a size.
 * @param {number} width @param {number} height @param {Settings["capture"]["quality"]} [quality]
 */
export const bitRate = (width, height, quality = "medium") => {
  const usual = Math.min(Math.max(width * height * BITS_A_PIXEL_AND_SECOND, 2 * LOWEST_BIT_RATE), HIGHEST_BIT_RATE / 2);
  return Math.round(usual * QUALITIES[quality]);
};
