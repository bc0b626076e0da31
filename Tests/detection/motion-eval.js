// @ts-check
// Feeds videos through the engine and the clip trigger as the sensor has them, and compares with what there was to see.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { MotionEngine } from "../../Public/js/lib/motion.js";
import { LUMA_HEIGHT, LUMA_WIDTH } from "../../Public/js/lib/luma.js";
import { FrameDifference, RunningAverage } from "./anchors.js";
import { decode } from "./decode.js";
import { Observer, judge } from "./judge.js";
import { runDebianMotion } from "./debian-motion.js";

const USAGE = `usage: scripts/motion-eval FILE... [--truth intervals.json] [--engine motion|frame-difference|running-average|debian-motion]
         [--sensitivity 0-100] [--threshold share] [--json]
  The truth is {"visits": [[from, to], ...]} in seconds, or {"file name": {"visits": ...}, ...} for several files.`;

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(64);
}

/** @param {unknown} truth @param {string} file @param {string} path @returns {import("./judge.js").Interval[]|null} */
function visitsOf(truth, file, path) {
  const entry = /** @type {any} */ (truth)?.[basename(file)] ?? truth;
  const visits = Array.isArray(entry) ? entry : entry?.visits;
  if (!Array.isArray(visits)) return null;
  return visits.map((each, index) => {
    const [from, to] = Array.isArray(each) ? each : [each?.from, each?.to];
    const isInterval = typeof from === "number" && typeof to === "number" && from < to;
    if (!isInterval) fail(`${path}: visits[${index}] of ${basename(file)} is no [from, to] with from < to`);
    return { from, to };
  });
}

const engines = {
  motion: (/** @type {import("../../Public/js/lib/motion.js").MotionOptions} */ options) => new MotionEngine(options),
  "frame-difference": () => new FrameDifference(),
  "running-average": () => new RunningAverage(),
};

/** @param {string} name @param {string|undefined} text @param {number} most */
function numberOf(name, text, most) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= most)) fail(`--${name}: ${text} is no number from 0 to ${most}`);
  return value;
}

/** @param {string} file @param {string} engine @param {import("../../Public/js/lib/motion.js").MotionOptions} options */
async function runOne(file, engine, options) {
  if (engine === "debian-motion") return runDebianMotion(file);
  const observer = new Observer(engines[/** @type {keyof typeof engines} */ (engine)](options), LUMA_WIDTH, LUMA_HEIGHT);
  for await (const picture of decode(file)) observer.see(picture);
  return observer.finish();
}

const rounded = (/** @type {number} */ value) => Math.round(value * 1000) / 1000;
const delayOf = (/** @type {number} */ delay) => (Number.isNaN(delay) ? null : rounded(delay));
const seconds = (/** @type {number} */ value) => `${value.toFixed(1)} s`;

/** @param {any} report */
function print(report) {
  const cost = Number.isFinite(report.msPerFrame) ? `, ${report.msPerFrame} ms a picture` : "";
  console.log(`${report.file} (${report.engine}): ${report.frames} pictures in ${seconds(report.seconds)}${cost}`);
  for (const { begin, opened, end, peak } of report.events) {
    const share = Number.isFinite(peak) ? `, up to ${(peak * 100).toFixed(1)} % of the picture` : "";
    const late = opened - begin > 0.05 ? `, clip opened at ${seconds(opened)}` : "";
    console.log(`  event ${seconds(begin)} – ${seconds(end)}${share}${late}`);
  }
  if (!report.events.length) console.log("  no event");
  for (const { kind, begin, end } of report.tampers) console.log(`  tampering: ${kind} ${seconds(begin)} – ${seconds(end)}`);
  if (report.candidates) console.log(`  candidate in ${report.candidates} pictures`);
  if (report.visits === undefined) return;
  const listed = (/** @type {(number|null)[]} */ delays) => delays.map((delay) => (delay === null ? "missed" : seconds(delay))).join(", ") || "none";
  if (report.visits) {
    console.log(`  of ${report.visits} visits ${report.misses} missed, ${report.splits} split, ${report.merged} events over several`);
    console.log(`  seen after ${listed(report.delays)}; clip opened after ${listed(report.clipDelays)}`);
  }
  console.log(`  ${report.falseAlarms} false alarms, ${report.falseAlarmsPerHour.toFixed(1)} an hour of what is empty`);
}

let parsed;
try {
  parsed = parseArgs({
    allowPositionals: true,
    options: {
      truth: { type: "string" }, engine: { type: "string", default: "motion" }, json: { type: "boolean" },
      sensitivity: { type: "string" }, threshold: { type: "string" }, help: { type: "boolean" },
    },
  });
} catch (error) {
  fail(`${error instanceof Error ? error.message : error}\n${USAGE}`);
}
const { values, positionals } = parsed;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (!positionals.length) fail(USAGE);
const engine = values.engine ?? "motion";
if (!(engine in engines) && engine !== "debian-motion") fail(`--engine: ${engine} is none of ${Object.keys(engines).join(", ")}, debian-motion`);
const options = { sensitivity: numberOf("sensitivity", values.sensitivity, 100), threshold: numberOf("threshold", values.threshold, 1) };
let truth;
if (values.truth) {
  try {
    truth = JSON.parse(readFileSync(values.truth, "utf8"));
  } catch (error) {
    fail(`--truth: ${values.truth} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
const reports = [];
for (const file of positionals) {
  try {
    const run = await runOne(file, engine, options);
    const visits = truth === undefined ? null : visitsOf(truth, file, values.truth ?? "");
    if (truth !== undefined && !visits) console.error(`${values.truth} says nothing of ${basename(file)}`);
    const verdict = visits && judge(run, visits);
    const report = {
      file: basename(file), engine, ...run, seconds: rounded(run.seconds), msPerFrame: rounded(run.msPerFrame),
      ...(verdict && visits && {
        visits: visits.length, misses: verdict.misses.length, splits: verdict.splits.length, merged: verdict.merged.length,
        falseAlarms: verdict.falseAlarms.length, falseAlarmsPerHour: rounded(verdict.falseAlarmsPerHour),
        delays: verdict.delays.map(delayOf), clipDelays: verdict.clipDelays.map(delayOf),
      }),
    };
    reports.push(report);
    if (!values.json) print(report);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
if (values.json) console.log(JSON.stringify(reports, null, 2));
