// scripts/motion-eval, on recorded material: what issue 5 aims at.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judge } from "../detection/judge.js";
import { recorded } from "./media.js";

const script = fileURLToPath(new URL("../../scripts/motion-eval", import.meta.url));
const truth = fileURLToPath(new URL("../detection/truth/media.json", import.meta.url));

function evaluate(...args) {
  const { stdout, stderr, status } = spawnSync(script, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return { stdout, stderr, status };
}

/** @param {string} path */
const report = (path, ...args) => JSON.parse(evaluate(path, "--truth", truth, "--json", ...args).stdout)[0];

const visits = recorded("one-by-one.mp4");
test("six visits: each seen within half a second, none split, nothing in between", { skip: visits.skip }, () => {
  const { visits: count, misses, splits, falseAlarms, delays } = report(visits.path);
  assert.deepEqual({ count, misses, splits, falseAlarms }, { count: 6, misses: 0, splits: 0, falseAlarms: 0 });
  assert.ok(delays.every((delay) => delay < 0.5), `${delays}`);
});

for (const name of ["door-person.mkv", "webcam-person.mkv"]) {
  const { path, skip } = recorded(name);
  test(`${name}: who is there from the first picture is seen within a second of learning`, { skip }, () => {
    const { misses, delays } = report(path);
    assert.equal(misses, 0);
    assert.ok(delays[0] < 2, `${delays}`);
  });
}

for (const name of ["firefox-still.webm", "chrome-still-truncated.webm", "street-brightness.avi"]) {
  const { path, skip } = recorded(name);
  test(`${name}: no event`, { skip }, () => assert.deepEqual(report(path).events, []));
}

const door = recorded("door-person.mkv");
test("times are those of the pictures, not of a rate in a header", { skip: door.skip }, () => {
  const { seconds, frames } = report(door.path);
  assert.ok(Math.abs(seconds - 5.9) < 0.1 && frames > 45 && frames <= 62, `${frames} pictures in ${seconds} s`);
});

test("wrong arguments and files are named", () => {
  for (const [args, word] of [
    [[], /usage/],
    [["x.mp4", "--engine", "magic"], /--engine: magic/],
    [["x.mp4", "--sensitivity", "many"], /--sensitivity: many/],
    [["x.mp4", "--truth", "/nowhere.json"], /--truth: \/nowhere.json/],
  ]) {
    const { status, stderr } = evaluate(...args);
    assert.equal(status, 64, stderr);
    assert.match(stderr, word);
  }
  const { status, stderr } = evaluate("/nowhere.mp4");
  assert.equal(status, 1);
  assert.match(stderr, /nowhere\.mp4/);
});

test("events are judged: missed, false, split and late ones", () => {
  const event = (begin, end, opened = begin) => ({ begin, opened, end, peak: 0.1 });
  const run = { seconds: 3600 + 30, motions: [event(10.4, 12), event(13, 18), event(50, 52)], events: [event(10.4, 12, 11), event(14, 18), event(50, 52)] };
  const { misses, falseAlarms, falseAlarmsPerHour, splits, delays, clipDelays } = judge(run, [{ from: 10, to: 20 }, { from: 80, to: 100 }]);
  assert.deepEqual(misses, [{ from: 80, to: 100 }]);
  assert.deepEqual(falseAlarms.map(({ begin }) => begin), [50]);
  assert.equal(falseAlarmsPerHour, 1);
  assert.equal(splits.length, 1);
  assert.ok(Math.abs(delays[0] - 0.4) < 1e-9 && clipDelays[0] === 1 && Number.isNaN(delays[1]));
});
