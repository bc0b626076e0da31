// Sounds made by rule, with the truth about them. Everything comes from the seed.

export const RATE = 16_000;

/** Numbers from 0 to 1 that look random and are the same each time. */
export function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const gain = (dB) => 10 ** (dB / 20);
const rms = (samples) => Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length) || 1;

/** Brings samples to a loudness, dBFS. */
const atLevel = (samples, level) => {
  const factor = gain(level) / rms(samples);
  return samples.map((value) => value * factor);
};

/** Adds one sound into another at a time. */
function mix(into, samples, second = 0) {
  const start = Math.round(second * RATE);
  for (let i = 0; i < samples.length && start + i < into.length; i++) into[start + i] += samples[i];
  return into;
}

const empty = (seconds) => new Float32Array(Math.round(seconds * RATE));

export function white(seconds, level, next) {
  return atLevel(empty(seconds).map(() => next() + next() + next() - 1.5), level);
}

/** By Paul Kellet's three poles. */
export function pink(seconds, level, next) {
  let a = 0, b = 0, c = 0;
  return atLevel(empty(seconds).map(() => {
    const value = next() * 2 - 1;
    a = 0.99765 * a + value * 0.099046;
    b = 0.963 * b + value * 0.2965164;
    c = 0.57 * c + value * 1.0526913;
    return a + b + c + value * 0.1848;
  }), level);
}

/** A resonance, as of a vocal tract or a thing that was struck. */
function resonate(samples, hertz, width) {
  const r = Math.exp((-Math.PI * width) / RATE);
  const c = 2 * r * Math.cos((2 * Math.PI * hertz) / RATE);
  let y1 = 0, y2 = 0;
  return samples.map((value) => {
    const y = (1 - r) * value + c * y1 - r * r * y2;
    y2 = y1;
    y1 = y;
    return y;
  });
}

function lowpass(samples, hertz) {
  const keep = Math.exp((-2 * Math.PI * hertz) / RATE);
  let y = 0;
  return samples.map((value) => (y = keep * y + (1 - keep) * value));
}

const shaped = (samples, envelope) => samples.map((value, i) => value * envelope(i / RATE));
const VOWELS = [[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480], [570, 840, 2410]];

/** Syllables of a glottis and three formants, with consonants of noise and short pauses; its loudness is that of the voiced parts. */
export function speech(seconds, level, next) {
  const all = empty(seconds);
  const base = 95 + 130 * next();
  for (let at = 0; at < seconds - 0.3;) {
    const length = 0.12 + 0.16 * next();
    const pitch = base * (0.85 + 0.35 * next()), glide = (next() - 0.5) * 0.3;
    let phase = 0;
    const source = empty(length).map((_, i) => {
      const turned = phase + (pitch * (1 + (glide * i) / (length * RATE))) / RATE;
      const pulse = Math.floor(turned) > Math.floor(phase) ? 1 : 0;
      phase = turned;
      return pulse + 0.02 * (next() - 0.5);
    });
    const [f1, f2, f3] = VOWELS[Math.floor(next() * VOWELS.length)];
    const tract = [resonate(source, f1, 90), resonate(source, f2, 120), resonate(source, f3, 180)];
    const vowel = tract[0].map((value, i) => value + 0.7 * tract[1][i] + 0.4 * tract[2][i]);
    const loud = level - 6 * next();
    mix(all, atLevel(shaped(vowel, (t) => Math.sin((Math.PI * t) / length) ** 0.6), loud), at);
    if (next() < 0.4) mix(all, shaped(white(0.07, loud - 14, next), (t) => Math.sin((Math.PI * t) / 0.07)), at + length);
    at += length + 0.03 + 0.08 * next() + (next() < 0.15 ? 0.25 + 0.3 * next() : 0);
  }
  return all;
}

/** A thud with a tail. */
export function slam(level, next) {
  const noise = empty(0.9).map(() => next() - 0.5);
  const body = lowpass(noise, 300);
  return peakTo(shaped(body.map((value, i) => value * 3 + noise[i] * 0.3), (t) => Math.min(1, t / 0.003) * Math.exp(-t / 0.09)), level);
}

/** Shards: many short high resonances. */
export function glass(level, next) {
  const all = empty(1);
  for (let i = 0; i < 60; i++) {
    const hertz = 2000 + 5000 * next(), length = 0.02 + 0.1 * next();
    const shard = empty(0.4).map((_, n) => Math.sin((2 * Math.PI * hertz * n) / RATE) * Math.exp(-n / RATE / length));
    mix(all, atLevel(shard, -20 - 20 * next()), 0.4 * next() ** 2);
  }
  return peakTo(mix(all, shaped(white(0.15, -6, next), (t) => Math.exp(-t / 0.04))), level);
}

/** To a peak, dBFS. */
function peakTo(samples, level) {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (value * gain(level)) / peak);
}

/** One key, tick or mouse button. */
function click(level, next) {
  return peakTo(shaped(resonate(empty(0.05).map(() => next() - 0.5), 1500 + 2500 * next(), 900), (t) => Math.exp(-t / 0.006)), level);
}

export function hum(seconds, hertz, level) {
  return atLevel(empty(seconds).map((_, i) => [1, 2, 3, 5, 7].reduce((sum, n) => sum + Math.sin((2 * Math.PI * hertz * n * i) / RATE) / n, 0)), level);
}

function rain(seconds, level, next) {
  const all = white(seconds, level, next);
  for (let at = 0; at < seconds - 0.1; at += 0.02 + 0.1 * next()) mix(all, click(level + 6 + 8 * next(), next), at);
  return all;
}

/** A car that comes and goes. */
function car(seconds, level, next) {
  const road = lowpass(pink(seconds, level, next), 900);
  const engine = resonate(hum(seconds, 35 + 20 * next(), level - 8), 200, 300);
  return shaped(atLevel(road.map((value, i) => value + engine[i]), level), (t) => Math.exp(-(((t - seconds / 2) / (seconds / 5)) ** 2)));
}

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
