import assert from "node:assert/strict";
import { test } from "node:test";
import { begunStills, isStillDue, nextStills, stillsShown, STILL_SECONDS } from "../../Public/js/state/stills.js";

const STILL_MS = STILL_SECONDS * 1000;
/** A camera by stills, and the time, which passes only here. */
function watched() {
  let now = 5000, stills = begunStills(now);
  return {
    pass(seconds) { now += seconds * 1000; },
    happens(type, more = {}) { stills = nextStills(stills, { type, at: now, ...more }); },
    isDue: (isSeen = true) => isStillDue(stills, now, isSeen),
    get shown() { return stillsShown(stills, now); },
    get count() { return stills.count; },
  };
}
const away = { pause: 4000, error: { status: 503, code: "camera_offline", message: "the camera is not connected" } };

test("a still is asked for at once, and then one every few seconds, from question to question", () => {
  const camera = watched();
  assert.equal(camera.isDue(), true);
  assert.deepEqual(camera.shown, { live: "starting", text: "", problem: "" });
  camera.happens("asked");
  camera.pass(1);
  camera.happens("came");
  assert.equal(camera.isDue(), false);
  assert.deepEqual(camera.shown, { live: "stills", text: "", problem: "" });
  camera.pass(STILL_SECONDS - 2);
  assert.equal(camera.isDue(), false);
  // A tick that comes a little early is the right one.
  camera.pass(0.9);
  assert.equal(camera.isDue(), true);
  assert.equal(camera.count, 1);
});

test("nobody asks twice at a time, however long an answer takes", () => {
  const camera = watched();
  camera.happens("asked");
  camera.pass(60);
  assert.equal(camera.isDue(), false);
  camera.happens("hopeful");
  assert.equal(camera.isDue(), false);
  camera.happens("came");
  assert.equal(camera.isDue(), true);
});

test("nobody asks for a page that nobody sees, and at once when it is seen again", () => {
  const camera = watched();
  assert.equal(camera.isDue(false), false);
  camera.happens("asked");
  camera.happens("came");
  camera.pass(60);
  assert.equal(camera.isDue(false), false);
  assert.equal(camera.isDue(), true);
});

test("a still that does not get newer is no picture of now, and its age is said", () => {
  const camera = watched();
  camera.happens("asked");
  camera.happens("came");
  camera.pass(2 * STILL_SECONDS);
  assert.equal(camera.shown.live, "stills");
  camera.pass(1);
  assert.deepEqual(camera.shown, { live: "silent", text: "The last still is 7 s old.", problem: "" });
  camera.happens("asked");
  camera.pass(60);
  assert.equal(camera.shown.text, "The last still is 1 min 7 s old.");
  camera.happens("came");
  assert.deepEqual(camera.shown, { live: "stills", text: "", problem: "" });
});

test("after an error the hub is left alone for longer, and the reason is said until a still comes", () => {
  const camera = watched();
  camera.happens("asked");
  camera.happens("failed", away);
  const problem = "There is no picture: the camera is not connected.";
  assert.deepEqual(camera.shown, { live: "silent", text: problem, problem });
  camera.pass((STILL_MS + away.pause) / 1000 - 0.6);
  assert.equal(camera.isDue(), false);
  camera.pass(0.6);
  assert.equal(camera.isDue(), true);
  camera.happens("asked");
  assert.equal(camera.shown.text, problem);
  camera.happens("came");
  assert.equal(camera.shown.live, "stills");
  camera.pass(2);
  camera.happens("asked");
  camera.happens("failed", away);
  assert.equal(camera.shown.text, `${problem} The last still is 2 s old.`);
});

test("a camera or hub that is back is asked at once", () => {
  const camera = watched();
  camera.happens("asked");
  camera.happens("failed", away);
  assert.equal(camera.isDue(), false);
  camera.happens("hopeful");
  assert.equal(camera.isDue(), true);
});

for (const status of [401, 403, 404]) {
  test(`after ${status} nobody asks again`, () => {
    const camera = watched();
    camera.happens("asked");
    camera.happens("failed", { pause: 0, error: { status, code: "error", message: "no such camera" } });
    assert.deepEqual(camera.shown, { live: "ended", text: "There is no picture: no such camera", problem: "There is no picture: no such camera" });
    camera.pass(600);
    camera.happens("hopeful");
    assert.equal(camera.isDue(), false);
  });
}
