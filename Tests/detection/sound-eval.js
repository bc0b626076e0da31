// Prints what the sound engine finds in recordings, and how good it is where the truth is known. Called by scripts/audio-eval.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_SENSITIVITY, soundWords } from "../../Public/js/lib/sound-words.js";
import { samples } from "./sound-decode.js";
import { RATE, SCENES } from "./sound-generators.js";
import { engine, events, fixedThreshold, judge } from "./sound-judge.js";

const USAGE = `usage: scripts/audio-eval FILE… [--truth F] [--sensitivity 0…100] [--rate HZ] [--json]
       scripts/audio-eval --generated [--seeds N] [--sensitivity 0…100] [--json]
truth: {"truth":[[from,to],…],"optional":[[from,to],…]} in seconds, or the first list alone; for several files an object of these by file name`;

const detectors = (/** @type {number} */ sensitivity) => ({
  "Ping Watch": () => engine({ sensitivity }),
  "fixed threshold 40 (Haven, high)": () => fixedThreshold(40),
  "fixed threshold 60 (Haven, medium)": () => fixedThreshold(60),
});

function fail(message) {
  console.error(`audio-eval: ${message}`);
  process.exit(64);
}

/** @returns {(file: string) => {truth: number[][], optional: number[][]}|null} */
function truthOf(path) {
  if (!path) return () => null;
  let all;
  try {
    all = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    fail(`--truth ${path}: ${error.message}`);
  }
  return (file) => {
    const own = Array.isArray(all) || all.truth ? all : all[basename(file)];
    if (!own) return null;
    const { truth = [], optional = [] } = Array.isArray(own) ? { truth: own } : own;
    const isStretch = (stretch) => Array.isArray(stretch) && stretch.length === 2 && stretch.every(Number.isFinite) && stretch[0] <= stretch[1];
    if (![...truth, ...optional].every(isStretch)) fail(`--truth ${path}: ${basename(file)}: each stretch is [from, to] in seconds`);
    return { truth, optional };
  };
}

const median = (values) => (values.length ? [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] : null);

/** One row: a detector over one or several recordings. */
function measure(make, recordings) {
  const row = { events: 0, seconds: 0, found: [], truths: null, missed: 0, false: 0, optional: 0, delays: [], spent: 0, frames: 0 };
  for (const { pcm, rate, known } of recordings) {
    const result = events(pcm, rate, make());
    row.events += result.found.length;
    row.seconds += result.seconds;
    row.frames += result.frames;
    row.spent += result.microseconds * result.frames;
    row.found.push(...result.found);
    if (!known) continue;
    const verdict = judge(result.found, known.truth, known.optional);
    row.truths = (row.truths ?? 0) + known.truth.length;
    row.missed += verdict.missed.length;
    row.false += verdict.false.length;
    row.optional += verdict.allowed;
    row.delays.push(...verdict.delays);
  }
  const { truths, missed, delays, seconds, spent, frames } = row;
  return {
    events: row.events,
    found: row.found.map(({ from, to, score, kind }) => ({ from: +from.toFixed(2), to: +to.toFixed(2), score: +score.toFixed(2), kind })),
    seconds: +seconds.toFixed(2),
    microseconds_per_frame: +(spent / Math.max(1, frames)).toFixed(1),
    ...(truths === null ? {} : {
      truths, missed, false_alarms: row.false, false_alarms_per_hour: +((row.false * 3600) / seconds).toFixed(1), optional: row.optional,
      median_delay_seconds: median(delays), longest_delay_seconds: delays.length ? Math.max(...delays) : null,
    }),
  };
}

function print(name, rows) {
  console.log(`\n${name}`);
  const table = Object.entries(rows).map(([detector, row]) => {
    const line = { detector, events: row.events };
    if (row.truths !== undefined) {
      const delay = (value) => (value === null ? "–" : value.toFixed(2));
      Object.assign(line, {
        missed: `${row.missed} of ${row.truths}`, "false alarms": row.false_alarms, "an hour": row.false_alarms_per_hour, allowed: row.optional,
        "delay s, median / longest": `${delay(row.median_delay_seconds)} / ${delay(row.longest_delay_seconds)}`,
      });
    }
    return { ...line, "µs a frame": row.microseconds_per_frame };
  });
  const columns = Object.keys(table[0]);
  const widths = columns.map((column) => Math.max(column.length, ...table.map((line) => String(line[column]).length)));
  for (const cells of [columns, ...table.map((line) => columns.map((column) => String(line[column])))]) {
    console.log(cells.map((cell, index) => cell.padEnd(widths[index])).join("  ").trimEnd());
  }
}

let parsed;
try {
  parsed = parseArgs({
    allowPositionals: true,
    options: {
      truth: { type: "string" }, json: { type: "boolean" }, generated: { type: "boolean" },
      sensitivity: { type: "string", default: String(DEFAULT_SENSITIVITY) }, rate: { type: "string", default: "16000" }, seeds: { type: "string", default: "3" },
    },
  });
} catch (error) {
  fail(`${error.message}\n${USAGE}`);
}
const { values, positionals } = parsed;
const sensitivity = Number(values.sensitivity), rate = Number(values.rate), seeds = Number(values.seeds);
if (!(sensitivity >= 0 && sensitivity <= 100)) fail("--sensitivity: a number from 0 to 100");
if (!(rate >= 8000 && rate <= 192_000)) fail("--rate: a number from 8000 to 192000");
if (!(Number.isInteger(seeds) && seeds > 0)) fail("--seeds: a whole number above 0");
if (!values.generated && !positionals.length) fail(USAGE);

const truth = truthOf(values.truth);
/** @type {[string, () => {pcm: Float32Array, rate: number, known: any}[]][]} */
const subjects = values.generated
  ? Object.entries(SCENES).map(([name, make]) => [name, () => Array.from({ length: seeds }, (_, index) => {
    const { samples: pcm, truth: stretches, optional = [] } = make(index + 1);
    return { pcm, rate: RATE, known: { truth: stretches, optional } };
  })])
  : positionals.map((file) => [file, () => {
    try {
      return [{ pcm: samples(file, rate), rate, known: truth(file) }];
    } catch (error) {
      return fail(error.message);
    }
  }]);

const all = {};
for (const [name, load] of subjects) {
  const recordings = load();
  const rows = Object.fromEntries(Object.entries(detectors(sensitivity)).map(([detector, make]) => [detector, measure(make, recordings)]));
  all[name] = rows;
  if (values.json) continue;
  print(name, rows);
  if (values.generated) continue;
  for (const { from, to, kind, score } of rows["Ping Watch"].found) console.log(`  ${from.toFixed(2)}–${to.toFixed(2)} s  ${kind}  score ${score.toFixed(2)}`);
}
if (values.json) console.log(JSON.stringify({ sensitivity, meaning: soundWords(sensitivity), recordings: all }, null, 2));
