// @ts-check
// Camera and microphone, and what to do when there is none.

import { mediaConstraints } from "../state/settings.js";

/** A reason in words, and what to do about it. */
export class CameraError extends Error {
  /** @param {string} title @param {string} advice @param {boolean} [isRefused] a person must allow it first */
  constructor(title, advice, isRefused = false) {
    super(title);
    this.title = title;
    this.advice = advice;
    this.isRefused = isRefused;
  }
}

const REFUSALS = ["NotAllowedError", "SecurityError"];

/** @param {any} error */
function inWords(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new CameraError(
        "The camera is not allowed for this page.",
        "Open the browser's settings for this site (the icon beside the address), allow the camera, then try again.",
        true,
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return new CameraError("No camera was found.", "Connect a camera, or open this page on a phone, then try again.");
    case "NotReadableError":
    case "AbortError":
      return new CameraError("The camera is used by another app.", "Close other apps and tabs that use the camera, then try again.");
    default:
      return new CameraError("The camera could not be started.", `${error?.message ?? error}. Reload the page and try again.`);
  }
}

/** Throws a `CameraError` where this browser cannot be a camera. */
export function checkBrowser() {
  if (!globalThis.isSecureContext) {
    throw new CameraError(
      "Browsers give the camera to secure pages only.",
      "Open this page by https, or on this machine by http://localhost. The hub's administrator can set up https.",
    );
  }
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new CameraError("This browser gives pages no camera.", "Use a current Chrome, Edge, Safari or Firefox.");
  }
  if (!("VideoEncoder" in globalThis) && !("MediaRecorder" in globalThis)) {
    throw new CameraError(
      "This browser can neither encode nor record video.",
      "Use a current Chrome, Edge, Safari or Firefox; on an old phone a current Chrome.",
    );
  }
}

/**
 * Starts the camera, with sound where that is wanted and there is any.
 * @param {import("../state/settings.js").Settings["capture"]} capture
 * @returns {Promise<MediaStream>}
 */
export async function startCamera(capture) {
  checkBrowser();
  let last = null;
  let isSoundRefused = false;
  for (const constraints of mediaConstraints(capture)) {
    if (constraints.audio && isSoundRefused) continue;
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch (/** @type {any} */ error) {
      last = error;
      // Nobody is asked the same twice.
      if (!REFUSALS.includes(error?.name)) continue;
      if (!constraints.audio) break;
      isSoundRefused = true;
    }
  }
  throw inWords(last);
}

/** Whether the camera has a lamp. @param {MediaStreamTrack} track */
export function hasTorch(track) {
  // @ts-ignore: not in TypeScript's DOM types yet
  return Boolean(track.getCapabilities?.().torch);
}

/** @param {MediaStreamTrack} track @param {boolean} on */
export async function setTorch(track, on) {
  // @ts-ignore: not in TypeScript's DOM types yet
  await track.applyConstraints({ advanced: [{ torch: on }] });
}
