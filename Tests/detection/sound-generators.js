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

export const gain = (dB) => 10 ** (dB / 20);
const rms = (samples) => Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length) || 1;

/** Brings samples to a loudness, dBFS. */
const atLevel = (samples, level) => {
  const factor = gain(level) / rms(samples);
  return samples.map((value) => value * factor);
};

/** Adds one sound into another at a time. */
export function mix(into, samples, second = 0) {
  const start = Math.round(second * RATE);
  for (let i = 0; i < samples.length && start + i < into.length; i++) into[start + i] += samples[i];
  return into;
}

export const empty = (seconds) => new Float32Array(Math.round(seconds * RATE));

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

export const shaped = (samples, envelope) => samples.map((value, i) => value * envelope(i / RATE));
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
export function click(level, next) {
  return peakTo(shaped(resonate(empty(0.05).map(() => next() - 0.5), 1500 + 2500 * next(), 900), (t) => Math.exp(-t / 0.006)), level);
}

export function hum(seconds, hertz, level) {
  const harmonics = [1, 2, 3, 5, 7];
  return atLevel(empty(seconds).map((_, i) => harmonics.reduce((sum, n) => sum + Math.sin((2 * Math.PI * hertz * n * i) / RATE) / n, 0)), level);
}

export function rain(seconds, level, next) {
  const all = white(seconds, level, next);
  for (let at = 0; at < seconds - 0.1; at += 0.02 + 0.1 * next()) mix(all, click(level + 6 + 8 * next(), next), at);
  return all;
}

/** A car that comes and goes. */
export function car(seconds, level, next) {
  const road = lowpass(pink(seconds, level, next), 900);
  const engine = resonate(hum(seconds, 35 + 20 * next(), level - 8), 200, 300);
  return shaped(atLevel(road.map((value, i) => value + engine[i]), level), (t) => Math.exp(-(((t - seconds / 2) / (seconds / 5)) ** 2)));
}

/** A tone with harmonics, whose height and strength may change. */
export function tone(seconds, hertz, strength, harmonics = 6) {
  let phase = 0;
  return empty(seconds).map((_, i) => {
    const t = i / RATE;
    phase += (2 * Math.PI * hertz(t)) / RATE;
    let sum = 0;
    for (let n = 1; n <= harmonics; n++) sum += Math.sin(n * phase) / n;
    return sum * strength(t);
  });
}

export function wind(seconds, level, next) {
  const all = lowpass(pink(seconds, level, next), 250);
  let gust = 0, goal = 0, left = 0;
  return all.map((value) => {
    if (left-- <= 0) {
      goal = next() < 0.5 ? next() : 0.05;
      left = RATE * (0.3 + 2 * next());
    }
    gust += (goal - gust) / (0.15 * RATE);
    return value * gust;
  });
}

/** A finger on a door. */
export function knock(level, next) {
  const wood = shaped(tone(0.3, () => 180, () => 1, 1), (t) => Math.exp(-t / 0.035));
  return peakTo(mix(wood, shaped(empty(0.3).map(() => 0.3 * (next() - 0.5)), (t) => Math.exp(-t / 0.01))), level);
}
