import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { CameraKeeper } from "../../Public/js/sensor/camera-keeper.js";
import { perform } from "../../Public/js/sensor/commands.js";
import { DEFAULT_SETTINGS, patched } from "../../Public/js/state/settings.js";

/** A track of the camera, which writes down what is asked of its lamp. */
class FakeTrack extends EventTarget {
  kind = "video";
  readyState = "live";
  asked = [];
  failure = null;
  constructor(capabilities) {
    super();
    this.getCapabilities = () => capabilities;
  }
  getSettings = () => ({ width: 640, height: 480, frameRate: 30 });
  async applyConstraints(constraints) {
    if (this.failure) throw this.failure;
    this.asked.push(constraints);
  }
  stop() {
    this.readyState = "ended";
  }
}

/** What a capture's worker does for its page to go on. */
class FakeWorker {
  postMessage({ type }) {
    if (type === "stop") queueMicrotask(() => this.onmessage({ data: { type: "stopped" } }));
  }
  terminate() {}
}

const ON = { advanced: [{ torch: true }] }, OFF = { advanced: [{ torch: false }] };
const GLOBALS = {
  isSecureContext: true, Worker: FakeWorker,
  navigator: { mediaDevices: { getUserMedia: async () => stream() } },
  VideoEncoder: { isConfigSupported: async () => ({ supported: true }) },
  MediaStreamTrackProcessor: class { readable = {}; },
};
let before, capabilities, tracks, keeper, settings, sensor;

const stream = () => {
  const track = new FakeTrack(capabilities);
  tracks.push(track);
  return { getVideoTracks: () => [track], getAudioTracks: () => [], getTracks: () => [track] };
};
const begin = async (has, wanted = DEFAULT_SETTINGS) => {
  capabilities = has;
  settings = wanted;
  await keeper.open(settings);
  await keeper.run();
};
const asked = () => tracks.map((track) => track.asked);

beforeEach(() => {
  before = Object.fromEntries(Object.keys(GLOBALS).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, value] of Object.entries(GLOBALS)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  tracks = [];
  keeper = new CameraKeeper({ srcObject: null, play: async () => {} });
  // As `Sensor` does: what is changed is applied.
  sensor = {
    phase: "watching",
    get hasTorch() { return keeper.hasTorch; },
    async change(patch) {
      settings = patched(settings, patch);
      await keeper.apply(settings);
    },
  };
});

afterEach(async () => {
  await keeper.stop();
  for (const [name, descriptor] of Object.entries(before)) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete globalThis[name];
  }
  mock.restoreAll();
});

test("a lamp is switched on and off from another device, without another camera", async () => {
  await begin({ torch: true });
  assert.deepEqual(asked(), [[]]);
  assert.deepEqual(await perform(sensor, "torch", { on: true }), { ok: true });
  assert.deepEqual(asked(), [[ON]]);
  // Nothing else concerns it.
  await sensor.change({ motion: { sensitivity: 70 } });
  assert.deepEqual(asked(), [[ON]]);
  assert.deepEqual(await perform(sensor, "torch", { on: false }), { ok: true });
  assert.deepEqual(asked(), [[ON, OFF]]);
});

test("a lamp that is on shines with the next camera, too, and from the beginning where the settings say so", async () => {
  await begin({ torch: true }, patched(DEFAULT_SETTINGS, { capture: { torch: true } }));
  assert.deepEqual(asked(), [[ON]]);
  await keeper.restart();
  assert.deepEqual(asked(), [[ON], [ON]]);
  assert.deepEqual(tracks.map(({ readyState }) => readyState), ["ended", "live"]);
});

for (const has of [{}, { torch: false }]) {
  test(`a camera without a lamp (${JSON.stringify(has)}) says so and is asked for nothing`, async () => {
    await begin(has);
    assert.deepEqual(await perform(sensor, "torch", { on: true }), { ok: false, message: "This camera has no torch." });
    // The settings may have come from elsewhere.
    await sensor.change({ capture: { torch: true } });
    await keeper.restart();
    assert.deepEqual(asked(), [[], []]);
  });
}

test("a lamp that refuses is told to who asked, and keeps no camera from watching", async () => {
  await begin({ torch: true });
  tracks[0].failure = new Error("the lamp is used by another app");
  assert.deepEqual(await perform(sensor, "torch", { on: true }), { ok: false, message: "the lamp is used by another app" });
  mock.method(FakeTrack.prototype, "applyConstraints", async () => { throw new Error("hot"); });
  await keeper.restart();
  assert.equal(keeper.track, tracks[1]);
});
