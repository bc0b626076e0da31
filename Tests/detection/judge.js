// @ts-check
// What the product would make of pictures, and how that compares with what there was to see.

import { ClipTrigger } from "../../Public/js/lib/trigger.js";

/**
 * @typedef {{from: number, to: number}} Interval seconds
 * @typedef {{begin: number, opened: number, end: number, peak: number}} Event seconds; `begin`: of what caused it; `opened`: its clip
 * @typedef {{begin: number, end: number}} Stretch seconds during which the engine said that something moves
 * @typedef {{events: Event[], motions: Stretch[], tampers: {kind: string, begin: number, end: number}[], candidates: number, frames: number,
 *   seconds: number, msPerFrame: number}} Run `candidates`: frames that were one
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
    /** @type {Stretch[]} */
    this.motions = [];
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
      if (action.type === "open") this.events.push({ begin: action.causes[0].at / 1000, opened: at / 1000, end: NaN, peak: result.score });
      if (action.type === "close") this.#end(at);
    }
    if (result.moving) extend(this.motions, at / 1000, (begin) => ({ begin, end: begin }));
    const event = this.events.at(-1);
    if (event && this.trigger.isOpen) event.peak = Math.max(event.peak, result.score);
    if (result.candidate) this.candidates++;
    const { tamper } = result;
    if (tamper && this.tampers.at(-1)?.kind === tamper) extend(this.tampers, at / 1000, (begin) => ({ kind: tamper, begin, end: begin }));
    else if (tamper) this.tampers.push({ kind: tamper, begin: at / 1000, end: at / 1000 });
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
    const { events, motions, tampers, candidates, frames } = this;
    return { events, motions, tampers, candidates, frames, seconds, msPerFrame };
  }
}

/**
 * Pauses of up to a second do not end a stretch.
 * @template {Stretch} T @param {T[]} stretches @param {number} second @param {(second: number) => T} begin
 */
function extend(stretches, second, begin) {
  const last = stretches.at(-1);
  if (last && second - last.end < 1) last.end = second;
  else stretches.push(begin(second));
}

/**
 * Events against truth. An event that overlaps no interval is a false alarm; an interval that no event overlaps is a miss; an interval
 * within which more than one event begins is split. The delay is from the begin of an interval until the engine says that something moves,
 * 0 where it has done so since before; that of the clip is longer where the trigger's cooldown holds it back, though the clip reaches back.
 * @param {{events: Event[], motions: Stretch[], seconds: number}} run @param {Interval[]} truth
 * @param {number} [tolerance] seconds by which the truth may be wrong
 */
export function judge({ events, motions, seconds }, truth, tolerance = 0.3) {
  const overlaps = (/** @type {Stretch} */ event, /** @type {Interval} */ { from, to }) => event.begin < to + tolerance && event.end > from;
  const begins = (/** @type {Stretch} */ { begin }, /** @type {Interval} */ { from, to }) => begin >= from - tolerance && begin < to + tolerance;
  const first = (/** @type {Stretch[]} */ stretches, /** @type {Interval} */ interval) => stretches.find((each) => overlaps(each, interval));
  const after = (/** @type {number} */ second, /** @type {Interval} */ { from }) => Math.max(0, second - from);
  const delays = truth.map((interval) => after(first(motions, interval)?.begin ?? NaN, interval));
  const clipDelays = truth.map((interval) => after(/** @type {Event|undefined} */ (first(events, interval))?.opened ?? NaN, interval));
  const falseAlarms = events.filter((event) => !truth.some((interval) => overlaps(event, interval)));
  const hours = Math.max(seconds - truth.reduce((sum, { from, to }) => sum + Math.min(to, seconds) - from, 0), 0) / 3600;
  return {
    misses: truth.filter((_, index) => Number.isNaN(clipDelays[index])),
    falseAlarms,
    falseAlarmsPerHour: hours > 0 ? falseAlarms.length / hours : 0,
    splits: truth.filter((interval) => events.filter((event) => begins(event, interval)).length > 1),
    merged: events.filter((event) => truth.filter((interval) => overlaps(event, interval)).length > 1),
    delays,
    clipDelays,
  };
}

/** @param {Engine} engine @param {Iterable<Picture>} pictures @param {number} width @param {number} height */
export function observe(engine, pictures, width, height) {
  const observer = new Observer(engine, width, height);
  for (const picture of pictures) observer.see(picture);
  return observer.finish();
}
