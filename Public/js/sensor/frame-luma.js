// @ts-check
// The small grey picture of a frame.

import { LUMA_HEIGHT, LUMA_WIDTH, RGB_WEIGHTS, shrink } from "../lib/luma.js";

const PLANAR = ["I420", "I420A", "I422", "I444", "NV12"];

/** Twice the size of what is wanted is enough to take the mean of. */
const DRAWN_WIDTH = LUMA_WIDTH * 2;
const DRAWN_HEIGHT = LUMA_HEIGHT * 2;

/** @type {OffscreenCanvasRenderingContext2D|null} */
let context = null;

/** Of what has no planes to copy, such as a picture on the graphics card. @param {CanvasImageSource} image */
export function drawnLuma(image) {
  context ??= new OffscreenCanvas(DRAWN_WIDTH, DRAWN_HEIGHT).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the picture cannot be read");
  context.drawImage(image, 0, 0, DRAWN_WIDTH, DRAWN_HEIGHT);
  const { data } = context.getImageData(0, 0, DRAWN_WIDTH, DRAWN_HEIGHT);
  return shrink(new Uint8Array(data.buffer), DRAWN_WIDTH * 4, DRAWN_WIDTH, DRAWN_HEIGHT, { step: 4, weights: RGB_WEIGHTS });
}

let buffer = new Uint8Array(0);

/** One at a time: they share a buffer. @param {VideoFrame} frame @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function lumaOf(frame) {
  if (!frame.format) return drawnLuma(frame);
  const size = frame.allocationSize();
  if (buffer.byteLength < size) buffer = new Uint8Array(size);
  const layout = await frame.copyTo(buffer);
  const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
  const plane = buffer.subarray(layout[0].offset);
  if (PLANAR.includes(frame.format)) return shrink(plane, layout[0].stride, width, height);
  const weights = /** @type {[number, number, number]} */ (frame.format.startsWith("BGR") ? [...RGB_WEIGHTS].reverse() : RGB_WEIGHTS);
  return shrink(plane, layout[0].stride, width, height, { step: 4, weights });
}
