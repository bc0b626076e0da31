// @ts-check
// Sounds worth a clip. Pure and deterministic: samples with their times in, loudness, score and state out, 50 times a second.
//
// Loudness is measured per band against the noise that is always there. Two things count: a voice, or whatever has a pitch that moves and
// rises above the noise for a while, and a bang, which rises at once and lasts longer than a click. What goes on and on is no news: a fan
// becomes part of the noise, and what clicks or talks again and again must become louder than it was to count again.

import { BANDS, Spectrum } from "./sound-spectrum.js";
import { BandFloor, decibels, FrequencyFloor } from "./sound-floor.js";
import { HOP_MS, SoundBlocks } from "./sound-blocks.js";
import { DEFAULT_SENSITIVITY, soundLimits } from "./sound-words.js";
import { BangHabit, VoiceHabit } from "./sound-habit.js";

/**
 * @typedef {object} SoundResult
 * @property {number} at ms
 * @property {number} level dBFS: 0 is the mean square 1
 * @property {number} floor dBFS, weighted like the ear for speech
 * @property {number} score 0…1: 60 dB above the floor and above what one is used to is 1
 * @property {number} threshold the score that counts
 * @property {boolean} loud
 * @property {"learning"|"quiet"|"loud"} state
 * @property {"voice"|"bang"} [kind] while it is loud
 */

const LEARNING_MS = 500;
/** Noise below this, per band, is silence: −80 dBFS. */
const LOWEST = 1e-8;
/** A loud sound goes on over pauses between words. */
const HOLD_MS = 1000;
/** After it, for so long, only what is clearly louder than needed counts. */
const COOLDOWN_MS = 2000;
const COOLDOWN_FACTOR = 1.5;
/** What is loud already goes on at this share of the threshold. */
const GOES_ON = 0.6;
const SCORE_RANGE = 60;

/** Of the last frames so many must be loud and have a pitch. */
const VOICE_WINDOW = 30;
const VOICE_NEEDED = 8;
const PITCH_STRENGTH = 0.36;
/** From one frame to the next a pitch moves by no more than this factor. */
const PITCH_STEP = 0.1;
/** The level, dB, or the pitch moves by so much: a voice is never as steady as a hum. */
const LIVELY_LEVEL = 1.5;
const LIVELY_PITCH = 0.015;

/** A bang is so many dB more than the margin, in the fourth loudest of eight frames: a click is over by then. */
const BANG_MARGIN = 10;
const BANG_FRAMES = 8;
const BANG_ORDER = 4;
/** It rises by this much over what was just before it, dB. */
const BANG_RISE = 12;
const BEFORE_FRAMES = 8;
/** After digital silence the microphone may just have been turned on: a bang, but not a room, gets quieter again. */
const AFTER_ZERO_MS = 600;
const DECAY = 12;

const sorted = (/** @type {number[]} */ values) => [...values].sort((a, b) => b - a);
const deviation = (/** @type {number[]} */ values) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

export class SoundEngine {
  /** @param {{sensitivity?: number}} [options] */
  constructor({ sensitivity = DEFAULT_SENSITIVITY } = {}) {
    this.setSensitivity(sensitivity);
    this.sampleRate = 0;
  }

  /** @param {number} sensitivity 0…100 */
  setSensitivity(sensitivity) {
    this.limits = soundLimits(sensitivity);
  }

  /** Forgets everything, as after another microphone was chosen. @param {number} sampleRate */
  reset(sampleRate) {
    if (!(sampleRate >= 8000 && sampleRate <= 192_000)) throw new RangeError(`sampleRate: ${sampleRate} is not between 8000 and 192000`);
    this.sampleRate = sampleRate;
    this.spectrum = new Spectrum(sampleRate);
    this.blocks = new SoundBlocks(sampleRate, this.spectrum.size);
    this.bandFloor = new BandFloor(BANDS, LOWEST);
    this.frequencyFloor = new FrequencyFloor(this.spectrum.size / 2);
    this.voiceHabit = new VoiceHabit();
    this.bangHabit = new BangHabit();
    this.learntMs = 0;
    /** Weighted loudness of the last frames, dBFS, oldest first. @type {number[]} */
    this.recent = [];
    /** @type {{isVoice: boolean, level: number, hertz: number}[]} */
    this.voices = [];
    this.lastHertz = 0;
    this.zeroMs = 0;
    this.zeroEndedAt = -Infinity;
    /** A bang after digital silence that may be a microphone turned on: its loudness. */
    this.doubtful = -Infinity;
    this.isLoud = false;
    this.loudAt = -Infinity;
    this.quietAt = -Infinity;
    /** @type {"voice"|"bang"|undefined} */
    this.kind = undefined;
  }

  /**
   * @param {Float32Array} samples one channel, −1…1
   * @param {number} sampleRate Hz
   * @param {number} at ms, of the first sample
   * @returns {SoundResult[]} one for each 20 ms that came to an end
   */
  process(samples, sampleRate, at) {
    if (sampleRate !== this.sampleRate) this.reset(sampleRate);
    /** @type {SoundResult[]} */
    const results = [];
    this.blocks.push(samples, at, (window, frame) => results.push(this.#frame(window, frame)));
    return results;
  }

  /** @param {Float32Array} window @param {{at: number, meanSquare: number, isDigitalZero: boolean}} frame @returns {SoundResult} */
  #frame(window, { at, meanSquare, isDigitalZero }) {
    const { spectrum, bandFloor } = this;
    spectrum.analyse(window);
    const { bands, weights } = spectrum;
    let loudness = 0, floor = 0;
    for (let band = 0; band < BANDS; band++) {
      loudness += weights[band] * bands[band];
      floor += weights[band] * 10 ** (bandFloor.level[band] / 10);
    }
    const heard = { at, loudness: decibels(loudness), floor: decibels(floor), excess: this.#excess() };
    this.#zero(isDigitalZero, at);
    const isLearning = this.learntMs < LEARNING_MS;
    this.learntMs += HOP_MS;
    bandFloor.isLearning = isLearning;
    const voice = isLearning ? 0 : this.#voice(heard);
    const bang = this.#bang(heard);
    bandFloor.update(bands, HOP_MS);
    this.frequencyFloor.update(spectrum.power, HOP_MS);
    const shown = { at, level: Math.max(-100, decibels(meanSquare)), floor: heard.floor };
    if (isLearning) return { ...shown, score: 0, threshold: this.limits.margin / SCORE_RANGE, loud: false, state: "learning" };
    return { ...shown, ...this.#judge(at, voice, bang) };
  }

  /** How far the two bands that stand out most rise above their floor, dB. */
  #excess() {
    let first = 0, second = 0;
    for (let band = 0; band < BANDS; band++) {
      const excess = decibels(this.spectrum.bands[band] * this.spectrum.weights[band]) - this.bandFloor.level[band];
      if (excess > first) {
        second = first;
        first = excess;
      } else if (excess > second) {
        second = excess;
      }
    }
    return (first + second) / 2;
  }

  /** @param {boolean} isDigitalZero @param {number} at */
  #zero(isDigitalZero, at) {
    if (isDigitalZero) {
      this.zeroMs += HOP_MS;
    } else {
      if (this.zeroMs >= 5 * HOP_MS) this.zeroEndedAt = at;
      this.zeroMs = 0;
    }
  }

  /** How much of a voice there is: dB above the floor, and 0 for what has no voice. @param {{loudness: number, excess: number}} heard */
  #voice({ loudness, excess }) {
    const { margin, least } = this.limits;
    const isCandidate = loudness >= least && excess >= margin / 2;
    const { strength, hertz } = isCandidate ? this.spectrum.pitch.find(this.spectrum.power, this.frequencyFloor.level) : { strength: 0, hertz: 0 };
    const isPitched = strength >= PITCH_STRENGTH;
    const goesOn = isPitched && this.lastHertz > 0 && Math.abs(Math.log(hertz / this.lastHertz)) < PITCH_STEP;
    this.lastHertz = isPitched ? hertz : 0;
    const news = this.voiceHabit.update(goesOn && excess >= margin ? excess : 0, margin, HOP_MS);
    this.voices.push({ isVoice: goesOn && news >= margin, level: loudness, hertz });
    if (this.voices.length > VOICE_WINDOW) this.voices.shift();
    return goesOn ? news : 0;
  }

  get #isVoice() {
    const voices = this.voices.filter(({ isVoice }) => isVoice);
    if (voices.length < VOICE_NEEDED) return false;
    return deviation(voices.map(({ level }) => level)) >= LIVELY_LEVEL
      || deviation(voices.map(({ hertz }) => Math.log(hertz))) >= LIVELY_PITCH;
  }

  /** How much of a bang there is, in dB above the floor and the margin's. @param {{at: number, loudness: number, floor: number}} heard */
  #bang({ at, loudness, floor }) {
    this.recent.push(loudness);
    if (this.recent.length > BANG_FRAMES + BEFORE_FRAMES) this.recent.shift();
    const loudest = sorted(this.recent.slice(-BANG_FRAMES));
    const body = loudest[BANG_ORDER - 1] ?? -Infinity;
    const before = this.recent.slice(0, -BANG_FRAMES);
    const excess = body - floor;
    const news = this.bangHabit.update(excess, (loudest[1] ?? -Infinity) - floor, loudness - floor, this.limits.margin + BANG_MARGIN, HOP_MS) - BANG_MARGIN;
    if (!before.length || body < this.limits.least || body - Math.min(...before) < BANG_RISE) return this.#certain(at, loudness);
    if (at - this.zeroEndedAt > AFTER_ZERO_MS) return news;
    if (news >= this.limits.margin) this.doubtful = Math.max(this.doubtful, loudness);
    return this.#certain(at, loudness);
  }

  /** What became quiet again was a bang, be it after digital silence. @param {number} at @param {number} loudness */
  #certain(at, loudness) {
    if (this.doubtful === -Infinity) return 0;
    const hasDecayed = loudness <= this.doubtful - DECAY;
    const isOver = hasDecayed || at - this.zeroEndedAt > 2 * AFTER_ZERO_MS;
    if (isOver) this.doubtful = -Infinity;
    return hasDecayed ? this.limits.margin * COOLDOWN_FACTOR : 0;
  }

  /** @param {number} at @param {number} voice @param {number} bang */
  #judge(at, voice, bang) {
    const isCooling = !this.isLoud && at - this.quietAt < COOLDOWN_MS;
    const threshold = this.limits.margin * (isCooling ? COOLDOWN_FACTOR : 1);
    const isVoice = voice >= threshold && this.#isVoice;
    if (isVoice || bang >= threshold || (this.isLoud && voice >= threshold * GOES_ON)) {
      if (!this.isLoud) this.kind = this.#mostlyVoice || bang < threshold ? "voice" : "bang";
      // A word's first sound is often a bang to us.
      if (isVoice) this.kind = "voice";
      this.isLoud = true;
      this.loudAt = at;
    } else if (this.isLoud && at - this.loudAt >= HOLD_MS) {
      this.isLoud = false;
      this.quietAt = at;
      this.kind = undefined;
    }
    /** @type {SoundResult["state"]} */
    const state = this.isLoud ? "loud" : "quiet";
    const score = Math.min(1, Math.max(0, voice, bang) / SCORE_RANGE);
    return { score, threshold: threshold / SCORE_RANGE, loud: this.isLoud, state, ...(this.kind ? { kind: this.kind } : {}) };
  }

  get #mostlyVoice() {
    return this.voices.slice(-BANG_FRAMES).filter(({ isVoice }) => isVoice).length >= BANG_FRAMES / 2;
  }
}
