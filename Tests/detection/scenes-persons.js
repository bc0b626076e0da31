// @ts-check
// Scenes with somebody in them.

import { WIDTH, crossing, drawBody, drawFoliage, drawRain, garden, light, room, smoothStep, walker } from "./stage.js";

/** @typedef {import("./random.js").Random} Random @typedef {import("./scenes.js").Scene} Scene */

/** @typedef {Parameters<typeof walker>[1]} Walk */

/** @param {number} seed @param {Walk[]} walks @param {(value: Float32Array, second: number) => Float32Array} [after] @param {Float32Array} [base] */
function walks(seed, walks, after = (picture) => picture, base = room(seed)) {
  return {
    seconds: Math.ceil(Math.max(...walks.map((walk) => crossing(walk).to)) + 12),
    truth: walks.map(crossing),
    draw: (/** @type {number} */ s) => {
      const picture = base.slice();
      for (const walk of walks) {
        const { from, to } = crossing(walk);
        if (s >= from && s <= to) drawBody(picture, walker(s, walk));
      }
      return after(picture, s);
    },
  };
}

/** Somebody at 4 m. */
const across = { from: 8, speed: 25, height: 45, foot: 80 };

/** Dark or bright. @param {Random} random @param {number} contrast */
const either = (random, contrast) => (random.next() < 0.5 ? -contrast : contrast);

/** Somebody is there. @type {Record<string, (seed: number, random: Random) => Omit<Scene, "name">>} */
export const persons = {
  "person at 3 m": (seed, random) => walks(seed, [{ from: 8, speed: 40, height: 60, foot: 85, contrast: either(random, 50) }]),
  "person at 5 m": (seed, random) => walks(seed, [{ from: 8, speed: 25, height: 38, foot: 80, contrast: either(random, 40) }]),
  "person at 8 m": (seed, random) => walks(seed, [{ from: 8, speed: 18, height: 24, foot: 70, contrast: either(random, 40) }]),
  "slow at 8 m": (seed, random) => walks(seed, [{ from: 8, speed: 6, height: 24, foot: 70, contrast: either(random, 40) }]),
  "runner at 4 m": (seed, random) => walks(seed, [{ from: 8, speed: 120, height: 48, foot: 82, contrast: either(random, 45) }]),
  "cat at 2 m": (seed, random) => walks(seed, [{ from: 8, speed: 30, height: 14, aspect: 1.8, foot: 80, contrast: either(random, 50) }]),
  "small contrast": (seed, random) => walks(seed, [{ from: 8, speed: 30, height: 45, foot: 80, contrast: either(random, 16) }]),
  night: (seed, random) => ({
    ...walks(seed, [{ ...across, from: 10, contrast: either(random, 22) + 4 }], undefined, light(room(seed), (v) => 20 + v * 0.25)),
    sigma: 6,
  }),
  "two visits, 12 s apart": (seed, random) =>
    walks(seed, [
      { from: 6, speed: 40, height: 50, foot: 82, contrast: either(random, 45) },
      { from: 22.4, speed: 40, height: 50, foot: 82, contrast: either(random, 45), rightwards: false },
    ]),
  "during a lamp": (seed, random) => {
    const walk = { from: 8, speed: 25, height: 45, foot: 80, contrast: either(random, 45) };
    return walks(seed, [walk], (picture, s) => light(picture, (v) => v * (0.7 + 0.5 * smoothStep((s - 7.8) / 0.3))));
  },
  "under clouds": (seed, random) =>
    walks(
      seed,
      [{ ...across, contrast: either(random, 45) }],
      (picture, s) => light(picture, (v) => v * (0.85 + 0.2 * Math.sin(s * 0.9))),
      garden(seed),
    ),
  "through flicker": (seed, random) =>
    walks(seed, [{ from: 8, speed: 25, height: 45, foot: 80, contrast: either(random, 45) }], (picture, s) =>
      light(picture, (v, x, y) => v * (1 + 0.06 * Math.sin(2 * Math.PI * (y / 50 + 1.3 * s)))),
    ),
  "in the rain": (seed, random) =>
    walks(seed, [{ from: 12, speed: 25, height: 45, foot: 80, contrast: either(random, 50) }], (picture) => {
      drawRain(picture, random, { count: 100, length: 9, strength: 0.25 });
      return picture;
    }, garden(seed)),
  "before foliage": (seed, random) => {
    const base = garden(seed), tree = { x: random.between(20, 60), y: 40, rx: 25, ry: 20, sway: 1.5, phase: random.between(0, 6) };
    const walk = { from: 20, speed: 25, height: 45, foot: 82, contrast: either(random, 55) };
    return {
      seconds: 40,
      truth: [crossing(walk)],
      draw: (s) => {
        const picture = base.slice();
        drawFoliage(picture, base, s, tree);
        if (s >= walk.from) drawBody(picture, walker(s, walk));
        return picture;
      },
    };
  },
  "comes nearer": (seed, random) => {
    const contrast = either(random, 45), base = room(seed), x = random.between(50, 110);
    return {
      seconds: 30,
      truth: [{ from: 8, to: 18 }],
      draw: (s) => {
        const picture = base.slice();
        const height = 16 + 5 * (s - 8);
        if (s >= 8 && s < 18) drawBody(picture, { x: x + 6 * Math.sin(s), foot: 62 + (s - 8) * 2, height, contrast, step: s * 6 });
        return picture;
      },
    };
  },
  "stands for half a minute": (seed, random) => {
    const contrast = either(random, 45), base = room(seed), stop = random.between(50, 100);
    return {
      seconds: 65,
      truth: [{ from: 8, to: 48 + stop / 30 }],
      draw: (s) => {
        const picture = base.slice();
        const came = Math.min((s - 8) * 30 - 8, stop);
        const x = s < 44 ? came : stop - (s - 44) * 30;
        // Nobody stands like a post, yet this one nearly does.
        if (s >= 8 && x > -10) drawBody(picture, { x: x + 0.2 * Math.sin(s * 1.1), foot: 84, height: 52, contrast, step: x / 6 });
        return picture;
      },
    };
  },
  "two visits, 9 s apart": (seed, random) =>
    walks(seed, [
      { from: 6, speed: 40, height: 50, foot: 82, contrast: either(random, 45) },
      { from: 19.5, speed: 40, height: 50, foot: 82, contrast: either(random, 45) },
    ]),
  "up and down, in a walk test": (seed, random) => {
    const walk = { speed: 60, height: 50, foot: 82, contrast: either(random, 45) };
    return walks(seed, Array.from({ length: 20 }, (_, index) => ({ ...walk, from: 6 + 6 * index, rightwards: index % 2 === 0 })));
  },
  "with a long shadow": (seed) => {
    const walk = { from: 8, speed: 25, height: 38, foot: 60, contrast: -45 };
    const { from, to } = crossing(walk);
    return walks(seed, [walk], (picture, s) => {
      const { x } = walker(s, walk);
      return s < from || s > to ? picture : light(picture, (v, px, py) => (py > 58 && Math.abs(px - x - (py - 58) * 1.2) < 4 ? v * 0.6 : v));
    }, garden(seed));
  },
  "five pictures a second": (seed, random) => ({ ...walks(seed, [{ ...across, contrast: either(random, 45) }]), rate: 5 }),
  "after much wind": (seed, random) => {
    const base = garden(seed), tree = { x: 60, y: 45, rx: 40, ry: 25, sway: 2.5, phase: random.between(0, 6) };
    const walk = { from: 40, speed: 25, height: 50, foot: 85, contrast: either(random, 60) };
    return {
      seconds: 60,
      truth: [crossing(walk)],
      mayAlarm: true,
      draw: (s) => {
        const picture = base.slice();
        drawFoliage(picture, base, s, tree);
        if (s >= walk.from) drawBody(picture, walker(s, walk));
        return picture;
      },
    };
  },
  "brings a chair": (seed, random) => {
    const base = room(seed), contrast = either(random, 45), place = random.between(60, 110);
    return {
      seconds: 90,
      truth: [{ from: 8, to: 8 + (2 * place) / 30 + 1 }],
      draw: (s) => {
        const picture = base.slice();
        const x = s < 8 ? -50 : (s - 8) * 30 < place ? (s - 8) * 30 : 2 * place - (s - 8) * 30;
        if (s >= 8) drawBody(picture, { x: Math.min(place, (s - 8) * 30) + 8, foot: 80, height: 16, contrast: 40, aspect: 0.9 });
        if (x > -20) drawBody(picture, { x, foot: 84, height: 50, contrast, step: x / 6 });
        return picture;
      },
    };
  },
  "there from the start": (seed, random) => {
    const contrast = either(random, 50), base = room(seed);
    return {
      seconds: 12,
      truth: [{ from: 0, to: 9 }],
      draw: (s) => {
        const picture = base.slice();
        const x = 70 + 10 * Math.sin(s * 2.2);
        if (s < 9) drawBody(picture, { x, foot: 90, height: 75, contrast, step: s * 5 });
        return picture;
      },
    };
  },
};
