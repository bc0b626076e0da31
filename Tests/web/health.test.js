import assert from "node:assert/strict";
import { test } from "node:test";
import { SamePicture } from "../../Public/js/lib/same-picture.js";
import { codesOf, HEALTHY, isFrozen, nextHealth } from "../../Public/js/state/health.js";
import { CameraRepair } from "../../Public/js/state/repair.js";

const GOOD = {
  isWatching: true, isVisible: true, hasTrack: true, isMuted: false, sameSince: null, isScreenKeptOn: true, storage: { used: 1e9, quota: 10e9 },
  battery: { level: 0.8, charging: false }, droppedShare: 0, encoderLagMs: 20, clockOffsetMs: 300, tamper: null,
};

/** Feeds facts of one second each; `from`: the second at which what is wrong begins, `to`: at which it is over. Answers the seconds with the problem. */
function secondsOf(code, wrong, { from = 10, to = 100, length = 160 } = {}) {
  let state = HEALTHY;
  const seconds = [];
  for (let second = 0; second < length; second++) {
    const at = second * 1000;
    const isWrong = second >= from && second < to;
    const facts = { ...GOOD, at, frameAt: at - 20, ...(isWrong ? (typeof wrong === "function" ? wrong(at, from * 1000) : wrong) : {}) };
    state = nextHealth(state, facts);
    const codes = codesOf(state);
    assert.ok(codes.every((other) => other === code), `second ${second}: ${codes}`);
    if (codes.includes(code)) seconds.push(second);
  }
  return [seconds[0], seconds.at(-1)];
}

const TABLE = [
  // code, what is wrong from second 10 to 100, first and last second in which it is said
  ["track_ended", { hasTrack: false }, 10, 99],
  ["track_muted", { isMuted: true }, 12, 100],
  ["frozen", (_at, from) => ({ frameAt: from }), 16, 100],
  ["frozen", (_at, from) => ({ sameSince: from }), 41, 100],
  ["page_hidden", { isVisible: false, isScreenKeptOn: false }, 13, 99],
  ["wake_lock_lost", { isScreenKeptOn: false }, 15, 99],
  ["storage_low", { storage: { used: 9.95e9, quota: 10e9 } }, 10, 99],
  ["battery_low", { battery: { level: 0.1, charging: false } }, 10, 109],
  ["encoder_slow", { droppedShare: 0.3 }, 15, 109],
  ["encoder_slow", { encoderLagMs: 900 }, 15, 109],
  ["covered", { tamper: "covered" }, 10, 102],
  ["moved", { tamper: "moved" }, 10, 129],
  ["clock_wrong", { clockOffsetMs: -90_000 }, 10, 99],
];

for (const [code, wrong, first, last] of TABLE) {
  test(`${code} is told from second ${first} to ${last}`, () => assert.deepEqual(secondsOf(code, wrong), [first, last]));
}

test("what is wrong for a moment is not told", () => {
  for (const [code, wrong] of [["page_hidden", { isVisible: false }], ["wake_lock_lost", { isScreenKeptOn: false }], ["encoder_slow", { droppedShare: 1 }]]) {
    assert.deepEqual(secondsOf(code, wrong, { to: 12 }), [undefined, undefined], code);
  }
});

test("a battery between the limits is neither news nor over", () => {
  const between = { battery: { level: 0.18, charging: false } };
  assert.deepEqual(secondsOf("battery_low", between), [undefined, undefined]);
  assert.deepEqual(secondsOf("battery_low", (at) => (at < 30_000 ? { battery: { level: 0.1, charging: false } } : between)), [10, 109]);
});

test("what the browser does not tell is no problem", () => {
  const facts = { ...GOOD, at: 1e6, frameAt: 1e6, storage: null, battery: null, clockOffsetMs: null, isScreenKeptOn: null };
  assert.deepEqual(codesOf(nextHealth(nextHealth(HEALTHY, facts), { ...facts, at: 2e6, frameAt: 2e6 })), []);
});

test("a camera that is not meant to run has no problems of its pictures", () => {
  const facts = { ...GOOD, isWatching: false, hasTrack: false, isVisible: false, at: 1e6, frameAt: 0, tamper: "covered" };
  assert.deepEqual(codesOf(nextHealth(HEALTHY, facts)), []);
  assert.equal(isFrozen({ ...facts, hasTrack: true }), false);
});

test("a problem keeps the time at which it began", () => {
  let state = nextHealth(HEALTHY, { ...GOOD, at: 5000, frameAt: 5000, hasTrack: false });
  state = nextHealth(state, { ...GOOD, at: 9000, frameAt: 5000, hasTrack: false });
  assert.deepEqual(state.problems, [{ code: "track_ended", since: 5000 }]);
});

test("pictures are the same when no pixel differs, unless there is nothing to see", () => {
  const same = new SamePicture();
  const picture = (seed) => Uint8Array.from({ length: 100 }, (_, i) => (i * 7 + seed) % 200);
  assert.equal(same.see(picture(1), 0), null);
  assert.equal(same.see(picture(1), 100), 0);
  assert.equal(same.see(picture(1), 200), 0);
  const noisy = picture(1);
  noisy[50]++;
  assert.equal(same.see(noisy, 300), null);
  assert.equal(same.see(noisy.slice(), 400), 300);
  const dark = new Uint8Array(100).fill(16);
  assert.equal(same.see(dark, 500), null);
  assert.equal(same.see(dark.slice(), 600), null);
});

/** When a camera that stays broken is begun again, ms. */
function attempts(repair, facts, from, to, step = 100) {
  const times = [];
  for (let at = from; at < to; at += step) if (repair.tick(facts, at).type === "restart") times.push(at);
  return times;
}
const BROKEN = { isBroken: true, canTry: true };

test("a broken camera is begun again at once, then less and less often", () => {
  const times = attempts(new CameraRepair({ random: () => 1 }), BROKEN, 0, 200_000);
  assert.equal(times[0], 0);
  const pauses = times.slice(1).map((time, index) => time - times[index]);
  assert.ok(pauses.every((pause, index) => index === 0 || pause >= pauses[index - 1]), `${pauses}`);
  assert.ok(pauses[0] >= 2000 && Math.max(...pauses) <= 61_000, `${pauses}`);
});

test("a camera that breaks again soon is not asked for without a pause", () => {
  const repair = new CameraRepair({ random: () => 1 });
  assert.deepEqual(attempts(repair, BROKEN, 0, 1000), [0]);
  for (let at = 1000; at < 5000; at += 100) repair.tick({ isBroken: false, canTry: true }, at);
  assert.equal(repair.tick(BROKEN, 5000).type, "wait");
  // After a while of pictures it may be another fault.
  const later = new CameraRepair({ random: () => 1 });
  attempts(later, BROKEN, 0, 1000);
  for (let at = 1000; at < 40_000; at += 100) later.tick({ isBroken: false, canTry: true }, at);
  assert.equal(later.tick(BROKEN, 40_000).type, "restart");
});

test("a page that is hidden waits; shown again, it tries at once", () => {
  const repair = new CameraRepair({ random: () => 1 });
  assert.deepEqual(attempts(repair, BROKEN, 0, 10_000).length > 1, true);
  assert.deepEqual(attempts(repair, { isBroken: true, canTry: false }, 10_000, 100_000), []);
  repair.soon();
  assert.equal(repair.tick(BROKEN, 100_000).type, "restart");
});
