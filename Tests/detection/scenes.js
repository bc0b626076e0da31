// @ts-check
// Scenes with known truth: what a camera meets, made from a seed.

import { Random, addNoise } from "./random.js";
import { persons } from "./scenes-persons.js";
import { still } from "./scenes-still.js";
import { WIDTH, blurred, crossing, drawBody, light, room, shifted, smoothStep, soft, walker } from "./stage.js";

/**
 * @typedef {object} Scene
 * @property {string} name
 * @property {number} seconds
 * @property {import("./judge.js").Interval[]} truth who is to be seen, and when
 * @property {string[]} [tampers] what must be reported, at the times in `tamperAt`
 * @property {number} [sigma] of the noise
 * @property {number} [rate] pictures a second
 * @property {boolean} [mayAlarm] events beyond the truth are not counted, as when a hand covers the lens
 * @property {(second: number) => Float32Array} draw before noise, not clipped
 */

const RATE = 10;

/** The pictures of a scene. @param {Scene} scene @param {number} seed */
export function* pictures({ seconds, sigma = 2, rate = RATE, draw }, seed) {
  const random = new Random(seed * 31 + 7);
  for (let frame = 0; frame < seconds * rate; frame++) {
    // Cameras are late by some milliseconds now and then.
    const second = (frame + 0.2 * random.next()) / rate;
    const picture = draw(second);
    addNoise(picture, sigma, random);
    yield { luma: new Uint8Array(new Uint8ClampedArray(picture).buffer), at: second * 1000 };
  }
}

/** What is done to the camera. @type {Record<string, (seed: number, random: Random) => Omit<Scene, "name">>} */
const tampering = {
  shaken: (seed, random) => {
    const base = room(seed);
    return {
      seconds: 25,
      truth: [],
      tampers: ["shake"],
      draw: (s) => (s > 8 && s < 12 ? shifted(base, WIDTH, 4 * Math.sin(s * 17) + random.normal(), 3 * Math.sin(s * 13)) : base.slice()),
    };
  },
  covered: (seed, random) => {
    const base = room(seed), dark = random.between(3, 30);
    const walk = { from: 28, speed: 30, height: 45, foot: 80, contrast: 50 };
    return {
      seconds: 45,
      truth: [crossing(walk)],
      tampers: ["covered"],
      mayAlarm: true,
      draw: (s) => {
        const picture = base.slice();
        if (s >= walk.from) drawBody(picture, walker(s, walk));
        const share = smoothStep((s - 8) / 0.5) - smoothStep((s - 16) / 0.5);
        return light(picture, (v, x) => v + soft(share * 220 - x - 30, 8) * (dark + x * 0.05 - v));
      },
    };
  },
  turned: (seed) => {
    const wide = room(seed, WIDTH * 3);
    const walk = { from: 25, speed: 30, height: 45, foot: 80, contrast: 55 };
    return {
      seconds: 42,
      truth: [crossing(walk)],
      tampers: ["moved"],
      mayAlarm: true,
      draw: (s) => {
        const picture = shifted(wide, WIDTH * 3, 150 * smoothStep((s - 8) / 1.2), 3 * smoothStep((s - 8) / 1.2));
        if (s >= walk.from) drawBody(picture, walker(s, walk));
        return picture;
      },
    };
  },
  bumped: (seed, random) => {
    const wide = room(seed, WIDTH * 2), far = random.between(4, 7);
    return {
      seconds: 25,
      truth: [],
      tampers: ["moved"],
      mayAlarm: true,
      draw: (s) => shifted(wide, WIDTH * 2, 20 + far * smoothStep((s - 10) / 0.3), 0.5 * far * smoothStep((s - 10) / 0.3)),
    };
  },
  "out of focus": (seed) => {
    const base = room(seed), vague = blurred(base, 5);
    return {
      seconds: 30,
      truth: [],
      tampers: ["moved"],
      mayAlarm: true,
      draw: (s) => {
        const share = smoothStep((s - 10) / 1);
        return base.map((value, i) => value + share * (vague[i] - value));
      },
    };
  },
};

/** @param {string} name @param {number} seed @returns {Scene} */
export function scene(name, seed) {
  const random = new Random(seed * 977 + name.length * 13);
  if (name in still) return { name, truth: [], ...still[name](seed, random) };
  return { name, ...(persons[name] ?? tampering[name])(seed, random) };
}

export const stillNames = Object.keys(still);
export const personNames = Object.keys(persons);
export const tamperNames = Object.keys(tampering);
