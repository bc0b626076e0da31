// @ts-check
// How somebody undoes a refusal, browser by browser. Pure.

/** @typedef {"chrome-android"|"samsung"|"ios"|"firefox-android"|"firefox"|"safari"|"chrome"} BrowserKind */

/** @param {string} userAgent @param {{touchPoints?: number}} [more] an iPad says that it is a Mac @returns {BrowserKind} */
export function browserOf(userAgent, { touchPoints = 0 } = {}) {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return "ios";
  if (/SamsungBrowser/.test(userAgent)) return "samsung";
  if (/Firefox/.test(userAgent)) return /Android/.test(userAgent) ? "firefox-android" : "firefox";
  if (/Android/.test(userAgent)) return "chrome-android";
  return /Safari/.test(userAgent) && !/Chrom(e|ium)/.test(userAgent) ? "safari" : "chrome";
}

/** @type {Record<BrowserKind, string[]>} */
const STEPS = {
  "chrome-android": [
    "Tap the icon left of the address, then Permissions.",
    "Set Camera to Allow, and Microphone if you want sound.",
    "If they are missing there: Android's Settings, Apps, Chrome, Permissions, Camera.",
  ],
  samsung: [
    "Tap the lock left of the address, then Permissions.",
    "Allow the camera, and the microphone if you want sound.",
    "If they are missing there: Android's Settings, Apps, Samsung Internet, Permissions.",
  ],
  ios: [
    "Tap the icon left of the address (aA, or the page), then Website Settings.",
    "Set Camera to Allow, and Microphone if you want sound.",
    "For an app on the home screen: Settings, Apps, Safari, Camera.",
  ],
  "firefox-android": [
    "Tap the lock left of the address, then the blocked camera.",
    "If it is missing there: Android's Settings, Apps, Firefox, Permissions, Camera.",
  ],
  firefox: ["Click the camera with a line through it, left of the address.", "Remove the block with the × beside it."],
  safari: ["In the menu Safari choose Settings for this website.", "Set Camera to Allow, and Microphone if you want sound."],
  chrome: ["Click the icon left of the address.", "Switch Camera on, and Microphone if you want sound."],
};

/** @param {BrowserKind} browser @returns {string[]} */
export const permissionSteps = (browser) => [...STEPS[browser], "Then come back here and try again."];
