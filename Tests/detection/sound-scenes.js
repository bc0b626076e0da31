// Minutes of a camera's life, made of sounds by rule, with what must be found in them and what must not.
import {
  car, click, empty, gain, glass, hum, knock, mix, pink, rain, random, shaped, slam, speech, tone, white, wind,
} from "./sound-generators.js";

const hump = (t, seconds) => (t >= 0 && t < seconds ? Math.sin((Math.PI * t) / seconds) : 0);
const ramp = (t, from, seconds) => Math.min(1, Math.max(0, (t - from) / seconds));
/** A room on its own. */
const room = (seconds, next, level = -62) => pink(seconds, level, next);

/**
 * Each: a name, and from a seed samples and truth. `truth`: what must be found; `optional`: what may be, at most once each.
 * @type {Record<string, (seed: number) => {samples: Float32Array, truth: number[][], optional?: number[][]}>}
 */
export const SCENES = {
  "white noise": (seed) => ({ samples: white(60, [-70, -50, -30][seed % 3], random(seed)), truth: [] }),
  "pink noise": (seed) => ({ samples: pink(60, [-70, -50, -30][seed % 3], random(seed)), truth: [] }),
  "hum of 50 and 60 Hz": (seed) => {
    const next = random(seed);
    return { samples: mix(room(40, next), shaped(hum(20, seed % 2 ? 50 : 60, -40), (t) => ramp(t, 0, 0.05)), 10), truth: [], optional: [[10, 11]] };
  },
  "a fan starts": (seed) => {
    const next = random(seed);
    const fan = mix(pink(40, -38, next), hum(40, 120, -46));
    const takes = 1.5 + 3 * next();
    return { samples: mix(room(50, next), shaped(fan, (t) => gain(-30 * (1 - ramp(t, 0, takes)))), 10), truth: [] };
  },
  "rain comes up": (seed) => {
    const next = random(seed);
    return { samples: mix(room(60, next), shaped(rain(50, -42, next), (t) => ramp(t, 0, 8)), 10), truth: [] };
  },
  "cars pass": (seed) => {
    const next = random(seed);
    const all = room(80, next, -55);
    for (let at = 5; at < 68; at += 9 + 5 * next()) mix(all, car(8 + 3 * next(), -38 + 6 * next(), next), at);
    return { samples: all, truth: [] };
  },
  wind: (seed) => {
    const next = random(seed);
    return { samples: mix(room(60, next), wind(60, -22, next)), truth: [] };
  },
  "a refrigerator's compressor": (seed) => {
    const next = random(seed);
    return { samples: mix(room(60, next, -60), tone(20, () => 100, (t) => 0.004 * ramp(t, 0, 0.01), 3), 20), truth: [] };
  },
  "somebody knocks": (seed) => {
    const next = random(seed);
    const all = room(20, next, -55);
    for (const at of [8, 8.35, 8.7]) mix(all, knock(-14 + 3 * next(), next), at);
    return { samples: all, truth: [[8, 9]] };
  },
  "a dog barks": (seed) => {
    const next = random(seed);
    const bark = (t) => hump(t % 0.6, 0.25);
    return { samples: mix(room(20, next, -55), tone(3, (t) => 450 + 300 * bark(t), (t) => 0.06 * bark(t)), 8), truth: [[8, 11]] };
  },
  "a baby cries": (seed) => {
    const next = random(seed);
    const cry = (t) => hump(t % 1.3, 0.9);
    return { samples: mix(room(20, next, -55), tone(5, (t) => 400 + 90 * cry(t), (t) => 0.03 * cry(t)), 8), truth: [[8, 13]] };
  },
  "a smoke alarm": (seed) => {
    const next = random(seed);
    return { samples: mix(room(20, next, -55), tone(6, () => 3100, (t) => (t % 1 < 0.5 ? 0.08 : 0), 1), 8), truth: [[8, 14]] };
  },
  "a clock ticks": (seed) => {
    const next = random(seed);
    const all = room(60, next);
    for (let at = 0.5; at < 59; at++) mix(all, click(-30 + 2 * next(), next), at);
    return { samples: all, truth: [] };
  },
  "single clicks": (seed) => {
    const next = random(seed);
    const all = room(60, next);
    for (let at = 4; at < 58; at += 6 + 6 * next()) mix(all, click(-14 + 6 * next(), next), at);
    return { samples: all, truth: [] };
  },
  typing: (seed) => {
    const next = random(seed);
    const all = room(70, next);
    for (let at = 5; at < 65; at += 0.07 + 0.15 * next() + (next() < 0.06 ? 1 : 0)) mix(all, click(-22 + 12 * next(), next), at);
    return { samples: all, truth: [], optional: [[5, 8]] };
  },
  "a door slams": (seed) => {
    const next = random(seed);
    const all = room(60, next, -58);
    const times = [6, 26, 50];
    for (const at of times) mix(all, slam(-10 + 6 * next(), next), at);
    return { samples: all, truth: times.map((at) => [at, at + 1]) };
  },
  "glass breaks": (seed) => {
    const next = random(seed);
    return { samples: mix(room(20, next, -55), glass(-12, next), 8), truth: [[8, 9]] };
  },
  "a door slams while somebody types": (seed) => {
    const next = random(seed);
    const all = room(60, next);
    for (let at = 5; at < 58; at += 0.07 + 0.15 * next()) mix(all, click(-26 + 10 * next(), next), at);
    return { samples: mix(all, slam(-3, next), 45), truth: [[45, 46]], optional: [[5, 8]] };
  },
  "speech, 20 dB over the noise": (seed) => talk(seed, 20),
  "speech, 12 dB over the noise": (seed) => talk(seed, 12),
  "speech, 6 dB over the noise": (seed) => talk(seed, 6),
  "speech while a fan runs": (seed) => {
    const next = random(seed);
    return { samples: mix(pink(50, -42, next), speech(5, -28, next), 25), truth: [[25, 30]] };
  },
  "speech out of digital silence": (seed) => {
    const next = random(seed);
    return { samples: mix(empty(20), speech(5, -30, next), 8), truth: [[8, 13]] };
  },
  "a slam out of digital silence": (seed) => ({ samples: mix(empty(20), slam(-8, random(seed)), 8), truth: [[8, 9]] }),
  "the microphone is turned on": (seed) => ({ samples: mix(empty(40), pink(28, -48, random(seed)), 12), truth: [] }),
  // It must be heard when it begins, and must not go on being news: eight stretches in four minutes.
  "a television, on and off": (seed) => {
    const next = random(seed);
    const all = room(260, next);
    const optional = [];
    for (let at = 10; at < 240; at += 24 + 8 * next()) {
      mix(all, speech(20, -38, next), at);
      optional.push([at, at + 20]);
    }
    return { samples: all, truth: [optional[0]], optional: optional.slice(1) };
  },
  "speech that clips": (seed) => {
    const next = random(seed);
    return { samples: mix(room(20, next), speech(5, 6, next), 8).map((value) => Math.max(-1, Math.min(1, value))), truth: [[8, 13]] };
  },
  "speech on an offset": (seed) => {
    const next = random(seed);
    return { samples: mix(room(20, next), speech(5, -32, next), 8).map((value) => value + 0.2), truth: [[8, 13]] };
  },
};

/** Three stretches of talk, at a distance from the noise. */
function talk(seed, ratio) {
  const next = random(seed);
  const noise = [-62, -52, -45][seed % 3];
  const all = pink(75, noise, next);
  const truth = [8, 30, 58].map((at) => [at, at + 5]);
  for (const [at] of truth) mix(all, speech(5, noise + ratio, next), at);
  return { samples: all, truth };
}
