// @ts-check
// All scenes over several seeds, as a table: node Tests/detection/table.js [--seeds 5] [--engine motion] [part of a name]
import { MotionEngine } from "../../Public/js/lib/motion.js";
import { FrameDifference, RunningAverage } from "./anchors.js";
import { judge, observe } from "./judge.js";
import { personNames, pictures, scene, stillNames, tamperNames } from "./scenes.js";
import { HEIGHT, WIDTH } from "./stage.js";

const option = (/** @type {string} */ name, /** @type {string} */ otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv.splice(at, 2)[1];
};
const seeds = Number(option("seeds", "5"));
const kind = option("engine", "motion");
const part = process.argv[2] ?? "";
const engines = { motion: () => new MotionEngine(), "frame-difference": () => new FrameDifference(), "running-average": () => new RunningAverage() };

for (const name of [...stillNames, ...personNames, ...tamperNames].filter((each) => each.includes(part))) {
  let misses = 0, persons = 0, alarms = 0, splits = 0, spent = 0, candidates = 0, frames = 0;
  const delays = [], tampers = [], details = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const each = scene(name, seed);
    const run = observe(engines[kind](), pictures(each, seed), WIDTH, HEIGHT);
    const verdict = judge(run, each.truth);
    misses += verdict.misses.length;
    persons += each.truth.length;
    alarms += verdict.falseAlarms.length;
    splits += verdict.splits.length;
    spent += run.msPerFrame / seeds;
    candidates += run.candidates;
    frames += run.frames;
    delays.push(...verdict.delays.filter((delay) => !Number.isNaN(delay)));
    tampers.push(run.tampers.map(({ kind, begin, end }) => `${kind} ${begin.toFixed(1)}-${end.toFixed(1)}`).join(",") || "-");
    details.push(run.events.map(({ begin, end }) => `${begin.toFixed(1)}-${end.toFixed(1)}`).join(",") || "-");
  }
  const slowest = delays.length ? Math.max(...delays).toFixed(1) : "";
  console.log(
    `${name.padEnd(26)} missed ${misses}/${persons} false ${alarms} split ${splits} delay ≤ ${slowest.padEnd(4)} ` +
      `cand ${((100 * candidates) / frames).toFixed(1)} %  ` +
      `${spent.toFixed(2)} ms  [${details.join(" | ")}]` +
      (tampers.some((tamper) => tamper !== "-") ? `  {${tampers.join(" | ")}}` : ""),
  );
}
