import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answerWords, attentionWords, cannotAsk, commandName, failureWords, needsAttention, pictureFile, pictureProblem, presenceWords, telemetryRows,
} from "../../Public/js/state/device-words.js";
import { emptyTimeline, loaded, published } from "../../Public/js/state/timeline.js";
import { causeTimes, causeWords, clipNote, clipProblem, clockTime, eventBadges, eventTitle, isNotice, isOnCamera, triggerIcon } from "../../Public/js/state/words.js";

const AT = Date.UTC(2026, 10, 21, 10, 0, 0);
const iso = (seconds) => new Date(AT + seconds * 1000).toISOString();
const cause = (type, seconds) => ({ type, at: iso(seconds), score: null });

test("a camera needs attention while it says so, or the hub does", () => {
  assert.ok(!needsAttention({ online: true }), "an older hub says nothing");
  assert.equal(attentionWords({ online: true, health: { problems: [], attention: false } }), "");
  assert.equal(attentionWords({ online: true, health: { problems: ["frozen"] } }), "The picture has stopped");
  assert.equal(attentionWords({ online: true, health: { problems: ["covered", "battery_low", "moved"] } }), "The lens is covered, and 2 more");
  assert.equal(attentionWords({ online: false, health: { problems: ["frozen"], attention: true } }), "Needs attention");
  assert.equal(attentionWords({ online: false, health: { problems: ["frozen"], attention: false } }), "", "what was before it went away");
});

test("since when it is away, or when it was heard", () => {
  const now = new Date(AT + 60_000);
  assert.equal(presenceWords({ online: false, last_seen_at: iso(0) }, now), `Offline since ${clockTime(iso(0))}.`);
  assert.equal(presenceWords({ online: false, last_seen_at: iso(-86_400) }, now), `Offline since Yesterday, ${clockTime(iso(-86_400))}.`);
  assert.equal(presenceWords({ online: false, last_seen_at: null }, now), "It was never connected.");
  assert.equal(presenceWords({ online: true, health: { reported_at: iso(5) } }, now), `Last heard ${clockTime(iso(5))}.`);
  assert.match(presenceWords({ online: true }, now), /not said yet/);
});

test("telemetry becomes rows, of what there is", () => {
  assert.deepEqual(telemetryRows(null), []);
  const telemetry = {
    fps: 29.9, battery: 0.42, charging: false, storage_left_bytes: 12e9, network: "wifi", rtt_ms: 12, clock_offset_ms: 200, dropped_share: 0.02,
    encoder_lag_ms: 40, visible: true,
  };
  assert.deepEqual(telemetryRows(telemetry), [
    ["Battery", "42\u00a0%, not charging"], ["Pictures a second", "29.9"], ["Left out by the encoder", "2\u00a0%"],
    ["Encoder", "40 ms behind"],
    ["Storage", "12\u00a0GB free"], ["Network", "wifi, 12 ms to the hub"], ["Clock", "as the hub's"], ["Page", "in front"],
  ]);
  assert.deepEqual(telemetryRows({ clock_offset_ms: -90_000, battery: "full" }), [["Clock", "90 s ahead of the hub"]]);
});

test("telemetry and presence change the device they are about", () => {
  const devices = [{ device_id: "a", online: true, health: { problems: [], attention: true } }, { device_id: "b" }];
  const state = loaded(emptyTimeline, { devices, events: [], nextCursor: null });
  const told = published(state, { type: "device.telemetry", device_id: "a", at: AT, telemetry: { fps: 10, problems: ["covered"] } });
  assert.deepEqual(told.devices[0].health, {
    attention: true, problems: ["covered"], telemetry: { fps: 10, problems: ["covered"] }, reported_at: iso(0),
  });
  assert.equal(told.devices[1], state.devices[1]);
  const older = published(state, { type: "device.telemetry", device_id: "b", telemetry: { fps: 1 } });
  assert.deepEqual(older.devices[1].health, { problems: [], telemetry: { fps: 1 } });
  const away = published(told, { type: "device.presence", device_id: "a", at: AT + 5000, online: false, watching: false });
  assert.equal(away.devices[0].last_seen_at, iso(5));
});

test("what was asked, and what became of it", () => {
  assert.equal(commandName("siren", { on: true, seconds: 10 }), "Siren for 10 s");
  assert.equal(commandName("camera", { facing: "user" }), "Use the front camera");
  assert.deepEqual(answerWords("record", { ok: true, message: null }), { text: "It records a clip.", tone: "ok" });
  assert.deepEqual(answerWords("torch", { ok: false, message: "This camera has no torch." }), { text: "This camera has no torch.", tone: "danger" });
  assert.match(answerWords("torch", { ok: false }).text, /did not say why/);
  assert.match(failureWords({ code: "camera_offline", message: "" }).text, /not connected/);
  assert.match(failureWords({ code: "camera_silent", message: "" }).text, /does not answer/);
  assert.equal(failureWords({ code: "limit_exceeded", message: "16 wait" }).text, "16 wait");
  assert.equal(cannotAsk({ online: true }), "");
  assert.match(cannotAsk({ online: false }), /offline/);
});

test("pictures have names, and reasons where there is none", () => {
  assert.equal(pictureFile("Hall / Küche", new Date(2026, 10, 21, 9, 5, 3)), "Hall-Küche-2026-11-21-09-05-03.jpg");
  assert.equal(pictureFile("…", new Date(2026, 0, 1)), "camera-2026-01-01-00-00-00.jpg");
  assert.match(pictureProblem({ code: "camera_offline", message: "" }), /not connected/);
  assert.match(pictureProblem({ code: "busy", message: "too many" }), /too many/);
});

test("an event's title names its causes in their order, each once", () => {
  const event = { trigger_type: "motion", status: "done", causes: [cause("sound", 3), cause("motion", 0), cause("motion", 5), cause("tamper", 9)] };
  assert.equal(causeWords(event), "Motion, then sound, then tampering");
  assert.equal(eventTitle({ ...event, clip_state: "on_device" }), "Motion, then sound, then tampering · on the camera");
  assert.equal(causeWords({ trigger_type: "sound" }), "Sound");
  assert.equal(causeTimes({ causes: [cause("sound", 3), cause("motion", 0)] }), `Motion ${clockTime(iso(0))}, sound ${clockTime(iso(3))}`);
  assert.equal(causeTimes({ causes: [cause("motion", 0)] }), "");
});

test("notices are about the camera and have symbols of their own", () => {
  for (const type of ["attention", "offline", "online"]) assert.ok(isNotice({ trigger_type: type }));
  assert.ok(!isNotice({ trigger_type: "tamper" }));
  const types = ["sound", "tamper", "attention", "offline", "online", "glass_break", "constructor"];
  assert.deepEqual(types.map(triggerIcon), ["sound", "warning", "warning", "offline", "check", "camera", "camera"]);
});

test("where a clip is of which pictures came first", () => {
  assert.ok(isOnCamera({ clip_state: "on_device" }) && isOnCamera({ clip_state: "requested" }));
  assert.ok(!isOnCamera({ clip_state: "preview" }) && !isOnCamera({}));
  assert.equal(eventTitle({ trigger_type: "motion", status: "done", clip_state: "requested" }), "Motion · being fetched");
  assert.equal(eventTitle({ trigger_type: "motion", status: "recording", clip_state: "preview" }), "Motion · recording");
  assert.match(clipNote({ clip_state: "on_device", status: "done" }), /on the camera/);
  assert.match(clipNote({ clip_state: "preview", status: "recording" }), /pictures of it first/);
  assert.match(clipNote({ clip_state: "gone", status: "done" }), /The clip is gone/);
  const gone = { trigger_type: "motion", status: "done", clip_state: "gone", clip_problem: "the phone has deleted the clip to make room" };
  assert.deepEqual([eventTitle(gone), clipProblem(gone), isOnCamera(gone)], ["Motion", "The phone has deleted the clip to make room.", false]);
  assert.deepEqual(eventBadges(gone, []), [{ text: "No clip", tone: "" }]);
  assert.match(clipNote({ clip_state: null, status: "recording" }), /Recording/);
});
