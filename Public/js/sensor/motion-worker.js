// @ts-check
// Judges pictures in a worker, which goes on at full speed while the page is hidden.

import { MotionEngine } from "../lib/motion.js";
import { LUMA_HEIGHT, LUMA_WIDTH, RGB_WEIGHTS, shrink } from "../lib/luma.js";

const INTERVAL_MS = 95;
const engine = new MotionEngine();
let lastAt = -Infinity;
let lastShape = "";

/** @param {Uint8Array} luma @param {number} at @param {number} width @param {number} height of the camera's picture */
function judge(luma, at, width, height) {
  const shape = `${width}x${height}`;
  // Who turns the phone moves nothing in the room.
  if (shape !== lastShape) engine.reset();
  lastShape = shape;
  postMessage(engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, at));
}

/** @type {OffscreenCanvasRenderingContext2D|null} */
let context = null;

/** Pictures that live on the graphics card have no planes to copy. @param {VideoFrame} frame */
function drawnLuma(frame) {
  const width = LUMA_WIDTH * 2, height = LUMA_HEIGHT * 2;
  context ??= new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the picture cannot be read");
  context.drawImage(frame, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return shrink(new Uint8Array(data.buffer), width * 4, width, height, { step: 4, weights: RGB_WEIGHTS });
}

let buffer = new Uint8Array(0);

/** @param {VideoFrame} frame */
async function lumaOf(frame) {
  if (!frame.format) return drawnLuma(frame);
  const size = frame.allocationSize();
  if (buffer.byteLength < size) buffer = new Uint8Array(size);
  const layout = await frame.copyTo(buffer);
  const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
  const plane = buffer.subarray(layout[0].offset);
  if (frame.format === "I420" || frame.format === "I420A" || frame.format === "I422" || frame.format === "I444" || frame.format === "NV12") {
    return shrink(plane, layout[0].stride, width, height);
  }
  const weights = /** @type {[number, number, number]} */ (frame.format?.startsWith("BGR") ? [...RGB_WEIGHTS].reverse() : RGB_WEIGHTS);
  return shrink(plane, layout[0].stride, width, height, { step: 4, weights });
}

/** @param {ReadableStream<VideoFrame>} readable */
async function follow(readable) {
  const reader = readable.getReader();
  for (;;) {
    const { done, value: frame } = await reader.read();
    if (done) return;
    try {
      const at = performance.now();
      if (at - lastAt < INTERVAL_MS) continue;
      lastAt = at;
      judge(await lumaOf(frame), at, frame.displayWidth, frame.displayHeight);
    } finally {
      frame.close();
    }
  }
}

addEventListener("message", ({ data }) => {
  if (data.readable) follow(data.readable).catch((error) => postMessage({ error: String(error?.message ?? error) }));
  else if (data.luma) judge(data.luma, performance.now(), data.width, data.height);
});
