import assert from "node:assert/strict";
import { test } from "node:test";
import { SettingsKeeper } from "../../Public/js/sensor/settings-keeper.js";
import { bitRate, DEFAULT_SETTINGS, effects, mediaConstraints, patched, withDefaults } from "../../Public/js/state/settings.js";

test("what is missing or cannot be is as usual, what is unknown is left out", () => {
  assert.deepEqual(withDefaults(undefined), DEFAULT_SETTINGS);
  assert.deepEqual(withDefaults([]), DEFAULT_SETTINGS);
  const settings = withDefaults({
    revision: 7, color: "red", motion: { sensitivity: 101, threshold: 0.6 }, clip: { pre_roll_seconds: "4", post_roll_seconds: 3 },
    capture: { facing: "up", resolution: "720p", fps: 15, audio: "yes", toString: "x" }, preview_first: 1,
  });
  assert.deepEqual(settings, {
    ...DEFAULT_SETTINGS, revision: 7, clip: { ...DEFAULT_SETTINGS.clip, post_roll_seconds: 3 },
    capture: { ...DEFAULT_SETTINGS.capture, resolution: "720p", fps: 15 },
  });
});

test("regions are taken whole or not at all", () => {
  const good = [{ kind: "ignore", name: "tree", points: [[0, 0], [0.5, 0.25], [0, 1]] }];
  assert.deepEqual(withDefaults({ motion: { regions: good } }).motion.regions, good);
  for (const points of [[[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 0]], [[0, 0], [1], [0, 1]], "none"]) {
    assert.deepEqual(withDefaults({ motion: { regions: [...good, { kind: "ignore", name: "", points }] } }).motion.regions, []);
  }
});

test("a patch merges objects and replaces the rest", () => {
  const regions = [{ kind: "watch", name: "door", points: [[0, 0], [1, 0], [1, 1]] }];
  const before = withDefaults({ motion: { regions, threshold: 0.1 } });
  const after = patched(before, { motion: { threshold: null, regions: [] }, sound: { enabled: false } });
  assert.deepEqual(after.motion, { sensitivity: 50, regions: [], threshold: null });
  assert.deepEqual(after.sound, { enabled: false, sensitivity: 75 });
  assert.deepEqual(before.motion.regions, regions);
  assert.equal(patched(before, null), before);
});

test("a change begins anew only what it must", () => {
  const none = { camera: false, quality: false, torch: false, motion: false, sound: false, clip: false };
  for (const [patch, expected] of [
    [{}, {}],
    [{ revision: 9 }, {}],
    [{ preview_first: true }, {}],
    [{ motion: { sensitivity: 60 } }, { motion: true }],
    [{ sound: { enabled: false } }, { sound: true }],
    [{ clip: { cooldown_seconds: 0 } }, { clip: true }],
    [{ capture: { quality: "low" } }, { quality: true }],
    [{ capture: { torch: true } }, { torch: true }],
    [{ capture: { facing: "user" } }, { camera: true }],
    // A camera that is begun again has the rest as well.
    [{ capture: { fps: 10, quality: "high", torch: true } }, { camera: true }],
  ]) {
    assert.deepEqual(effects(DEFAULT_SETTINGS, patched(DEFAULT_SETTINGS, patch)), { ...none, ...expected }, JSON.stringify(patch));
  }
});

test("the camera is asked for as it is wanted first, and at last without sound and limits", () => {
  const asked = mediaConstraints({ ...DEFAULT_SETTINGS.capture, facing: "user", resolution: "1080p", fps: 15 });
  assert.deepEqual(asked[0], {
    video: { facingMode: { ideal: "user" }, width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 15, max: 15 } }, audio: true,
  });
  assert.deepEqual(asked.map(({ audio, video }) => [Boolean(audio), "max" in video.frameRate]), [[true, true], [true, false], [false, true], [false, false]]);
  assert.ok(mediaConstraints({ ...DEFAULT_SETTINGS.capture, audio: false }).every(({ audio }) => !audio));
});

test("bits follow pixels and quality within bounds", () => {
  assert.equal(bitRate(640, 480), 1_228_800);
  assert.equal(bitRate(640, 480, "low") * 4, bitRate(640, 480, "high"));
  assert.ok(bitRate(160, 120, "low") >= 200_000);
  assert.ok(bitRate(3840, 2160, "high") <= 8_000_000);
});

/** A storage and a hub for a keeper. */
function world(stored = null) {
  const storage = { text: stored, getItem() { return this.text; }, setItem(_key, text) { this.text = text; } };
  const hub = {
    state: "open", calls: [], answer: (patch) => ({ settings: patched(DEFAULT_SETTINGS, patch) }),
    async rpc(method, { patch }) {
      this.calls.push([method, patch]);
      return this.answer(patch);
    },
  };
  const keeper = new SettingsKeeper(storage);
  keeper.use(hub);
  const heard = [];
  keeper.addEventListener("settings", ({ detail }) => heard.push(detail.settings));
  return { storage, hub, keeper, heard };
}

test("a change takes effect at once and is stored on the hub", async () => {
  const { storage, hub, keeper, heard } = world();
  const settings = await keeper.change({ clip: { post_roll_seconds: 8 } });
  assert.equal(settings.clip.post_roll_seconds, 8);
  assert.deepEqual(hub.calls, [["device.settings", { clip: { post_roll_seconds: 8 } }]]);
  assert.equal(heard.length, 1);
  assert.equal(new SettingsKeeper(storage).value.clip.post_roll_seconds, 8);
  await keeper.send();
  assert.equal(hub.calls.length, 1);
});

test("changes made while the hub is away are kept, also over a reload, and told later", async () => {
  const first = world();
  first.hub.state = "waiting";
  await first.keeper.change({ capture: { fps: 10 } });
  await first.keeper.change({ sound: { enabled: false }, capture: { quality: "low" } });
  assert.deepEqual(first.hub.calls, []);
  const second = world(first.storage.text);
  // What the hub has does not take the place of what was changed here.
  second.keeper.received({ ...DEFAULT_SETTINGS, revision: 4, motion: { sensitivity: 80 } });
  assert.equal(second.keeper.value.capture.fps, 10);
  assert.equal(second.keeper.value.motion.sensitivity, 80);
  await second.keeper.send();
  assert.deepEqual(second.hub.calls, [["device.settings", { capture: { fps: 10, quality: "low" }, sound: { enabled: false } }]]);
});

test("what the hub refuses is undone; a hub without settings refuses nothing", async () => {
  const { hub, keeper } = world();
  hub.answer = () => { throw Object.assign(new Error("clip.post_roll_seconds: 1 to 30 is expected"), { code: 107 }); };
  await assert.rejects(keeper.change({ clip: { post_roll_seconds: 90 } }), /post_roll_seconds/);
  assert.equal(keeper.value.clip.post_roll_seconds, 2);
  hub.answer = () => { throw Object.assign(new Error("no such method"), { code: 104 }); };
  assert.equal((await keeper.change({ clip: { post_roll_seconds: 9 } })).clip.post_roll_seconds, 9);
  keeper.received(undefined);
  assert.equal(keeper.value.clip.post_roll_seconds, 9);
});

test("a change that is made while another is told is told as well", async () => {
  const { hub, keeper } = world();
  const answers = [];
  hub.answer = () => new Promise((resolve) => answers.push(resolve));
  const changes = [keeper.change({ capture: { fps: 10 } }), keeper.change({ capture: { fps: 12 } })];
  for (const fps of [10, 12]) {
    await new Promise((resolve) => setImmediate(resolve));
    answers.shift()({ settings: patched(DEFAULT_SETTINGS, { capture: { fps } }) });
    // What was said last counts, also while the hub is at what was said before.
    assert.equal(keeper.value.capture.fps, 12);
  }
  await Promise.all(changes);
  assert.equal(keeper.value.capture.fps, 12);
  await keeper.send();
  assert.equal(hub.calls.length, 2);
});
