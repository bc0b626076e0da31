import assert from "node:assert/strict";
import { test } from "node:test";
import { framingHints, lumaFacts, tilt } from "../../Public/js/state/framing.js";
import { healthDetails, roomWords, wellWords } from "../../Public/js/state/health-words.js";
import { candidateWords, clipRow, heldWords } from "../../Public/js/state/local-timeline.js";
import { browserOf, permissionSteps } from "../../Public/js/state/permission-help.js";
import { problemWords } from "../../Public/js/state/words.js";

const now = new Date("2026-11-21T12:00:00");
const surroundings = { now, heldUntil: null, uploadsPerHour: null };
const clip = (phase, more = {}) => ({
  record: { id: "e1", at: now.getTime() - 60_000, trigger: "motion", frames: 10, ...more.record }, upload: { phase, reason: more.reason ?? null },
  isRecording: more.isRecording ?? false, problem: more.problem ?? null, isGone: more.isGone ?? false,
});

const ROWS = [
  ["recording", clip("streaming", { isRecording: true }), "recording", false, false],
  ["waiting", clip("waiting"), "waits for the hub", true, false],
  ["waiting", clip("waiting", { problem: "the hub's disk is full" }), "waits for the hub: the hub's disk is full", true, false],
  ["uploading", clip("closing"), "being sent", true, false],
  ["stored", clip("durable"), "stored on the hub", true, false],
  ["stored", clip("durable", { isGone: true }), "stored on the hub, no longer on this phone", false, false],
  ["uploading", clip("previewing"), "being sent", true, false],
  ["kept", clip("kept", { record: { unwanted: "no_change" } }), "kept on this device: the hub did not want it (no change)", true, false],
  ["kept", clip("kept", { record: { unwanted: "" } }), "kept on this device: the hub did not want it", true, false],
  ["kept", clip("kept", { record: { unwanted: "light" }, isGone: true }),
    "no longer on this phone, and the hub did not want it (only the light changed)", false, false],
  ["failed", clip("failed", { reason: "it is not a video" }), "failed: it is not a video", true, true],
  ["failed", clip("failed", { reason: "this device's storage was full", isGone: true }), "failed: this device's storage was full", false, false],
  ["failed", clip("failed", { reason: "no", isRecording: true }), "failed: no", false, false],
];
for (const [state, facts, text, canPlay, canRetry] of ROWS) {
  test(`timeline: ${text}${facts.isRecording ? ", still recording" : ""}`, () => {
    const row = clipRow(facts, surroundings);
    assert.deepEqual([row.state, row.text, row.canPlay, row.canRetry], [state, text, canPlay, canRetry]);
  });
}

test("timeline: a clip that the plan holds back says until when", () => {
  const until = new Date("2026-11-21T15:40:00").getTime();
  const held = { now, heldUntil: until, uploadsPerHour: 12 };
  assert.match(clipRow(clip("waiting"), held).text, /^waits for the hub: 12 uploads an hour are used up; goes at (15:40|03:40)/);
  assert.match(heldWords(until, null), /^the uploads of this hour are used up/);
  assert.equal(clipRow(clip("durable"), held).text, "stored on the hub");
  assert.equal(clipRow(clip("waiting"), { ...held, heldUntil: now.getTime() - 1 }).text, "waits for the hub");
});

test("timeline: several causes are named once each", () => {
  const record = { causes: [{ type: "motion" }, { type: "sound" }, { type: "sound" }] };
  assert.match(clipRow(clip("durable", { record }), surroundings).title, / · Motion and sound$/);
  assert.match(clipRow(clip("durable", { record: { at: now.getTime() - 86_400_000 } }), surroundings).title, /^Yesterday, /);
});

test("timeline: what was almost a clip, newest first", () => {
  const words = candidateWords([
    { type: "motion", reason: "weak", at: now.getTime() - 9000, until: 0, score: 0.006, threshold: 0.01 },
    { type: "sound", reason: "cooldown", at: now.getTime(), until: 0, score: 1, threshold: null },
  ], now);
  assert.match(words[0], / · Sound · in the pause after a clip$/);
  assert.match(words[1], / · Motion · 60 % of what a clip needs$/);
});

test("each problem of the telemetry has words and advice, and so has one of a newer camera", () => {
  const codes = ["frozen", "track_ended", "track_muted", "page_hidden", "wake_lock_lost", "storage_low", "battery_low", "encoder_slow", "covered", "moved", "clock_wrong"];
  const titles = codes.map((code) => problemWords(code).title);
  assert.equal(new Set(titles).size, codes.length);
  assert.ok(titles.every((title) => !title.startsWith("Something is wrong")));
  assert.equal(problemWords("too_hot").title, "Something is wrong: too hot");
  assert.equal(problemWords("constructor").title, "Something is wrong: constructor");
});

test("all well is one line of what is known", () => {
  const health = { fps: 29.7, wantedFps: 30, battery: { level: 0.8, charging: true }, storage: { used: 1e9, quota: 13e9 } };
  assert.equal(wellWords(health).replaceAll("\u00a0", " "), "All well: 30 pictures a second, battery 80 % and charging, 12 GB free");
  assert.equal(wellWords({}), "All well");
  assert.equal(wellWords({ fps: 30 }, false), "The phone is well: 30 pictures a second");
  assert.equal(roomWords(2.34e9).replaceAll("\u00a0", " "), "2.3 GB");
  assert.deepEqual(healthDetails({ fps: 29.71, wantedFps: 30 }), [["Pictures a second", "29.7 of 30"]]);
  assert.deepEqual(healthDetails({ clockOffsetMs: -70_000 }), [["Clock", "70 s ahead of the hub"]]);
});

test("a phone in its stand is level, and one that leans or lies says so", () => {
  const upright = tilt({ beta: 90, gamma: 0 }), sideways = tilt({ beta: 0, gamma: -90 }), leaning = tilt({ beta: 45, gamma: 45 }), flat = tilt({ beta: 0, gamma: 0 });
  for (const held of [upright, sideways]) {
    assert.ok(Math.abs(held.roll) < 0.001 && Math.abs(held.pitch) < 0.001, JSON.stringify(held));
    assert.deepEqual(framingHints({ luma: null, tilt: held }), []);
  }
  assert.match(framingHints({ luma: null, tilt: leaning })[0], /leans by 35°/);
  assert.match(framingHints({ luma: null, tilt: flat })[0], /lies flat/);
  assert.equal(tilt({ beta: null, gamma: null }), null);
});

test("pictures that are dark, glaring or of nothing are told apart", () => {
  const room = Uint8Array.from({ length: 100 }, (_, index) => index * 2);
  assert.deepEqual(framingHints({ luma: lumaFacts(room), tilt: null }), []);
  assert.match(framingHints({ luma: lumaFacts(room.map((value) => value / 4)), tilt: null })[0], /dark/);
  assert.match(framingHints({ luma: lumaFacts(room.map((value) => 220 + value / 6)), tilt: null })[0], /too bright/);
  assert.match(framingHints({ luma: lumaFacts(new Uint8Array(100)), tilt: null })[0], /covered/);
});

test("how a refusal is undone is said for the browser at hand", () => {
  const agents = {
    "chrome-android": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    samsung: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
    ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
    "firefox-android": "Mozilla/5.0 (Android 13; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0",
    firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
    chrome: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  };
  for (const [kind, agent] of Object.entries(agents)) assert.equal(browserOf(agent), kind);
  assert.equal(browserOf(agents.safari, { touchPoints: 5 }), "ios");
  assert.match(permissionSteps("chrome-android")[0], /Permissions/);
});
