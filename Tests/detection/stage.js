// @ts-check
// Backgrounds, bodies and weather drawn into small grey pictures, the same for the same seed.

import { Random } from "./random.js";

export const WIDTH = 160;
export const HEIGHT = 90;

/** Soft from 0 to 1 around 0. @param {number} value @param {number} width */
export const soft = (value, width) => 1 / (1 + Math.exp((-4 * value) / width));

/**
 * Smooth random texture of deviation about 1: noise averaged over `size`.
 * @param {Random} random @param {number} size @param {number} [width] @param {number} [height]
 */
export function texture(random, size, width = WIDTH, height = HEIGHT) {
  const columns = Math.ceil(width / size) + 2;
  const rows = Math.ceil(height / size) + 2;
  const knots = Float32Array.from({ length: columns * rows }, () => random.normal());
  const result = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / size), v = y / size - row;
    for (let x = 0; x < width; x++) {
      const column = Math.floor(x / size), u = x / size - column, at = row * columns + column;
      result[y * width + x] =
        (knots[at] * (1 - u) + knots[at + 1] * u) * (1 - v) + (knots[at + columns] * (1 - u) + knots[at + columns + 1] * u) * v;
    }
  }
  return result;
}

/** A room: a wall with a gradient, a floor with texture, furniture with edges, a picture. @param {number} seed @param {number} [width] */
export function room(seed, width = WIDTH) {
  return remembered(`room ${seed} ${width}`, () => drawRoom(seed, width));
}

/** @type {Map<string, Float32Array>} */
const places = new Map();

/** Drawing a place takes longer than copying it. @param {string} key @param {() => Float32Array} draw */
function remembered(key, draw) {
  const place = places.get(key) ?? draw();
  places.set(key, place);
  return place.slice();
}

/** @param {number} seed @param {number} width */
function drawRoom(seed, width) {
  const random = new Random(seed);
  const floor = Math.round(random.between(45, 70));
  const wall = random.between(90, 170), ground = random.between(50, 120), slope = random.between(-30, 30);
  const fine = texture(random, 2.3, width), coarse = texture(random, 9, width);
  const result = new Float32Array(width * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      result[i] = y < floor ? wall + (slope * x) / width + coarse[i] * 2 : ground + fine[i] * 10 + coarse[i] * 5;
    }
  }
  for (let n = 0; n < 6 * (width / WIDTH); n++) {
    const w = random.between(6, 40), h = random.between(6, 35), left = random.between(0, width - w), top = random.between(5, HEIGHT - h);
    const grey = random.between(25, 220), rough = random.between(0, 12);
    for (let y = Math.floor(top); y < top + h; y++) {
      for (let x = Math.floor(left); x < left + w; x++) result[y * width + x] = grey + rough * fine[y * width + x] + coarse[y * width + x] * 2;
    }
  }
  return result;
}

/** Outdoors: sky, trees, grass and a path. @param {number} seed */
export function garden(seed) {
  return remembered(`garden ${seed}`, () => drawGarden(seed));
}

/** @param {number} seed */
function drawGarden(seed) {
  const random = new Random(seed + 5000);
  const horizon = Math.round(random.between(18, 35));
  const fine = texture(random, 1.6), coarse = texture(random, 7);
  const result = new Float32Array(WIDTH * HEIGHT);
  const path = random.between(40, 120);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = y * WIDTH + x;
      const isPath = y > horizon && Math.abs(x - path) < 3 + (y - horizon) * 0.35;
      result[i] = y < horizon ? 205 + coarse[i] * 6 : isPath ? 140 + fine[i] * 5 : 85 + fine[i] * 14 + coarse[i] * 10;
    }
  }
  return result;
}

/**
 * A body: head, torso and legs that swing, with texture of its own, drawn over what is there.
 * @param {Float32Array} picture
 * @param {{x: number, foot: number, height: number, contrast: number, step?: number, aspect?: number}} body `x`: middle, `foot`: its lower end,
 *   `contrast`: grey levels against what is behind, `step`: phase of the walk, `aspect`: width by height
 */
export function drawBody(picture, { x, foot, height, contrast, step = 0, aspect = 0.3 }) {
  const top = foot - height, half = (height * aspect) / 2;
  for (let py = Math.max(0, Math.floor(top)); py < Math.min(HEIGHT, foot); py++) {
    const v = (py + 0.5 - top) / height;
    const swing = v > 0.55 && aspect < 1 ? Math.sin(step) * half * (v - 0.55) * 1.6 : 0;
    const width = aspect >= 1 ? half * (v < 0.3 ? 0.6 : 1) : v < 0.16 ? half * 0.5 : v < 0.55 ? half : half * 0.8;
    const rows = Math.min(1, py + 1 - top) * Math.min(1, foot - py);
    for (let px = Math.max(0, Math.floor(x - half * 2)); px <= Math.min(WIDTH - 1, x + half * 2); px++) {
      const u = px + 0.5 - x;
      const inside = Math.min(1, Math.max(0, width - Math.abs(u - swing) + 0.5), Math.max(0, width - Math.abs(u + swing) + 0.5) + 1) * rows;
      if (inside <= 0) continue;
      const i = py * WIDTH + px;
      // Clothes hide what is behind: its texture is replaced by one of their own.
      const behind = mean(picture, py);
      const cloth = behind + contrast + Math.sin(u * 1.3 + py * 0.7) * Math.abs(contrast) * 0.15 + (v < 0.16 ? contrast * 0.3 : 0);
      picture[i] += Math.max(0, Math.min(1, inside)) * (cloth - picture[i]);
    }
  }
}

/** @param {Float32Array} picture @param {number} row */
function mean(picture, row) {
  let sum = 0;
  for (let x = 0; x < WIDTH; x += 4) sum += picture[row * WIDTH + x];
  return sum / (WIDTH / 4);
}

/**
 * Somebody who walks from one side to the other.
 * @param {number} second
 * @param {{from: number, speed: number, height: number, foot: number, contrast: number, aspect?: number, rightwards?: boolean}} walk
 *   `from`: second, `speed`: pixels a second
 */
export function walker(second, { from, speed, height, foot, contrast, aspect = 0.3, rightwards = true }) {
  const gone = (second - from) * speed - (height * aspect) / 2;
  return { x: rightwards ? gone : WIDTH - gone, foot, height, contrast, aspect, step: ((second - from) * speed) / (height * 0.12) };
}

/** When somebody who walks across is in the picture. @param {{from: number, speed: number, height: number, aspect?: number}} walk */
export const crossing = ({ from, speed, height, aspect = 0.3 }) => ({ from, to: from + (WIDTH + height * aspect) / speed });

/**
 * Streaks of rain or flakes of snow at random places, brighter than what is behind.
 * @param {Float32Array} picture @param {Random} random @param {{count: number, length: number, strength: number, width?: number}} rain
 */
export function drawRain(picture, random, { count, length, strength, width = 1 }) {
  for (let n = 0; n < count; n++) {
    const x = Math.floor(random.next() * (WIDTH - width)), y = Math.floor(random.between(-length, HEIGHT));
    const alpha = strength * random.between(0.4, 1);
    for (let v = Math.max(0, y); v < Math.min(HEIGHT, y + length); v++) {
      for (let u = x; u < x + width; u++) picture[v * WIDTH + u] += alpha * (225 - picture[v * WIDTH + u]);
    }
  }
}

/**
 * Moves what is inside a soft ellipse by a few pixels that differ from place to place, as leaves do.
 * @param {Float32Array} picture @param {Float32Array} still @param {number} second
 * @param {{x: number, y: number, rx: number, ry: number, sway: number, phase: number}} tree
 */
export function drawFoliage(picture, still, second, { x, y, rx, ry, sway, phase }) {
  const gust = 0.6 + 0.4 * Math.sin(second * 0.5 + phase);
  for (let py = Math.max(0, Math.floor(y - ry)); py < Math.min(HEIGHT, y + ry); py++) {
    for (let px = Math.max(2, Math.floor(x - rx)); px < Math.min(WIDTH - 3, x + rx); px++) {
      const inside = 1 - ((px - x) / rx) ** 2 - ((py - y) / ry) ** 2;
      if (inside <= 0) continue;
      const local = phase + px * 0.11 + py * 0.07;
      const dx = sway * gust * Math.min(1, inside * 3) * (Math.sin(second * 4.1 + local) * 0.6 + Math.sin(second * 7.3 + local * 2.7) * 0.4);
      const at = Math.min(WIDTH - 2.001, Math.max(0, px + dx)), whole = Math.floor(at), part = at - whole;
      picture[py * WIDTH + px] = still[py * WIDTH + whole] * (1 - part) + still[py * WIDTH + whole + 1] * part;
    }
  }
}

/**
 * A part of a wider and higher picture, moved by parts of a pixel too.
 * @param {Float32Array} wide @param {number} stride @param {number} dx @param {number} dy
 */
export function shifted(wide, stride, dx, dy) {
  const result = new Float32Array(WIDTH * HEIGHT);
  const columns = stride, rows = wide.length / stride;
  for (let y = 0; y < HEIGHT; y++) {
    const sy = Math.min(rows - 1.001, Math.max(0, y + dy)), top = Math.floor(sy), v = sy - top;
    for (let x = 0; x < WIDTH; x++) {
      const sx = Math.min(columns - 1.001, Math.max(0, x + dx)), left = Math.floor(sx), u = sx - left, i = top * columns + left;
      result[y * WIDTH + x] = (wide[i] * (1 - u) + wide[i + 1] * u) * (1 - v) + (wide[i + columns] * (1 - u) + wide[i + columns + 1] * u) * v;
    }
  }
  return result;
}

/** @param {Float32Array} picture @param {number} radius */
export function blurred(picture, radius) {
  const result = new Float32Array(picture.length);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      let sum = 0, n = 0;
      for (let v = Math.max(0, y - radius); v <= Math.min(HEIGHT - 1, y + radius); v++) {
        for (let u = Math.max(0, x - radius); u <= Math.min(WIDTH - 1, x + radius); u++) {
          sum += picture[v * WIDTH + u];
          n++;
        }
      }
      result[y * WIDTH + x] = sum / n;
    }
  }
  return result;
}

/** Each pixel through `change`. @param {Float32Array} picture @param {(value: number, x: number, y: number) => number} change */
export function light(picture, change) {
  for (let i = 0; i < picture.length; i++) picture[i] = change(picture[i], i % WIDTH, Math.floor(i / WIDTH));
  return picture;
}

export const smoothStep = (/** @type {number} */ t) => (t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t));
