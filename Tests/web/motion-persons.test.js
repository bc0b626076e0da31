// Scenes in which somebody is to be seen, over several seeds: found once each, soon, and told apart from what was done to the camera.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MotionEngine } from "../../Public/js/lib/motion.js";
import { judge, observe } from "../detection/judge.js";
import { personNames, pictures, scene, tamperNames } from "../detection/scenes.js";
import { HEIGHT, WIDTH } from "../detection/stage.js";

const SEEDS = [1, 2, 3];
const SOON = 1;
/** Seconds until who is far, slow, faint or in place is seen; docs/DETECTION.md has why. */
const LATER = { "slow at 8 m": 2, "small contrast": 1.5, "comes nearer": 4, "there from the start": 2, "brings a chair": 1.5 };

/** @param {string} name @param {number} seed */
function run(name, seed) {
  const each = scene(name, seed);
  const seen = observe(new MotionEngine(), pictures(each, seed), WIDTH, HEIGHT);
  return { ...each, events: seen.events, told: seen.tampers, verdict: judge(seen, each.truth) };
}

for (const name of personNames) {
  const most = LATER[name] ?? SOON;
  test(`${name}: found within ${most} s, as one event`, () => {
    for (const seed of SEEDS) {
      const { verdict, events, mayAlarm } = run(name, seed);
      const what = `seed ${seed}: ${JSON.stringify(events)}`;
      assert.deepEqual(verdict.misses, [], what);
      assert.deepEqual(verdict.splits, [], what);
      if (!mayAlarm) assert.deepEqual(verdict.falseAlarms, [], what);
      assert.ok(Math.max(...verdict.delays) <= most, `seed ${seed}: ${verdict.delays}`);
    }
  });
}

for (const name of tamperNames) {
  test(`${name}: told as what it is, and who comes later is found`, () => {
    for (const seed of SEEDS) {
      const { verdict, events, told, tampers, mayAlarm } = run(name, seed);
      for (const kind of tampers) assert.equal(told.filter((each) => each.kind === kind).length, 1, `seed ${seed}: ${JSON.stringify(told)}`);
      assert.deepEqual(verdict.misses, [], `seed ${seed}: ${JSON.stringify(events)}`);
      if (!mayAlarm) assert.deepEqual(events, [], `seed ${seed}`);
    }
  });
}

test("nobody is told of tampering where there is none", () => {
  for (const name of ["person at 3 m", "runner at 4 m", "during a lamp", "night"]) {
    assert.deepEqual(run(name, 1).told, [], name);
  }
});
