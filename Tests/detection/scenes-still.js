// @ts-check
// Scenes of which nobody should be told: noise, light, weather, leaves.

import { HEIGHT, WIDTH, blurred, drawFoliage, drawRain, garden, light, room, shifted, smoothStep, soft } from "./stage.js";

/** @typedef {import("./random.js").Random} Random @typedef {import("./scenes.js").Scene} Scene */

/** @param {Random} random @param {number} sway */
const tree = (random, sway) => ({
  x: random.between(10, 150), y: random.between(30, 75), rx: random.between(15, 35), ry: random.between(15, 30), sway, phase: random.between(0, 6),
});

/** Nothing that a person should be told of. @type {Record<string, (seed: number, random: Random) => Omit<Scene, "name" | "truth">>} */
export const still = {
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
    const gamma = (/** @type {number} */ s) => 1 - 0.35 * smoothStep((s - 8) / span) + 0.5 * smoothStep((s - 18) / span);
    return { seconds: 30, draw: (s) => light(room(seed), (v) => 255 * (Math.max(v, 0) / 255) ** gamma(s)) };
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
      draw: (s) => {
        const on = smoothStep((s - 8) / 0.2) - smoothStep((s - 20) / 0.1);
        return light(room(seed), (v, x, y) => v * (0.8 + 0.8 * on * soft(radius - Math.hypot(x - cx, y - cy), 10)));
      },
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
    const trees = Array.from({ length: 3 }, () => tree(random, random.between(0.8, 2)));
    const base = garden(seed);
    return {
      seconds: 60,
      draw: (s) => {
        const picture = base.slice();
        for (const each of trees) drawFoliage(picture, base, s, each);
        return picture;
      },
    };
  },
  "gusts in a tree": (seed, random) => {
    const base = garden(seed), sway = random.between(2, 4);
    const trees = Array.from({ length: 2 }, () => tree(random, sway));
    return {
      seconds: 60,
      draw: (s) => {
        const picture = base.slice();
        const wind = 0.3 + 0.7 * smoothStep((Math.sin(s * 0.35 + trees[0].phase) + 0.5) * 1.2);
        for (const each of trees) drawFoliage(picture, base, s, { ...each, sway: sway * wind });
        return picture;
      },
    };
  },
  "headlights on a wall": (seed, random) => {
    const [speed, width] = [random.between(40, 120), random.between(25, 50)];
    return {
      seconds: 30,
      sigma: 4,
      draw: (s) => light(room(seed), (v, x, y) => v * (0.35 + 0.5 * Math.exp(-(((x + 40 - (s - 10) * speed) / width) ** 2) - ((y - 40) / 40) ** 2))),
    };
  },
  "autofocus hunts": (seed, random) => {
    const base = room(seed), vague = blurred(base, 2), at = random.between(8, 12);
    return {
      seconds: 25,
      draw: (s) => {
        const share = s > at && s < at + 1.5 ? Math.abs(Math.sin(((s - at) / 1.5) * Math.PI * 2)) : 0;
        return base.map((value, i) => value + share * (vague[i] - value));
      },
    };
  },
  "a coder's keyframes": (seed, random) => {
    const base = room(seed);
    let pulse = new Float32Array(0), last = -1;
    return {
      seconds: 40,
      sigma: 1,
      draw: (s) => {
        if (Math.floor(s / 2) !== last) {
          last = Math.floor(s / 2);
          pulse = Float32Array.from({ length: 20 * 12 }, () => 2.5 * random.normal());
        }
        const left = Math.exp(-(s % 2) * 1.5);
        return light(base.slice(), (v, x, y) => v + left * pulse[(y >> 3) * 20 + (x >> 3)]);
      },
    };
  },
  "a trembling camera": (seed, random) => {
    const base = room(seed), strength = random.between(0.15, 0.4);
    return { seconds: 30, draw: () => shifted(base, WIDTH, strength * random.normal(), strength * random.normal()) };
  },
};
