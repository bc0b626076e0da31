// @ts-check
// What is said when a camera did something by itself, or because somebody asked for it elsewhere.

export const REPAIRED = {
  ended: "The camera stopped, and was started again.",
  frozen: "The camera delivered no new pictures, and was started again.",
  failed: "The picture could not be processed, and the camera was started again.",
};

/** @type {Record<string, string>} */
export const ASKED = {
  start: "Watching was started from another device.",
  stop: "Watching was stopped from another device.",
  camera: "The camera was changed from another device.",
};

/** @param {boolean} hasMicrophone */
export const deaf = (hasMicrophone) => (hasMicrophone
  ? "This browser does not let the page listen to the microphone: motion alone begins clips."
  : "There is no microphone, or it may not be used: motion alone begins clips, which are without sound.");

/** @param {string} reason */
export const refused = (reason) => `The hub refused a setting: ${reason}`;

export const MISSED = "Somebody asked for a clip that is not on this phone any more. They are told so.";
