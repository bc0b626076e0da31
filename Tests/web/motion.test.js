import assert from "node:assert/strict";
import { test } from "node:test";
import { MotionEngine } from "../../Public/js/lib/motion.js";
import { LUMA_HEIGHT, LUMA_WIDTH, RGB_WEIGHTS, shrink } from "../../Public/js/lib/luma.js";
import { pictures, recorded } from "./media.js";

const RATE = 10;
/** A pause shorter than this does not end a clip. */
const POST_ROLL = 2;

/** Numbers that look random and are the same each time. */
function* random(seed) {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A room with structure and noise; `draw(x, y, second)` may change a pixel. */
function scene(second, noise, { gain = 1, offset = 0, draw } = {}) {
  const luma = new Uint8Array(LUMA_WIDTH * LUMA_HEIGHT);
  for (let y = 0; y < LUMA_HEIGHT; y++) {
    for (let x = 0; x < LUMA_WIDTH; x++) {
      const room = 90 + 40 * Math.sin(x / 9) + 30 * Math.cos(y / 7);
      const value = draw?.(x, y, second) ?? room;
      luma[y * LUMA_WIDTH + x] = Math.min(255, Math.max(0, gain * value + offset + 8 * (noise.next().value - 0.5)));
    }
  }
  return luma;
}

/** The stretches of motion, in seconds. */
function stretches(frames) {
  const engine = new MotionEngine();
  const found = [];
  frames.forEach((luma, index) => {
    const second = index / RATE;
    const { moving } = engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, second * 1000);
    if (!moving) return;
    if (found.length && second - found.at(-1)[1] < POST_ROLL) found.at(-1)[1] = second;
    else found.push([second, second]);
  });
  return found;
}

/** @param {(second: number) => object} options */
function play(seconds, options) {
  const noise = random(1);
  return Array.from({ length: seconds * RATE }, (_, index) => scene(index / RATE, noise, options(index / RATE)));
}

const person = (left) => (x, y) => (x >= left && x < left + 16 && y > 30 && y < 80 ? 30 + (y % 9) * 6 : undefined);

test("noise is no motion", () => {
  assert.deepEqual(stretches(play(20, () => ({}))), []);
});

test("somebody who walks through is one stretch, from their coming to their going", () => {
  const found = stretches(play(20, (second) => (second > 5 && second < 12 ? { draw: person((second - 5) * 20) } : {})));
  assert.equal(found.length, 1, JSON.stringify(found));
  assert.ok(found[0][0] >= 5 && found[0][0] < 5.8, `${found[0]}`);
  assert.ok(found[0][1] > 11.5 && found[0][1] < 14, `${found[0]}`);
});

test("somebody who stands still for a while does not end the stretch", () => {
  const found = stretches(play(25, (second) => (second > 4 && second < 18 ? { draw: person(Math.min((second - 4) * 20, 60)) } : {})));
  assert.equal(found.length, 1, JSON.stringify(found));
  assert.ok(found[0][1] > 17.5, `${found[0]}`);
});

for (const [name, options] of [
  ["a lamp", (second) => (second > 6 ? { gain: 1.3, offset: 15 } : {})],
  ["a cloud", (second) => ({ gain: 1 - 0.4 * Math.max(0, Math.sin(second)) })],
  ["auto-exposure", (second) => ({ offset: 20 * Math.sin(second * 2) })],
]) {
  test(`${name} is no motion`, () => assert.deepEqual(stretches(play(20, options)), []));
}

test("motion while the light changes is still motion", () => {
  const found = stretches(play(16, (second) => ({ gain: second > 6 ? 1.25 : 1, draw: second > 5 && second < 10 ? person((second - 5) * 25) : undefined })));
  assert.equal(found.length, 1, JSON.stringify(found));
});

test("a picture of another size begins anew", () => {
  const engine = new MotionEngine();
  engine.process(new Uint8Array(160 * 90), 160, 90, 0);
  assert.equal(engine.process(new Uint8Array(80 * 60), 80, 60, 100).state, "learning");
});

test("shrinking keeps what is where", () => {
  const large = new Uint8Array(640 * 480);
  for (let y = 240; y < 480; y++) large.fill(200, y * 640 + 320, y * 640 + 640);
  const small = shrink(large, 640, 640, 480);
  assert.equal(small[0], 0);
  assert.equal(small[60 * LUMA_WIDTH + 120], 200);
  assert.equal(small[60 * LUMA_WIDTH + 20], 0);
  const white = shrink(new Uint8Array(320 * 180 * 4).fill(255), 320 * 4, 320, 180, { step: 4, weights: RGB_WEIGHTS });
  assert.ok(white.every((value) => value >= 254));
});

const material = recorded("one-by-one.mp4");
test("the recording with one person at a time: each visit one stretch", { skip: material.skip }, () => {
  const visits = [[6.0, 19.6], [22.6, 44.5], [50.2, 69.6], [74.4, 86.6], [92.1, 119.5], [123.4, 135.9]];
  const found = stretches(pictures(material.path, RATE));
  assert.equal(found.length, visits.length, JSON.stringify(found));
  visits.forEach(([from, to], index) => {
    assert.ok(found[index][0] > from - 0.3 && found[index][0] < from + 1, `visit ${index}: begins ${found[index][0]}`);
    assert.ok(found[index][1] > to - 1, `visit ${index}: ends ${found[index][1]}`);
  });
});

test("the recording with one person at a time: the first visit begins in time, has no long pause, and is over before the second", { skip: material.skip }, () => {
  const engine = new MotionEngine();
  const moving = pictures(material.path, RATE, 24).map((luma, index) => engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, index * 100).moving);
  const seconds = moving.flatMap((isMoving, index) => (isMoving ? [index / RATE] : []));
  assert.ok(seconds[0] > 5.7 && seconds[0] < 7, `begins at ${seconds[0]}`);
  const visit = seconds.filter((second) => second < 22.3);
  const pauses = visit.slice(1).map((second, index) => second - visit[index]);
  assert.ok(Math.max(...pauses) < 4, `pauses ${Math.max(...pauses)} s`);
  assert.ok(visit.at(-1) > 19 && visit.at(-1) < 21, `ends at ${visit.at(-1)}`);
});

test("a camera of fewer or more pictures sees the same visit", { skip: material.skip }, () => {
  for (const rate of [5, 8, 10]) {
    const engine = new MotionEngine();
    const all = pictures(material.path, rate, 12);
    const first = all.findIndex((luma, index) => engine.process(luma, LUMA_WIDTH, LUMA_HEIGHT, (index / rate) * 1000).moving) / rate;
    assert.ok(first > 5.7 && first < 7.2, `${rate} a second: begins at ${first}`);
  }
});

for (const name of ["firefox-still.webm", "street-brightness.avi", "chrome-still-truncated.webm"]) {
  const still = recorded(name);
  test(`${name}: nothing moves`, { skip: still.skip }, () => assert.deepEqual(stretches(pictures(still.path, RATE)), []));
}
