// @ts-check
// Scenes with known truth: what a camera meets, made from a seed.

import { Random, addNoise } from "./random.js";
import { HEIGHT, WIDTH, blurred, crossing, drawBody, drawFoliage, drawRain, garden, room, shifted, soft, walker } from "./stage.js";

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

/** Each pixel through `change`. @param {Float32Array} picture @param {(value: number, x: number, y: number) => number} change */
function light(picture, change) {
  for (let i = 0; i < picture.length; i++) picture[i] = change(picture[i], i % WIDTH, Math.floor(i / WIDTH));
  return picture;
}

const smoothStep = (/** @type {number} */ t) => (t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t));

/** Nothing that a person should be told of. @type {Record<string, (seed: number, random: Random) => Omit<Scene, "name" | "truth">>} */
const still = {
  "noise 2": (seed) => ({ seconds: 40, sigma: 2, draw: () => room(seed) }),
  "noise 6": (seed) => ({ seconds: 40, sigma: 6, draw: () => room(seed) }),
  "noise 14, dark": (seed) => ({ seconds: 40, sigma: 14, draw: () => light(room(seed), (value) => 12 + value * 0.2) }),
  "flicker, rolling bands": (seed, random) => {
    const [bands, roll, depth] = [random.between(0.6, 3), random.between(0.1, 4.5), random.between(0.04, 0.1)];
    return { seconds: 30, draw: (s) => light(room(seed), (v, x, y) => v * (1 + depth * Math.sin(2 * Math.PI * ((bands * y) / HEIGHT + roll * s)))) };
  },
  "flicker, portrait": (seed, random) => {
    const [bands, roll, depth] = [random.between(0.6, 3), random.between(0.1, 4.5), random.between(0.04, 0.1)];
    return { seconds: 30, draw: (s) => light(room(seed), (v, x) => v * (1 + depth * Math.sin(2 * Math.PI * ((bands * x) / WIDTH + roll * s)))) };
  },
  "exposure steps": (seed, random) => {
    const steps = Array.from({ length: 6 }, () => random.between(0.6, 1.5));
    return { seconds: 30, draw: (s) => light(room(seed), (v) => v * steps[Math.floor(s / 5)]) };
  },
  "exposure hunts": (seed, random) => {
    const speed = random.between(0.5, 3);
    return { seconds: 30, draw: (s) => light(room(seed), (v) => v * (1 + 0.25 * Math.sin(s * speed)) + 8 * Math.sin(s * speed * 1.7)) };
  },
  "gamma ramps": (seed, random) => {
    const span = random.between(0.5, 4);
    return { seconds: 30, draw: (s) => light(room(seed), (v) => 255 * (Math.max(v, 0) / 255) ** (1 - 0.35 * smoothStep((s - 8) / span) + 0.5 * smoothStep((s - 18) / span))) };
  },
  "lamp, everywhere": (seed, random) => {
    const warm = random.between(0.05, 0.6);
    return { seconds: 30, draw: (s) => light(room(seed), (v) => v * (0.55 + 0.6 * (smoothStep((s - 8) / warm) - smoothStep((s - 20) / 0.1)))) };
  },
  "lamp, half the room": (seed, random) => {
    const [edge, width, warm] = [random.between(50, 110), random.between(15, 60), random.between(0.05, 0.5)];
    return {
      seconds: 30,
      draw: (s) => light(room(seed), (v, x) => v * (0.7 + 0.7 * soft(x - edge, width) * (smoothStep((s - 8) / warm) - smoothStep((s - 20) / 0.1)))),
    };
  },
  "lamp, round pool": (seed, random) => {
    const [cx, cy, radius] = [random.between(30, 130), random.between(20, 70), random.between(15, 35)];
    return {
      seconds: 30,
      draw: (s) =>
        light(room(seed), (v, x, y) => v * (0.8 + 0.8 * soft(radius - Math.hypot(x - cx, y - cy), 10) * (smoothStep((s - 8) / 0.2) - smoothStep((s - 20) / 0.1)))),
    };
  },
  "sun patch": (seed, random) => {
    const [left, width, fade] = [random.between(10, 100), random.between(20, 50), random.between(0.8, 3)];
    return {
      seconds: 30,
      draw: (s) =>
        light(room(seed), (v, x, y) => {
          const inside = soft(x - left - y * 0.4, 1.5) * soft(left + width + y * 0.4 - x, 1.5) * soft(y - 25, 1.5) * soft(80 - y, 1.5);
          return v * (1 + 0.5 * inside * (smoothStep((s - 8) / fade) - smoothStep((s - 18) / fade)));
        }),
    };
  },
  clouds: (seed, random) => {
    const speed = random.between(0.2, 0.8);
    return { seconds: 40, draw: (s) => light(garden(seed), (v) => v * (0.8 + 0.2 * Math.sin(s * speed) + 0.08 * Math.sin(s * speed * 3.1))) };
  },
  "shadow of a cloud": (seed, random) => {
    const [speed, edge] = [random.between(6, 20), random.between(40, 80)];
    return { seconds: 40, draw: (s) => light(garden(seed), (v, x, y) => v * (y < 20 ? 1 : 1 - 0.35 * soft((s - 5) * speed - x - y * 0.3, edge))) };
  },
  rain: (seed, random) => {
    const [count, strength] = [random.between(60, 160), random.between(0.15, 0.3)];
    return {
      seconds: 40,
      draw: () => {
        const picture = garden(seed);
        drawRain(picture, random, { count, length: 9, strength });
        return picture;
      },
    };
  },
  snow: (seed, random) => {
    const count = random.between(40, 120);
    return {
      seconds: 40,
      draw: () => {
        const picture = garden(seed);
        drawRain(picture, random, { count, length: 2, width: 2, strength: 0.5 });
        drawRain(picture, random, { count: count / 12, length: 5, width: 4, strength: 0.4 });
        return picture;
      },
    };
  },
  foliage: (seed, random) => {
    const trees = Array.from({ length: 3 }, () => ({ x: random.between(0, 160), y: random.between(30, 80), rx: random.between(15, 30), ry: random.between(15, 30), sway: random.between(0.8, 2), phase: random.between(0, 6) }));
    const base = garden(seed);
    return {
      seconds: 60,
      draw: (s) => {
        const picture = base.slice();
        for (const tree of trees) drawFoliage(picture, base, s, tree);
        return picture;
      },
    };
  },
  "a trembling camera": (seed, random) => {
    const base = room(seed), strength = random.between(0.15, 0.4);
    return { seconds: 30, draw: () => shifted(base, WIDTH, strength * random.normal(), strength * random.normal()) };
  },
};

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

/** Dark or bright. @param {Random} random @param {number} contrast */
const either = (random, contrast) => (random.next() < 0.5 ? -contrast : contrast);

/** Somebody is there. @type {Record<string, (seed: number, random: Random) => Omit<Scene, "name">>} */
const persons = {
  "person at 3 m": (seed, random) => walks(seed, [{ from: 8, speed: 40, height: 60, foot: 85, contrast: either(random, 50) }]),
  "person at 5 m": (seed, random) => walks(seed, [{ from: 8, speed: 25, height: 38, foot: 80, contrast: either(random, 40) }]),
  "person at 8 m": (seed, random) => walks(seed, [{ from: 8, speed: 18, height: 24, foot: 70, contrast: either(random, 40) }]),
  "slow at 8 m": (seed, random) => walks(seed, [{ from: 8, speed: 6, height: 24, foot: 70, contrast: either(random, 40) }]),
  "runner at 4 m": (seed, random) => walks(seed, [{ from: 8, speed: 120, height: 48, foot: 82, contrast: either(random, 45) }]),
  "cat at 2 m": (seed, random) => walks(seed, [{ from: 8, speed: 30, height: 14, aspect: 1.8, foot: 80, contrast: either(random, 50) }]),
  "small contrast": (seed, random) => walks(seed, [{ from: 8, speed: 30, height: 45, foot: 80, contrast: either(random, 16) }]),
  night: (seed, random) => ({
    ...walks(seed, [{ from: 10, speed: 25, height: 45, foot: 80, contrast: either(random, 22) + 4 }], undefined, light(room(seed), (v) => 20 + v * 0.25)),
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
    walks(seed, [{ from: 8, speed: 25, height: 45, foot: 80, contrast: either(random, 45) }], (picture, s) => light(picture, (v) => v * (0.85 + 0.2 * Math.sin(s * 0.9))), garden(seed)),
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
  "out of focus": (seed) => {
    const base = room(seed), vague = blurred(base, 5);
    return {
      seconds: 30,
      truth: [],
      tampers: ["moved"],
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
