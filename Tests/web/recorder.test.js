import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { concat, element, number } from "../../Public/js/lib/bytes.js";
import { RecorderClock } from "../../Public/js/lib/recorder-clock.js";
import { RecorderEncoder } from "../../Public/js/sensor/recorder.js";

const SECOND = 1e6;

test("a recorder's pictures get the time at which they were taken", () => {
  const clock = new RecorderClock();
  clock.slice(0.1 * SECOND, 7.1 * SECOND);
  assert.equal(clock.toPage(0), 7 * SECOND);
  clock.slice(0.2 * SECOND, 7.25 * SECOND);
  assert.equal(clock.toPage(0.2 * SECOND), 7.2 * SECOND);
});

test("a first slice that came late is corrected, and the order of pictures kept", () => {
  const clock = new RecorderClock();
  clock.slice(0.1 * SECOND, 8 * SECOND);
  assert.equal(clock.toPage(0.1 * SECOND), 8 * SECOND);
  clock.slice(0.2 * SECOND, 8 * SECOND);
  assert.equal(clock.toPage(0.2 * SECOND), 8 * SECOND);
  clock.slice(1.2 * SECOND, 8.2 * SECOND);
  assert.equal(clock.toPage(1.1 * SECOND), 8.1 * SECOND);
});

test("a file's clock that stood still goes on at the present", () => {
  const clock = new RecorderClock();
  clock.slice(0, 0);
  // The page was put to sleep for a minute, and the recorder with it.
  for (let at = 60; at < 64; at += 0.1) clock.slice((at - 60) * SECOND, at * SECOND);
  assert.equal(clock.toPage(4 * SECOND), 64 * SECOND);
});

test("a busy page, to which slices come late, is no such halt", () => {
  const clock = new RecorderClock();
  clock.slice(0, 0);
  for (const late of [4, 3, 1.5, 0]) clock.slice((10 - late) * SECOND, 10 * SECOND);
  for (let at = 20; at < 22.9; at += 0.1) clock.slice((at - 5) * SECOND, at * SECOND);
  clock.slice(23 * SECOND, 23 * SECOND);
  assert.equal(clock.toPage(23 * SECOND), 23 * SECOND);
});

test("after a pause, or in another file, time is found anew", () => {
  const clock = new RecorderClock();
  clock.slice(0, 5 * SECOND);
  assert.equal(clock.toPage(0), 5 * SECOND);
  clock.restart();
  clock.slice(0, 9 * SECOND);
  assert.equal(clock.toPage(0), 9 * SECOND);
});

/** A recorder whose slices are the test's. */
class FakeRecorder {
  static isTypeSupported = () => true;
  state = "inactive";
  constructor() {
    FakeRecorder.last = this;
  }
  start() {
    this.state = "recording";
  }
  stop() {
    this.state = "inactive";
  }
  gives(...parts) {
    this.ondataavailable({ data: new Blob(parts) });
  }
}

const HEAD = concat(
  element([0x1a, 0x45, 0xdf, 0xa3]), [0x18, 0x53, 0x80, 0x67, 0xff],
  element([0x16, 0x54, 0xae, 0x6b], element([0xae], element([0xd7], [1]), element([0x83], [1]), element([0x86], [86]))));
/** A Cluster with one picture. */
const picture = (ms, isKey = false, size = 10) => concat(
  [0x1f, 0x43, 0xb6, 0x75, 0xff], element([0xe7], number(ms, 4)), element([0xa3], [0x81, 0, 0, isKey ? 0x80 : 0], new Uint8Array(size)));
const stream = { getVideoTracks: () => [{ getSettings: () => ({}) }], getAudioTracks: () => [] };

/** @type {RecorderEncoder} */
let encoder;
let chunks, ends;
/** What was given has been read. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0)).then(() => new Promise((resolve) => setImmediate(resolve)));
async function until(condition) {
  while (!condition()) await settle();
}

beforeEach(async () => {
  globalThis.MediaRecorder = FakeRecorder;
  chunks = [];
  ends = [];
  encoder = new RecorderEncoder(stream);
  encoder.addEventListener("chunk", ({ detail }) => chunks.push(detail.chunk));
  encoder.addEventListener("ended", ({ detail }) => ends.push(detail.reason));
  await encoder.start();
});
afterEach(() => delete globalThis.MediaRecorder);

test("who stops a recorder gets its last slice", async () => {
  FakeRecorder.last.gives(HEAD, picture(0, true));
  const stopped = encoder.stop();
  // As browsers do: the last slice comes after `stop` was called, and is read after `stop` was told.
  FakeRecorder.last.gives(picture(100));
  FakeRecorder.last.onstop();
  await stopped;
  assert.equal(chunks.length, 2);
  assert.deepEqual(ends, []);
  // Again, it is over at once.
  await encoder.stop();
});

test("a recorder that ends by itself gives its last slice before it says so", async () => {
  encoder.addEventListener("ended", () => assert.equal(chunks.length, 2));
  FakeRecorder.last.gives(HEAD, picture(0, true));
  FakeRecorder.last.state = "inactive";
  FakeRecorder.last.gives(picture(100));
  FakeRecorder.last.onstop();
  await until(() => ends.length);
  assert.deepEqual(ends, ["The camera stopped."]);
});

test("an encoder that never started is stopped at once", async () => {
  await new RecorderEncoder(stream).stop();
});

test("what is kept for joiners is bounded in bytes, not in pictures", async () => {
  FakeRecorder.last.gives(HEAD, picture(0, true, 1000));
  for (let index = 1; index <= 300; index++) FakeRecorder.last.gives(picture(index * 10, false, 1000));
  await until(() => chunks.length === 301);
  assert.equal(encoder.group.length, 301);
  // Nothing at all rather than a group without its end.
  FakeRecorder.last.gives(picture(4000, false, 800_000));
  await until(() => chunks.length === 303);
  assert.equal(encoder.group.length, 0);
  FakeRecorder.last.gives(picture(4010));
  FakeRecorder.last.gives(picture(4020, true));
  await until(() => chunks.length === 305);
  assert.equal(encoder.group.length, 1);
});

test("a recorder that went on after a pause is timed anew", async () => {
  FakeRecorder.last.gives(HEAD, picture(0, true));
  await until(() => chunks.length === 1);
  const pausedAt = performance.now();
  await until(() => performance.now() > pausedAt + 50);
  FakeRecorder.last.onresume();
  const at = performance.now();
  FakeRecorder.last.gives(picture(1));
  await until(() => chunks.length === 2);
  assert.ok(chunks[1].timestamp >= at * 1000, `${chunks[1].timestamp} is before ${at * 1000}`);
});

test("a browser that can neither encode nor record says so", async () => {
  delete globalThis.MediaRecorder;
  await assert.rejects(new RecorderEncoder(stream).start(), { title: "This browser can neither encode nor record video." });
});
