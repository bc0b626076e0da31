import assert from "node:assert/strict";
import { test } from "node:test";
import { isInTime, perform } from "../../Public/js/sensor/commands.js";

/** A camera that writes down what is done to it. */
function camera(options = {}) {
  const done = [];
  const note = (name) => (...args) => { done.push([name, ...args]); };
  return {
    phase: "watching", hasTorch: false, done,
    resume: async () => note("resume")(), standBy: async () => note("standBy")(), relearn: note("relearn"),
    recordNow: async () => { note("recordNow")(); return true; },
    change: async (patch) => note("change")(patch),
    siren: { start: async (seconds) => note("siren")(seconds), stop: note("quiet") },
    ...options,
  };
}

const CASES = [
  ["start", {}, {}, ["resume"]],
  ["stop", {}, {}, ["standBy"]],
  ["record", {}, {}, ["recordNow"]],
  ["relearn", {}, {}, ["relearn"]],
  ["torch", { on: true }, { hasTorch: true }, ["change", { capture: { torch: true } }]],
  ["torch", { on: false }, {}, ["change", { capture: { torch: false } }]],
  ["camera", { facing: "user" }, {}, ["change", { capture: { facing: "user" } }]],
  ["siren", { on: true, seconds: 5 }, {}, ["siren", 5]],
  ["siren", { on: true }, {}, ["siren", 10]],
  ["siren", { on: true, seconds: 1e9 }, { phase: "standby" }, ["siren", 60]],
  ["siren", { on: false }, {}, ["quiet"]],
];
for (const [command, args, options, expected] of CASES) {
  test(`${command} ${JSON.stringify(args)}`, async () => {
    const subject = camera(options);
    assert.deepEqual(await perform(subject, command, args), { ok: true });
    assert.deepEqual(subject.done, [expected]);
  });
}

const noCamera = async () => { throw Object.assign(new Error("x"), { title: "No camera was found.", advice: "Connect one." }); };
const REFUSED = [
  ["record", {}, { phase: "standby" }, "The camera is not watching."],
  ["record", {}, { recordNow: async () => false }, "There is no picture yet. Try again in a moment."],
  ["relearn", {}, { phase: "starting" }, "The camera is not watching."],
  ["torch", { on: true }, {}, "This camera has no torch."],
  ["camera", { facing: "up" }, {}, "facing: environment or user is expected."],
  ["dance", {}, {}, "This camera does not know “dance”."],
  ["toString", {}, {}, "This camera does not know “toString”."],
  ["start", {}, { resume: noCamera }, "No camera was found. Connect one."],
];
for (const [command, args, options, message] of REFUSED) {
  test(`${command} ${JSON.stringify(args)} is refused: ${message}`, async () => {
    const subject = camera(options);
    assert.deepEqual(await perform(subject, command, args), { ok: false, message });
    assert.deepEqual(subject.done, []);
  });
}

test("what comes late is not done", () => {
  assert.equal(isInTime({ expires_at: 1000 }, 1000), true);
  assert.equal(isInTime({ expires_at: 1000 }, 1001), false);
  assert.equal(isInTime({ expires_at: "2026-01-01T00:00:10Z" }, Date.UTC(2026, 0, 1, 0, 0, 9)), true);
  assert.equal(isInTime({ expires_at: "2026-01-01T00:00:10Z" }, Date.UTC(2026, 0, 1, 0, 0, 11)), false);
  assert.equal(isInTime({}, 1e15), true);
});
