// @ts-check
// Arithmetic on square blocks of a small grey picture.

/** Edge of a block in pixels of the small picture. */
export const BLOCK = 4;

/**
 * Mean of each value and its neighbours up to `radius` away.
 * @param {Float32Array} values @param {Float32Array} result @param {Float32Array} scratch
 * @param {number} columns @param {number} rows @param {number} radius
 */
export function boxMean(values, result, scratch, columns, rows, radius) {
  for (let y = 0; y < rows; y++) boxLine(values, scratch, y * columns, 1, columns, radius);
  for (let x = 0; x < columns; x++) boxLine(scratch, result, x, columns, rows, radius);
}

/** @param {Float32Array} from @param {Float32Array} to @param {number} start @param {number} step @param {number} count @param {number} radius */
function boxLine(from, to, start, step, count, radius) {
  let sum = 0, n = Math.min(radius, count);
  for (let i = 0; i < n; i++) sum += from[start + i * step];
  for (let i = 0; i < count; i++) {
    if (i + radius < count) {
      sum += from[start + (i + radius) * step];
      n++;
    }
    if (i > radius) {
      sum -= from[start + (i - radius - 1) * step];
      n--;
    }
    to[start + i * step] = sum / n;
  }
}

/** Whether a block or one of the eight around it is set. @param {Uint8Array} mask @param {number} columns @param {number} rows */
export function dilated(mask, columns, rows) {
  const result = new Uint8Array(mask.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!mask[y * columns + x]) continue;
      for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++) {
        result.fill(1, v * columns + Math.max(0, x - 1), v * columns + Math.min(columns, x + 2));
      }
    }
  }
  return result;
}

/**
 * The groups of set blocks that touch, also by their corners.
 * @param {Uint8Array} mask @param {number} columns @param {number} rows
 * @returns {number[][]} indices of the blocks of each
 */
export function components(mask, columns, rows) {
  const left = mask.slice();
  const found = [];
  for (let start = 0; start < left.length; start++) {
    if (!left[start]) continue;
    left[start] = 0;
    const group = [start];
    for (let next = 0; next < group.length; next++) {
      const x = group[next] % columns, y = (group[next] - x) / columns;
      for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(columns - 1, x + 1); u++) {
          const at = v * columns + u;
          if (!left[at]) continue;
          left[at] = 0;
          group.push(at);
        }
      }
    }
    found.push(group);
  }
  return found;
}

/**
 * How much blocks differ from those beside and below them, summed: the structure of a picture.
 * @param {Float32Array} means @param {number} columns @param {number} rows
 */
export function structure(means, columns, rows) {
  let sum = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const i = y * columns + x;
      if (x + 1 < columns) sum += Math.abs(means[i] - means[i + 1]);
      if (y + 1 < rows) sum += Math.abs(means[i] - means[i + columns]);
    }
  }
  return sum;
}

/**
 * The largest step from each block to one beside, above or below it.
 * @param {Float32Array} means @param {Float32Array} result @param {number} columns @param {number} rows
 */
export function gradients(means, result, columns, rows) {
  result.fill(0);
  for (let y = 0, i = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, i++) {
      if (x + 1 < columns) {
        const step = Math.abs(means[i] - means[i + 1]);
        if (step > result[i]) result[i] = step;
        if (step > result[i + 1]) result[i + 1] = step;
      }
      if (y + 1 < rows) {
        const step = Math.abs(means[i] - means[i + columns]);
        if (step > result[i]) result[i] = step;
        if (step > result[i + columns]) result[i + columns] = step;
      }
    }
  }
}
