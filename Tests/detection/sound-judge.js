// Runs a detector over samples and holds what it found against the truth.
import { SoundEngine } from "../../Public/js/lib/sound.js";

/** Events may come so much before what they are of, and belong to it so long after its end, seconds. */
const EARLY = 0.3;
const LATE = 0.7;

/** Ours, behind one face with the anchor. */
export function engine(options) {
  const own = new SoundEngine(options);
  return (samples, rate, at) => own.process(samples, rate, at);
}

/**
 * The anchor: Haven's fixed threshold. The mean of the amounts of all samples that are not 0, in steps of 16 bits, as dB; its settings are
 * 40 (high sensitivity), 60 (medium) and 70 (what it is without a setting).
 */
export function fixedThreshold(threshold) {
  return (samples, rate, at) => {
    let sum = 0, count = 0;
    for (const sample of samples) {
      const step = Math.trunc(sample * 32768);
      if (step) {
        sum += Math.abs(step);
        count++;
      }
    }
    const level = count ? 20 * Math.log10(Math.max(1, Math.trunc(sum / count))) : 0;
    return [{ at: at + (samples.length / rate) * 1000, loud: level > threshold, score: level / 90, kind: "level" }];
  };
}

/**
 * @param {Float32Array} samples @param {number} rate @param {ReturnType<typeof engine>} detector
 * @param {number} [blockMs]
 * @param {number} [joinSeconds] pauses up to this do not part events: an anchor without a memory would else count each syllable
 */
export function events(samples, rate, detector, blockMs = 20, joinSeconds = 2) {
  const block = Math.round((rate * blockMs) / 1000);
  const found = [];
  let frames = 0;
  const began = process.cpuUsage();
  for (let start = 0; start < samples.length; start += block) {
    for (const { at, loud, score, kind } of detector(samples.subarray(start, start + block), rate, (start / rate) * 1000)) {
      frames++;
      if (!loud) continue;
      const second = at / 1000;
      const last = found.at(-1);
      if (last && second - last.to <= joinSeconds) Object.assign(last, { to: second, score: Math.max(last.score, score), kind });
      else found.push({ from: second, to: second, score, kind });
    }
  }
  const { user, system } = process.cpuUsage(began);
  const spent = user + system;
  return { found, frames, microseconds: spent / Math.max(1, frames), seconds: samples.length / rate };
}

/** @param {{from: number, to: number}[]} found @param {number[][]} truth @param {number[][]} [optional] what may be found, once each */
export function judge(found, truth, optional = []) {
  const within = (second, [from, to]) => second >= from - EARLY && second <= to + LATE;
  const delays = truth.map((stretch) => {
    const own = found.find((event) => within(event.from, stretch));
    if (own) return Math.max(0, own.from - stretch[0]);
    // What is still going on when it begins is the same event to whoever watches.
    return found.some((event) => event.from < stretch[0] && event.to >= stretch[0]) ? 0 : null;
  });
  const seen = new Set();
  const false_ = found.filter((event) => {
    if (truth.some((stretch) => within(event.from, stretch))) return false;
    const may = optional.findIndex((stretch) => within(event.from, stretch));
    if (may < 0 || seen.has(may)) return true;
    seen.add(may);
    return false;
  });
  return { missed: truth.filter((_, index) => delays[index] === null), false: false_, delays: delays.filter((delay) => delay !== null), allowed: seen.size };
}
