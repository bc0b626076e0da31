import assert from "node:assert/strict";
import { test } from "node:test";
import { CandidateLog } from "../../Public/js/lib/candidates.js";
import { heldUploads, HOUR_MS } from "../../Public/js/lib/plan.js";
import { ClipTrigger } from "../../Public/js/lib/trigger.js";
import { random } from "../detection/sound-generators.js";

const settings = { preRoll: 4, postRoll: 2, longest: 20, cooldown: 5 };
const moving = (score = 0.1) => ({ moving: true, score });
const still = { moving: false, score: 0 };
const loud = (score = 0.3) => ({ loud: true, score });
const quiet = { loud: false, score: 0 };

/** Something that lasts, ten times a second. */
function last(trigger, method, what, from, to) {
  const actions = [];
  for (let at = from; at < to; at += 100) actions.push(...trigger[method](what, at));
  return actions;
}

/** A clip of motion alone that ended at 3000. */
function afterClip(score = 0.1) {
  const trigger = new ClipTrigger(settings);
  trigger.motion(moving(score), 1000);
  trigger.motion(still, 1100);
  assert.equal(trigger.time(3000)[0].type, "close");
  return trigger;
}

test("trigger: sound begins a clip and extends it as motion does", () => {
  const trigger = new ClipTrigger(settings);
  assert.deepEqual(trigger.sound(loud(), 10_000), [
    { type: "open", trigger: "sound", at: 10_000, score: 0.3, from: 6000, causes: [{ type: "sound", at: 10_000, score: 0.3 }], held: null },
  ]);
  assert.deepEqual(last(trigger, "sound", loud(), 10_100, 15_000), []);
  trigger.sound(quiet, 15_000);
  assert.deepEqual(trigger.time(16_800), []);
  assert.equal(trigger.time(16_900)[0].reason, "quiet");
});

test("trigger: whatever happens in a clip is a cause of it, once, with its first moment and its highest score", () => {
  const trigger = new ClipTrigger(settings);
  trigger.sound(loud(0.2), 1000);
  assert.deepEqual(trigger.motion(moving(0.05), 1500), [
    { type: "extend", at: 1500, until: 3500 },
    { type: "cause", cause: { type: "motion", at: 1500, score: 0.05 } },
  ]);
  assert.deepEqual(trigger.motion(moving(0.4), 1600), []);
  trigger.sound(loud(0.1), 1700);
  assert.deepEqual(trigger.manual(1800).map(({ type }) => type), ["extend", "cause"]);
  assert.deepEqual(trigger.tamper({ tampered: true }, 1900).map(({ type }) => type), ["extend", "cause"]);
  assert.deepEqual(trigger.time(4000)[0].causes, [
    { type: "sound", at: 1000, score: 0.2 }, { type: "motion", at: 1500, score: 0.4 },
    { type: "manual", at: 1800, score: 0 }, { type: "tamper", at: 1900, score: 1 },
  ]);
});

test("trigger: what begins at the same time is one clip of both", () => {
  const trigger = afterClip(0.8);
  last(trigger, "motion", moving(0.1), 4000, 8000);
  const [open] = trigger.sound(loud(0.15), 8000);
  assert.equal(open.type, "open");
  assert.equal(open.trigger, "motion");
  assert.deepEqual(open.causes.map(({ type, at }) => [type, at]), [["motion", 4000], ["sound", 8000]]);
  assert.equal(open.from, 3000, "not into the clip before");
});

test("trigger: actions are copies: what comes later does not change them", () => {
  const trigger = new ClipTrigger(settings);
  const [open] = trigger.motion(moving(0.1), 1000);
  trigger.motion(moving(0.9), 1100);
  assert.equal(open.causes[0].score, 0.1);
});

for (const [name, before, act, passes] of [
  ["what is much weaker is passed over", 0.4, (trigger) => trigger.motion(moving(0.09), 4000), false],
  ["somebody who comes is not", 0.4, (trigger) => trigger.motion(moving(0.1), 4000), true],
  ["sound after motion that was stronger is passed over", 0.5, (trigger) => trigger.sound(loud(0.5), 4000), false],
  ["a button is not", 0.9, (trigger) => trigger.manual(4000), true],
  ["tampering is not", 0.9, (trigger) => trigger.tamper({ tampered: true }, 4000), true],
  ["the same after the cooldown is not", 0.1, (trigger) => trigger.motion(moving(0.1), 8000), true],
]) {
  test(`trigger: in the cooldown, ${name}`, () => assert.equal(act(afterClip(before)).some(({ type }) => type === "open"), passes));
}

test("trigger: in the cooldown, motion after sound is not passed over", () => {
  const trigger = new ClipTrigger(settings);
  trigger.sound(loud(0.9), 1000);
  trigger.sound(quiet, 1100);
  trigger.time(3000);
  assert.deepEqual(trigger.sound(loud(0.9), 3500), []);
  assert.equal(trigger.motion(moving(0.01), 4000)[0].trigger, "motion");
});

test("trigger: in the cooldown, sound must be twice as strong as before", () => {
  const trigger = new ClipTrigger(settings);
  trigger.sound(loud(0.2), 1000);
  trigger.sound(quiet, 1100);
  trigger.time(3000);
  assert.deepEqual(trigger.sound(loud(0.39), 4000), []);
  assert.equal(trigger.sound(loud(0.4), 4100)[0].type, "open");
});

test("trigger: motion that gets strong in the cooldown is recorded from its beginning", () => {
  const trigger = afterClip(0.5);
  assert.deepEqual(last(trigger, "motion", moving(0.1), 6000, 7000), []);
  assert.equal(trigger.motion(moving(0.3), 7000)[0].from, 3000);
  const later = afterClip(0.5);
  later.preRoll = 1000;
  last(later, "motion", moving(0.1), 6000, 7000);
  assert.equal(later.motion(moving(0.3), 7000)[0].from, 5000);
});

test("trigger: what outlasts the longest clip goes on in the next at once; what had ended does not", () => {
  const trigger = new ClipTrigger(settings);
  trigger.sound(loud(0.3), 900);
  trigger.sound(quiet, 1000);
  last(trigger, "motion", moving(), 1000, 20_900);
  const [close, open, ...none] = trigger.motion(moving(0.2), 20_900);
  assert.deepEqual([close.type, close.reason, none.length], ["close", "longest", 0]);
  assert.deepEqual([open.type, open.from, open.causes], ["open", 20_900, [{ type: "motion", at: 20_900, score: 0.2 }]]);
});

test("trigger: of a camera that froze while something moved the next clip knows nothing", () => {
  const trigger = new ClipTrigger({ ...settings, longest: 3 });
  trigger.motion(moving(), 1000);
  last(trigger, "sound", loud(), 1000, 4000);
  const [, open] = trigger.sound(loud(), 4000);
  assert.deepEqual(open.causes.map(({ type }) => type), ["sound"]);
  trigger.sound(quiet, 4100);
  trigger.time(7000);
  assert.equal(trigger.motion(moving(), 60_000)[0].from, 56_000, "not what it was before it froze");
});

test("trigger: a lens that stays covered is one event", () => {
  const trigger = new ClipTrigger(settings);
  const covered = { tampered: true, score: 0.8 };
  assert.deepEqual(trigger.tamper(covered, 1000)[0].causes, [{ type: "tamper", at: 1000, score: 0.8 }]);
  const actions = last(trigger, "tamper", covered, 1100, 60_000);
  assert.deepEqual(actions.map(({ type }) => type), ["close"]);
  trigger.tamper({ tampered: false }, 60_000);
  assert.equal(trigger.tamper(covered, 60_100)[0].type, "open");
});

test("trigger: no clip is longer than the hub lets it be, pre-roll and all", () => {
  const trigger = new ClipTrigger(settings);
  trigger.limit({ maxClipSeconds: 6, uploadsPerHour: null });
  const actions = last(trigger, "motion", moving(), 10_000, 30_000);
  const opens = actions.filter(({ type }) => type === "open"), closes = actions.filter(({ type }) => type === "close");
  assert.deepEqual(opens.map(({ from }) => from), [7000, 13_000, 19_000, 25_000]);
  assert.deepEqual(closes.map(({ at }) => at), [13_000, 19_000, 25_000]);
});

test("trigger: a clip that could not begin is opened again by what lasts, and costs no upload", () => {
  const trigger = new ClipTrigger(settings);
  trigger.limit({ maxClipSeconds: null, uploadsPerHour: 1 });
  assert.equal(trigger.motion(moving(), 1000)[0].type, "open");
  trigger.undo();
  assert.deepEqual(trigger.time(1050), []);
  const [open] = trigger.motion(moving(), 1100);
  assert.deepEqual([open.type, open.from, open.held], ["open", -3000, null]);
});

test("trigger: beyond the uploads of an hour clips are recorded and held", () => {
  const trigger = new ClipTrigger(settings, [-HOUR_MS, 500]);
  trigger.limit({ maxClipSeconds: null, uploadsPerHour: 2 });
  assert.equal(trigger.manual(1000)[0].held, null);
  trigger.stop(2000);
  assert.deepEqual(trigger.manual(3000)[0].held, { reason: "uploads", until: 500 + HOUR_MS });
  trigger.stop(4000);
  assert.equal(trigger.manual(500 + HOUR_MS)[0].held, null, "what was held is not counted");
});

test("uploads of an hour: when the next may go", () => {
  assert.equal(heldUploads([1, 2, 3], null, 5), null);
  assert.equal(heldUploads([1, 2], 3, 5), null);
  assert.deepEqual(heldUploads([3, 1, 2], 3, 5), { reason: "uploads", until: 1 + HOUR_MS });
  assert.deepEqual(heldUploads([1, 2, 3, 4], 3, 5), { reason: "uploads", until: 2 + HOUR_MS }, "when three are left");
  assert.equal(heldUploads([1, 2, 3], 3, 1 + HOUR_MS), null);
  assert.equal(heldUploads([10], 1, 5), null, "a clock that was set back holds nothing");
  assert.deepEqual(heldUploads([], 0, 5), { reason: "uploads", until: 5 + HOUR_MS });
});

test("candidates: stretches are joined, their number is limited, and what a clip shows is none", () => {
  const log = new CandidateLog({ maximum: 3, joinMs: 1000 });
  const weak = (score, type = "motion") => ({ type, reason: "weak", score, threshold: 0.5 });
  log.add(weak(0.1), 1000);
  log.add(weak(0.2, "sound"), 1500);
  log.add(weak(0.3), 2000);
  assert.deepEqual(log.entries, [
    { type: "motion", reason: "weak", at: 1000, until: 2000, score: 0.3, threshold: 0.5 },
    { type: "sound", reason: "weak", at: 1500, until: 1500, score: 0.2, threshold: 0.5 },
  ]);
  for (const at of [4000, 6000, 8000]) log.add(weak(0.1), at);
  assert.deepEqual(log.entries.map(({ at }) => at), [4000, 6000, 8000]);
  log.recorded(6000);
  assert.deepEqual(log.entries.map(({ at }) => at), [4000]);
});

test("trigger: what is weak, or passed over in the cooldown, is in the log; what came before a clip is in the clip", () => {
  const trigger = afterClip(0.5);
  trigger.motion({ moving: false, score: 0.004, candidate: true, threshold: 0.008 }, 3200);
  trigger.motion(moving(0.1), 3300);
  trigger.motion(still, 3400);
  assert.deepEqual(trigger.candidates.entries.map(({ reason, score }) => [reason, score]), [["weak", 0.004], ["cooldown", 0.1]]);
  trigger.sound({ loud: false, score: 0.1, candidate: true }, 19_000);
  trigger.motion(moving(), 20_000);
  trigger.motion({ moving: false, score: 0.004, candidate: true }, 20_100);
  assert.equal(trigger.candidates.entries.length, 2);
});

// What holds whatever happens.

/** Things that happen, at random but the same each time. */
function* life(seed, steps) {
  const next = random(seed);
  let isMoving = false, isLoud = false, at = 1000;
  for (let i = 0; i < steps; i++) {
    at += next() < 0.01 ? Math.round(30_000 * next()) : 100;
    if (next() < (isMoving ? 0.02 : 0.01)) isMoving = !isMoving;
    if (next() < (isLoud ? 0.05 : 0.01)) isLoud = !isLoud;
    const dice = next();
    // The page's tick, which comes though pictures may not.
    yield { method: "time", at };
    if (dice < 0.002) yield { method: "manual", at };
    else if (dice < 0.004) yield { method: "cut", at };
    else if (dice < 0.006) yield { method: "stop", at };
    else if (dice < 0.01) yield { method: "tamper", what: { tampered: next() < 0.7 }, at };
    if (next() < 0.95) yield { method: "motion", what: { moving: isMoving, score: isMoving ? 0.3 * next() : 0, candidate: next() < 0.1 }, at };
    if (next() < 0.5) yield { method: "sound", what: { loud: isLoud, score: isLoud ? next() : 0 }, at };
  }
}

for (let seed = 1; seed <= 40; seed++) {
  test(`trigger: what holds whatever happens, life ${seed}`, () => {
    const next = random(1000 + seed);
    const own = { preRoll: 5 * next(), postRoll: 1 + 3 * next(), longest: 5 + 40 * next(), cooldown: 8 * next() };
    const maxClipSeconds = seed % 3 ? null : 4 + 20 * next();
    const uploadsPerHour = seed % 4 ? null : 5;
    const trigger = new ClipTrigger(own);
    trigger.limit({ maxClipSeconds, uploadsPerHour });
    const clips = [], frames = [];
    let open = null;
    for (const { method, what, at } of life(seed, 6000)) {
      const actions = what ? trigger[method](what, at) : trigger[method](at);
      for (const action of actions) {
        if (action.type === "open") {
          assert.equal(open, null, "never two clips open");
          assert.ok(action.from <= action.at && action.at === at);
          assert.equal(action.causes[0].type, action.trigger);
          assert.ok(action.from >= (clips.at(-1)?.until ?? -Infinity), "clips do not overlap");
          open = { ...action, types: new Set(action.causes.map(({ type }) => type)) };
        } else if (action.type === "close") {
          assert.ok(open, "what is closed was open");
          assert.deepEqual(action.causes.map(({ type }) => type), [...open.types], "all causes, in their order");
          assert.ok(action.causes.length <= 4 && action.causes.every((cause) => cause.at <= at && Number.isFinite(cause.score)));
          clips.push({ ...open, until: at, reason: action.reason, causes: action.causes });
          open = null;
        } else if (action.type === "cause") {
          assert.ok(open && !open.types.has(action.cause.type), "a cause is told once");
          open.types.add(action.cause.type);
        } else {
          assert.ok(open && action.until > at - 1 && action.until <= trigger.endsBy);
        }
      }
      assert.equal(trigger.isOpen, open !== null);
      if (method === "manual") assert.ok(open, "a button always records");
      if (method === "motion" && what.moving) frames.push({ at, score: what.score });
    }
    if (open) clips.push({ ...open, until: Infinity, reason: "open" });
    assert.ok(clips.length > 5);

    // Time is looked at with every step, and steps are 100 ms, or up to 30 s where everything stood still.
    const largestStep = 30_100;
    for (const [index, clip] of clips.entries()) {
      if (clip.until === Infinity) continue;
      assert.ok(clip.until - clip.at <= own.longest * 1000 + largestStep);
      if (maxClipSeconds) assert.ok(clip.until - clip.from <= maxClipSeconds * 1000 + largestStep);
      if (index) assert.ok(clip.at >= clips[index - 1].until, "clips are in order");
    }
    for (const { causes, until } of clips) {
      const cause = causes.find(({ type }) => type === "motion");
      if (!cause || until === Infinity) continue;
      const highest = (from, to) => Math.max(0, ...frames.filter(({ at }) => at >= from && at <= to).map(({ score }) => score));
      // A picture that comes as the clip ends is of the next, which begins with the score of the last picture.
      const [least, most] = [highest(cause.at, until - 1), highest(cause.at - 30_100, until)];
      assert.ok(cause.score >= least && cause.score <= most, `${cause.score}, not ${least} to ${most}: the highest score of motion`);
    }
    const recent = (at) => clips.filter((clip) => !clip.held && clip.at > at - HOUR_MS && clip.at <= at).length;
    if (uploadsPerHour !== null) for (const clip of clips) assert.ok(recent(clip.at) <= uploadsPerHour, "no more than the plan's uploads go up");

    for (const { at, score } of frames) {
      if (clips.some((clip) => at >= clip.from && at <= clip.until)) continue;
      const before = clips.findLast((clip) => clip.until <= at);
      assert.ok(before && at - before.until < own.cooldown * 1000, `motion at ${at} is in no clip and in no cooldown`);
      assert.notEqual(before.reason, "longest", `motion at ${at} was lost between two clips that belong together`);
      const peak = before.causes.find(({ type }) => type === "motion")?.score ?? Math.max(...before.causes.map((cause) => cause.score));
      assert.ok(score < 2 * peak, `motion at ${at} was stronger than before, and passed over`);
    }
  });
}
