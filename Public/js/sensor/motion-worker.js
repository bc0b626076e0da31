// @ts-check
// Judges pictures in a worker, which goes on at full speed while the page is hidden.

import { MotionEngine } from "../lib/motion.js";
import { LUMA_HEIGHT, LUMA_WIDTH, RGB_WEIGHTS, shrink } from "../lib/luma.js";

const INTERVAL_MS = 95;
const engine = new MotionEngine();
let lastAt = -Infinity;

/** @param {Uint8Array} luma @param {number} at */
function judge(luma, at) {
  const result = engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, at);
  postMessage({ ...result, at: performance.timeOrigin + performance.now() });
}

/** @param {VideoFrame} frame @param {Uint8Array} buffer */
async function lumaOf(frame, buffer) {
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
  let buffer = new Uint8Array(0);
  for (;;) {
    const { done, value: frame } = await reader.read();
    if (done) return;
    try {
      const at = performance.now();
      if (at - lastAt < INTERVAL_MS) continue;
      lastAt = at;
      const size = frame.allocationSize();
      if (buffer.byteLength < size) buffer = new Uint8Array(size);
      judge(await lumaOf(frame, buffer), at);
    } finally {
      frame.close();
    }
  }
}

addEventListener("message", ({ data }) => {
  if (data.readable) follow(data.readable).catch((error) => postMessage({ error: String(error?.message ?? error) }));
  else if (data.luma) judge(data.luma, performance.now());
});
