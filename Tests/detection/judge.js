// @ts-check
// What the product would make of pictures, and how that compares with what there was to see.

import { ClipTrigger } from "../../Public/js/lib/trigger.js";

/**
 * @typedef {{from: number, to: number}} Interval seconds
 * @typedef {{begin: number, end: number, peak: number}} Event seconds; `begin`: when it was triggered
 * @typedef {{events: Event[], tampers: {kind: string, begin: number, end: number}[], candidates: number, frames: number, seconds: number, msPerFrame: number}} Run
 * @typedef {{process: (luma: Uint8Array, width: number, height: number, at: number) => any}} Engine
 * @typedef {{luma: Uint8Array, at: number}} Picture `at`: ms
 */

/** Feeds an engine and the clip trigger with its defaults, as the sensor does. */
export class Observer {
  /** @param {Engine} engine @param {number} width @param {number} height */
  constructor(engine, width, height) {
    this.engine = engine;
    this.width = width;
    this.height = height;
    this.trigger = new ClipTrigger();
    /** @type {Event[]} */
    this.events = [];
    /** @type {Run["tampers"]} */
    this.tampers = [];
    this.candidates = 0;
    this.frames = 0;
    this.spent = 0;
    this.firstAt = NaN;
    this.at = NaN;
  }

  /** @param {Picture} picture */
  see({ luma, at }) {
    if (!this.frames++) this.firstAt = at;
    this.at = at;
    // Processor time: others may use the machine too.
    const before = process.cpuUsage();
    const result = this.engine.process(luma, this.width, this.height, at);
    const { user, system } = process.cpuUsage(before);
    this.spent += user + system;
    for (const action of this.trigger.motion(result, at)) {
      if (action.type === "open") this.events.push({ begin: at / 1000, end: NaN, peak: result.score });
      if (action.type === "close") this.#end(at);
    }
    const event = this.events.at(-1);
    if (event && this.trigger.isOpen) event.peak = Math.max(event.peak, result.score);
    if (result.candidate) this.candidates++;
    const last = this.tampers.at(-1);
    if (result.tamper && last?.kind === result.tamper && at / 1000 - last.end < 1) last.end = at / 1000;
    else if (result.tamper) this.tampers.push({ kind: result.tamper, begin: at / 1000, end: at / 1000 });
    return result;
  }

  /** @param {number} at */
  #end(at) {
    const event = this.events.at(-1);
    if (event) event.end = at / 1000;
  }

  /** @returns {Run} */
  finish() {
    if (this.trigger.isOpen) this.#end(this.at);
    const seconds = this.frames ? (this.at - this.firstAt) / 1000 : 0;
    const msPerFrame = this.frames ? this.spent / 1e3 / this.frames : 0;
    return { events: this.events, tampers: this.tampers, candidates: this.candidates, frames: this.frames, seconds, msPerFrame };
  }
}

/**
 * Events against truth. An event that overlaps no interval is a false alarm; an interval that no event overlaps is a miss; an interval
 * within which more than one event begins is split. The delay is from the begin of an interval to the begin of its first event, and
 * 0 where an event goes on since before.
 * @param {Event[]} events @param {Interval[]} truth @param {number} seconds length of it all
 * @param {number} [tolerance] seconds by which the truth may be wrong
 */
export function judge(events, truth, seconds, tolerance = 0.3) {
  const overlaps = (/** @type {Event} */ event, /** @type {Interval} */ { from, to }) => event.begin < to + tolerance && event.end > from - tolerance;
  const begins = (/** @type {Event} */ event, /** @type {Interval} */ { from, to }) => event.begin >= from - tolerance && event.begin < to + tolerance;
  const delays = truth.map((interval) => {
    const first = events.find((event) => overlaps(event, interval));
    return first ? Math.max(0, first.begin - interval.from) : NaN;
  });
  const falseAlarms = events.filter((event) => !truth.some((interval) => overlaps(event, interval)));
  const hours = Math.max(seconds - truth.reduce((sum, { from, to }) => sum + Math.min(to, seconds) - from, 0), 0) / 3600;
  return {
    misses: truth.filter((_, index) => Number.isNaN(delays[index])),
    falseAlarms,
    falseAlarmsPerHour: hours > 0 ? falseAlarms.length / hours : 0,
    splits: truth.filter((interval) => events.filter((event) => begins(event, interval)).length > 1),
    merged: events.filter((event) => truth.filter((interval) => overlaps(event, interval)).length > 1),
    delays,
  };
}

/** @param {Engine} engine @param {Iterable<Picture>} pictures @param {number} width @param {number} height */
export function observe(engine, pictures, width, height) {
  const observer = new Observer(engine, width, height);
  for (const picture of pictures) observer.see(picture);
  return observer.finish();
}
