// @ts-check
// Small grey pictures out of large ones.

export const LUMA_WIDTH = 160;
export const LUMA_HEIGHT = 90;

/**
 * Shrinks a plane of grey values; each small pixel is the mean of up to 3x3 samples of its area.
 * @param {Uint8Array} plane
 * @param {number} stride bytes a row
 * @param {number} width
 * @param {number} height
 * @param {{step?: number, weights?: [number, number, number]}} [pixels] bytes a pixel and, for colours, the weight of the first three
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function shrink(plane, stride, width, height, { step = 1, weights } = {}) {
  const result = new Uint8Array(LUMA_WIDTH * LUMA_HEIGHT);
  const samplesX = Math.min(3, Math.max(1, Math.floor(width / LUMA_WIDTH)));
  const samplesY = Math.min(3, Math.max(1, Math.floor(height / LUMA_HEIGHT)));
  const count = samplesX * samplesY;
  for (let y = 0; y < LUMA_HEIGHT; y++) {
    for (let x = 0; x < LUMA_WIDTH; x++) {
      let sum = 0;
      for (let v = 0; v < samplesY; v++) {
        const row = Math.floor(((y + (v + 0.5) / samplesY) * height) / LUMA_HEIGHT) * stride;
        for (let u = 0; u < samplesX; u++) {
          const at = row + Math.floor(((x + (u + 0.5) / samplesX) * width) / LUMA_WIDTH) * step;
          sum += weights ? plane[at] * weights[0] + plane[at + 1] * weights[1] + plane[at + 2] * weights[2] : plane[at];
        }
      }
      result[y * LUMA_WIDTH + x] = sum / count;
    }
  }
  return result;
}

/** ITU-R BT.601 luma of RGB. @type {[number, number, number]} */
export const RGB_WEIGHTS = [0.299, 0.587, 0.114];
