// @ts-check
// Feeds the motion worker from the camera.

import { LUMA_HEIGHT, LUMA_WIDTH, RGB_WEIGHTS, shrink } from "../lib/luma.js";
import { pageNow } from "./encoder.js";

/**
 * @param {MediaStreamTrack} track
 * @param {HTMLVideoElement} video shows the track
 * @param {(result: import("../lib/motion.js").MotionResult & {at: number}) => void} onResult `at`: on the page's clock
 * @param {(reason: string) => void} onFailure a camera that sees nothing must say so
 * @returns {() => void} ends it
 */
export function watchMotion(track, video, onResult, onFailure) {
  const worker = new Worker(new URL("./motion-worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.error) onFailure(data.error);
    else onResult({ ...data, at: pageNow() });
  };
  worker.onerror = ({ message }) => onFailure(message ?? "the worker did not start");
  const own = track.clone();
  if ("MediaStreamTrackProcessor" in globalThis) {
    // @ts-ignore: not in TypeScript's DOM types yet
    const { readable } = new MediaStreamTrackProcessor({ track: own, maxBufferSize: 2 });
    worker.postMessage({ readable }, [readable]);
    return () => {
      own.stop();
      worker.terminate();
    };
  }
  const canvas = new OffscreenCanvas(LUMA_WIDTH * 2, LUMA_HEIGHT * 2);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const timer = setInterval(() => {
    if (video.readyState < 2) return;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const luma = shrink(new Uint8Array(data.buffer), canvas.width * 4, canvas.width, canvas.height, { step: 4, weights: RGB_WEIGHTS });
    worker.postMessage({ luma, width: video.videoWidth, height: video.videoHeight }, [luma.buffer]);
  }, 100);
  return () => {
    clearInterval(timer);
    own.stop();
    worker.terminate();
  };
}
