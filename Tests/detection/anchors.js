// @ts-check
// What others do, in a few lines each, to compare with.

/** The picture before, 25 grey levels, 1 % of the picture. */
export class FrameDifference {
  /** @type {Uint8Array|null} */ previous = null;

  /** @param {Uint8Array} luma @param {number} width @param {number} height */
  process(luma, width, height) {
    let count = 0;
    const { previous } = this;
    if (previous) for (let i = 0; i < luma.length; i++) if (Math.abs(luma[i] - previous[i]) > 25) count++;
    this.previous = luma.slice();
    const score = count / (width * height);
    return { score, threshold: 0.01, moving: score >= 0.01 };
  }
}

/**
 * Frigate's published way: height 100 (ours is 90), blurred, a running average with alpha 0.01, 30 grey levels, dilated, a region of more
 * than 10 pixels; more than 80 % changed begins anew. Without contours: regions are counted by connected pixels.
 */
export class RunningAverage {
  /** @type {Float32Array|null} */ average = null;

  /** @param {Uint8Array} luma @param {number} width @param {number} height */
  process(luma, width, height) {
    const blurred = blur(luma, width, height);
    if (!this.average) this.average = blurred.slice();
    const { average } = this;
    const changed = new Uint8Array(luma.length);
    let count = 0;
    for (let i = 0; i < luma.length; i++) {
      if (Math.abs(blurred[i] - average[i]) > 30) {
        changed[i] = 1;
        count++;
      }
      average[i] += 0.01 * (blurred[i] - average[i]);
    }
    const score = count / luma.length;
    if (score > 0.8) {
      this.average = blurred;
      return { score, threshold: 0, moving: false };
    }
    return { score, threshold: 0, moving: largest(changed, width, height) > 10 };
  }
}

/** Mean of 3x3. @param {Uint8Array} luma @param {number} width @param {number} height */
function blur(luma, width, height) {
  const result = new Float32Array(luma.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0, n = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          sum += luma[v * width + u];
          n++;
        }
      }
      result[y * width + x] = sum / n;
    }
  }
  return result;
}

/** The most pixels that hang together. @param {Uint8Array} mask @param {number} width @param {number} height */
function largest(mask, width, height) {
  let most = 0;
  const seen = mask.slice();
  const stack = [];
  for (let start = 0; start < mask.length; start++) {
    if (!seen[start]) continue;
    seen[start] = 0;
    stack.push(start);
    let size = 0;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      size++;
      const x = at % width, y = (at - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (!seen[next]) continue;
          seen[next] = 0;
          stack.push(next);
        }
      }
    }
    most = Math.max(most, size);
  }
  return most;
}
