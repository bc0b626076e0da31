// What people set: sensitivity, regions; and the shape of what the engine says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MotionEngine } from "../../Public/js/lib/motion.js";
import { contains, maskOf } from "../../Public/js/lib/regions.js";
import { DEFAULT_SENSITIVITY, sensitivity, shareAt } from "../../Public/js/lib/sensitivity.js";
import { shiftBetween } from "../../Public/js/lib/motion-tamper.js";
import { observe } from "../detection/judge.js";
import { pictures, scene } from "../detection/scenes.js";
import { HEIGHT, WIDTH } from "../detection/stage.js";

const watched = (name, options, seed = 1) => observe(new MotionEngine(options), pictures(scene(name, seed), seed), WIDTH, HEIGHT);

test("more sensitivity reaches farther, step by step, and candidates lie below events", () => {
  let last = { threshold: Infinity, personMetres: 0, catMetres: 0 };
  for (let value = 0; value <= 100; value++) {
    const meant = sensitivity(value);
    assert.ok(meant.threshold < last.threshold && meant.personMetres > last.personMetres && meant.catMetres > last.catMetres, `${value}`);
    assert.ok(meant.candidate < meant.threshold);
    last = meant;
  }
});

test("the words say what is seen, and values beyond the scale or none are its ends or the default", () => {
  assert.equal(sensitivity(DEFAULT_SENSITIVITY).words, "person at 8 m, cat at 3 m");
  assert.equal(sensitivity(0).words, "person at 2 m, cat at 0.5 m");
  assert.equal(sensitivity(100).words, "person at 14 m, cat at 5 m");
  assert.deepEqual(sensitivity(-5), sensitivity(0));
  assert.deepEqual(sensitivity(1000), sensitivity(100));
  assert.deepEqual(sensitivity(NaN), sensitivity(DEFAULT_SENSITIVITY));
  // A person of 1.7 m by 0.5 m at 8 m, seen 70° across in 16:9: 11.2 m by 6.3 m.
  assert.ok(Math.abs(shareAt(0.85, 8) - 0.85 / (11.2 * 6.3)) < 1e-4);
});

test("who is small is found by a sensitive engine and left alone by another", () => {
  assert.equal(watched("cat at 2 m", { sensitivity: 50 }).events.length, 1);
  const coarse = watched("cat at 2 m", { sensitivity: 0 });
  assert.equal(coarse.events.length, 0);
  assert.equal(watched("person at 3 m", { sensitivity: 15 }).events.length, 1);
});

test("what is too little for an event is a candidate", () => {
  const { events, candidates } = watched("cat at 2 m", { threshold: 0.06, candidate: 0.01 });
  assert.equal(events.length, 0);
  assert.ok(candidates > 10, `${candidates}`);
});

test("a value of an expert counts before the sensitivity; null is none", () => {
  assert.equal(new MotionEngine({ sensitivity: 90, threshold: 0.05 }).threshold, 0.05);
  assert.equal(new MotionEngine({ sensitivity: 90, threshold: null }).threshold, sensitivity(90).threshold);
  assert.ok(new MotionEngine({ threshold: 0.05, candidate: 0.5 }).candidate <= 0.05);
});

test("a point is inside a polygon, also of another shape than a rectangle", () => {
  const corner = /** @type {[number, number][]} */ ([[0, 0], [1, 0], [1, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]]);
  assert.ok(contains(corner, [0.25, 0.9]) && contains(corner, [0.9, 0.25]));
  assert.ok(!contains(corner, [0.9, 0.9]) && !contains(corner, [1.1, 0.1]));
  assert.ok(!contains([], [0.5, 0.5]) && !contains([[0, 0], [1, 1]], [0.5, 0.4]));
});

test("regions leave out what they say", () => {
  const left = { kind: "ignore", points: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]] };
  const lower = { kind: "watch", points: [[0, 0.5], [1, 0.5], [1, 1], [0, 1]] };
  assert.equal(maskOf([], 40, 22).share, 0);
  assert.equal(maskOf([left], 40, 22).share, 0.5);
  assert.equal(maskOf([lower], 40, 22).share, 0.5);
  assert.equal(maskOf([lower, left], 40, 22).share, 0.75);
  const { masked } = maskOf([left], 40, 22);
  assert.equal(masked[0], 1);
  assert.equal(masked[39], 0);
});

const everywhereBut = (top) => ({ kind: "ignore", points: [[0, top], [1, top], [1, 1], [0, 1]] });

test("who walks where nothing is watched is no event, and the share is told", () => {
  const { events, candidates } = watched("person at 5 m", { regions: [everywhereBut(0.3)] });
  assert.deepEqual(events, []);
  assert.equal(candidates, 0);
  const engine = new MotionEngine({ regions: [everywhereBut(0.5)] });
  const [first] = pictures(scene("noise 2", 1), 1);
  assert.equal(engine.process(first.luma, WIDTH, HEIGHT, 0).maskedShare, 0.5);
});

test("who walks where it is watched is an event, and leaving most of the picture out makes the rest no more sensitive", () => {
  const upper = { kind: "watch", points: [[0, 0.4], [1, 0.4], [1, 1], [0, 1]] };
  assert.equal(watched("person at 5 m", { regions: [upper] }).events.length, 1);
  const strip = [everywhereBut(0.9), { kind: "ignore", points: [[0, 0], [1, 0], [1, 0.65], [0, 0.65]] }];
  const whole = watched("cat at 2 m", { sensitivity: 0 }), part = watched("cat at 2 m", { sensitivity: 0, regions: strip });
  assert.deepEqual([whole.events.length, part.events.length], [0, 0]);
});

test("regions may change while watching, and what was learnt stays", () => {
  const engine = new MotionEngine();
  const results = [...pictures(scene("person at 3 m", 1), 1)].map(({ luma, at }) => {
    if (at > 5000 && !engine.regions.length) engine.configure({ regions: [{ kind: "ignore", points: [[0, 0], [1, 0], [1, 1], [0, 1]] }] });
    return engine.process(luma, WIDTH, HEIGHT, at);
  });
  assert.ok(results.every(({ moving }) => !moving));
  assert.equal(results.filter(({ state }) => state === "learning").length, 10);
  assert.equal(results.at(-1).maskedShare, 1);
});

test("the same pictures give the same results", () => {
  const run = () => {
    const engine = new MotionEngine();
    return Array.from(pictures(scene("during a lamp", 3), 3), ({ luma, at }) => engine.process(luma, WIDTH, HEIGHT, at));
  };
  assert.deepEqual(run(), run());
});

test("the shift between two lines of sums is found, to parts of a pixel, and none where there is none", () => {
  const line = (shift) => Float32Array.from({ length: 160 }, (_, x) => 100 * Math.sin((x + shift) / 5) + 40 * Math.cos((x + shift) / 2.3) + x);
  assert.ok(Math.abs(shiftBetween(line(0), line(0))) < 0.01);
  assert.ok(Math.abs(shiftBetween(line(3), line(0)) - 3) < 0.2);
  assert.ok(Math.abs(shiftBetween(line(-5), line(0)) + 5) < 0.2);
  assert.ok(Math.abs(shiftBetween(line(0.4), line(0)) - 0.4) < 0.25);
  assert.equal(shiftBetween(line(3), new Float32Array(160)), 0);
});
