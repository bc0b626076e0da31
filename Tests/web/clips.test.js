import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ClipRecorder } from "../../Public/js/sensor/clips.js";
import { pageNow } from "../../Public/js/sensor/page-clock.js";
import { DEFAULT_SETTINGS } from "../../Public/js/state/settings.js";

let clips, recorder, session;

/** What a capture tells, with an encoder of its own. */
function capture(codec = "vp8") {
  const target = new EventTarget();
  const configuration = { flags: 2, track: 0, duration: 0, payload: new Uint8Array(1) };
  target.encoder = { isComplete: true, tracks: [{ track: 0, codec }], clipBeginning: (timestamp) => [{ ...configuration, timestamp }] };
  target.tell = (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail }));
  target.picture = (key, ago = 0) => {
    const timestamp = Math.round((pageNow() - performance.timeOrigin - ago) * 1000);
    target.tell("chunk", { chunk: { track: 0, key, timestamp, duration: 33_333, data: new Uint8Array(10) } });
  };
  return target;
}

const motion = (moving, tamper = null) => ({ moving, score: moving ? 0.1 : 0, threshold: 0.01, candidate: moving, tamper, at: pageNow() });

beforeEach(() => {
  clips = [];
  session = "s";
  const outbox = {
    begin(opening, frames, stills) {
      const clip = { record: { ...opening }, frames: [...frames], stills, isComplete: false, isWanted: false };
      clips.push(clip);
      return clip;
    },
    add: (clip, frame) => clip.frames.push(frame),
    want: (clip) => { clip.isWanted = true; },
    complete: (clip) => { clip.isComplete = true; },
  };
  recorder = new ClipRecorder(outbox, () => session, async () => null);
  recorder.set(DEFAULT_SETTINGS);
});

test("another capture ends the clip, and the next has nothing of the one before", () => {
  const first = capture("vp8");
  recorder.use(first);
  first.picture(true, 1000);
  first.picture(false);
  first.tell("motion", motion(true));
  assert.equal(clips.length, 1);
  first.picture(false);
  assert.equal(clips[0].frames.length, 4);

  const second = capture("avc1.42001f");
  recorder.use(second);
  assert.equal(clips[0].isComplete, true);
  second.tell("motion", motion(true));
  assert.equal(clips.length, 1, "there is no picture yet");
  second.picture(true);
  second.tell("motion", motion(true));
  assert.equal(clips.length, 2);
  assert.equal(clips[1].record.tracks[0].codec, "avc1.42001f");
  assert.equal(clips[1].frames.length, 2);
});

test("sound and tampering begin clips, and are causes of one that goes on", () => {
  const source = capture();
  recorder.use(source);
  source.picture(true);
  source.tell("sound", { loud: true, score: 0.7, threshold: 0.5, at: pageNow() });
  assert.equal(clips[0].record.trigger, "sound");
  source.tell("motion", motion(true, "covered"));
  source.tell("motion", motion(true, "covered"));
  recorder.stop();
  assert.deepEqual(clips[0].record.causes.map(({ type }) => type).sort(), ["motion", "sound", "tamper"]);
  assert.ok(clips[0].record.causes.every(({ at }) => Math.abs(at - Date.now()) < 5000));
});

test("what a capture says after another took over begins nothing", () => {
  const [first, second] = [capture(), capture()];
  recorder.use(first);
  recorder.use(second);
  second.picture(true);
  first.tell("sound", { loud: true, score: 0.7, threshold: 0.5, at: pageNow() - 3000 });
  first.tell("motion", motion(true, "moved"));
  assert.deepEqual(clips, []);
});

test("nothing is recorded without a session", async () => {
  const source = capture();
  recorder.use(source);
  source.picture(true);
  session = null;
  source.tell("motion", motion(true));
  source.tell("sound", { loud: true, score: 0.7, threshold: 0.5, at: pageNow() });
  assert.equal(await recorder.recordNow(), false);
  session = "s";
  source.picture(true);
  assert.deepEqual(clips, []);
});

test("who presses Record before there is a picture gets a clip from the first keyframe on, also after another capture took over", async () => {
  for (const source of [capture(), capture("avc1.42001f")]) {
    clips = [];
    recorder.use(source);
    const pressed = [recorder.recordNow(), recorder.recordNow()];
    source.picture(false);
    assert.deepEqual(clips, []);
    source.picture(true);
    source.picture(false);
    assert.deepEqual(await Promise.all(pressed), [true, true]);
    assert.equal(clips.length, 1);
    assert.equal(clips[0].record.trigger, "manual");
    // Each once, behind the configuration.
    assert.deepEqual(clips[0].frames.map(({ flags }) => flags), [2, 1, 0]);
    recorder.stop();
    source.picture(true);
    assert.equal(clips.length, 1);
  }
});

test("what Record waits for has sound, unless none comes", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const source = capture();
  source.encoder.isComplete = false;
  recorder.use(source);
  let pressed = recorder.recordNow();
  source.picture(true);
  assert.deepEqual(clips, []);
  source.encoder.isComplete = true;
  source.encoder.tracks.push({ track: 1, codec: "opus" });
  const timestamp = Math.round((pageNow() - performance.timeOrigin) * 1000);
  source.tell("chunk", { chunk: { track: 1, key: true, timestamp, duration: 20_000, data: new Uint8Array(10) } });
  assert.equal(await pressed, true);
  assert.deepEqual([clips[0].record.tracks.length, clips[0].frames.map(({ track }) => track)], [2, [0, 0, 1]]);

  const silent = capture();
  silent.encoder.isComplete = false;
  recorder.use(silent);
  pressed = recorder.recordNow();
  silent.picture(true);
  assert.equal(clips.length, 1);
  context.mock.timers.tick(5000);
  assert.equal(await pressed, true);
  assert.equal(clips[1].record.tracks.length, 1);
});

test("who presses Record is told when no picture comes, and nothing is recorded afterwards", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const source = capture();
  recorder.use(source);
  const late = recorder.recordNow();
  context.mock.timers.tick(5000);
  assert.equal(await late, false);
  source.picture(true);
  recorder.use(capture());
  const stopped = recorder.recordNow();
  recorder.stop();
  assert.equal(await stopped, false);
  source.picture(true);
  assert.deepEqual(clips, []);
});

test("what the hub allows and what people set is kept", () => {
  const source = capture();
  recorder.use(source);
  recorder.set({ ...DEFAULT_SETTINGS, clip: { ...DEFAULT_SETTINGS.clip, pre_roll_seconds: 1 } });
  recorder.limit({ uploads_per_hour: 0 });
  for (const ago of [6000, 4000, 2500, 500]) source.picture(true, ago);
  recorder.recordNow();
  assert.equal(recorder.held.reason, "uploads");
  // From the keyframe before the pre-roll on.
  assert.equal(clips[0].frames.length, 3);
  recorder.stop();
  recorder.limit({});
  source.picture(true);
  recorder.recordNow();
  assert.equal(recorder.held, null);
});

test("preview first: a clip of motion has three stills for the hub, the later ones at its end where it ends before", async () => {
  let taken = 0;
  recorder.takeStill = async () => new Uint8Array([++taken]);
  recorder.set({ ...DEFAULT_SETTINGS, preview_first: true });
  const source = capture();
  recorder.use(source);
  source.picture(true);
  source.tell("motion", motion(true));
  assert.equal(clips[0].record.asksFirst, true);
  assert.deepEqual([clips[0].stills.length, taken], [3, 1]);
  recorder.stop();
  assert.deepEqual((await Promise.all(clips[0].stills)).map(([number]) => number), [1, 2, 3]);
  assert.equal(clips[0].isWanted, false);
});

test("preview first: what is more than motion is not asked about", async () => {
  recorder.set({ ...DEFAULT_SETTINGS, preview_first: true });
  const source = capture();
  recorder.use(source);
  source.picture(true);
  source.tell("motion", motion(true));
  recorder.recordNow();
  assert.deepEqual([clips[0].record.asksFirst, clips[0].isWanted], [true, true]);
  recorder.stop();
  source.picture(true);
  recorder.recordNow();
  assert.deepEqual([clips[1].record.trigger, clips[1].record.asksFirst, clips[1].stills.length], ["manual", undefined, 1]);
});
