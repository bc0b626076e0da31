// @ts-check
// Camera and microphone, and what to do when there is none.

/** A reason in words, and what to do about it. */
export class CameraError extends Error {
  /** @param {string} title @param {string} advice */
  constructor(title, advice) {
    super(title);
    this.title = title;
    this.advice = advice;
  }
}

/** @param {any} error */
function inWords(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new CameraError(
        "The camera is not allowed for this page.",
        "Open the browser's settings for this site (the icon beside the address), allow the camera, then try again.",
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
 * @param {{sound: boolean, width?: number, height?: number}} options
 * @returns {Promise<MediaStream>}
 */
export async function startCamera({ sound, width = 640, height = 480 }) {
  checkBrowser();
  const video = { facingMode: { ideal: "environment" }, width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30, max: 30 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: sound });
  } catch (error) {
    if (!sound) throw inWords(error);
    // The microphone may be what is missing or refused: a camera without sound is better than none.
    try {
      return await navigator.mediaDevices.getUserMedia({ video });
    } catch (videoError) {
      throw inWords(videoError);
    }
  }
}

/**
 * The pictures of a track, one after another; each must be closed. Ends with the track, or when `signal` aborts.
 * @param {MediaStreamTrack} track
 * @param {HTMLVideoElement} video shows the track
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<VideoFrame>}
 */
export async function* videoFrames(track, video, signal) {
  if ("MediaStreamTrackProcessor" in globalThis) {
    yield* trackFrames(track, signal);
    return;
  }
  // Elsewhere the pictures are taken from the element that shows them; this stops while the page is hidden. No picture comes after the
  // end, so that the end itself must wake who waits for one.
  let wake = (/** @type {number} */ _time) => {};
  signal.addEventListener("abort", () => wake(0), { once: true });
  track.addEventListener("ended", () => wake(0), { once: true, signal });
  while (!signal.aborted && track.readyState === "live") {
    const now = await new Promise((resolve) => {
      wake = resolve;
      video.requestVideoFrameCallback(resolve);
    });
    if (signal.aborted || track.readyState !== "live") return;
    yield new VideoFrame(video, { timestamp: Math.round(now * 1000) });
  }
}

/**
 * Frames of a track by a MediaStreamTrackProcessor.
 * @param {MediaStreamTrack} track
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 */
export async function* trackFrames(track, signal) {
  // @ts-ignore: not in TypeScript's DOM types yet
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (signal.aborted) {
      value.close();
      return;
    }
    yield value;
  }
}
