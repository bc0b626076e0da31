import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Patience } from "../../Public/js/lib/patience.js";
import { FLAG, KIND, TRACK } from "../../Public/js/net/frame.js";
import { MsePlayer } from "../../Public/js/viewer/mse-player.js";

test("patience counts the seconds that somebody looks, from what came last", () => {
  const patience = new Patience(2);
  const ticks = (...seen) => seen.map((isSeen) => patience.tick(isSeen));
  assert.deepEqual(ticks(true, true, true), [false, false, true]);
  patience.reset();
  assert.deepEqual(ticks(true, true, false, true, true, true), [false, false, false, false, false, true]);
});

/** An element whose pictures are the test's: it counts who listens. */
class FakeVideo extends EventTarget {
  listeners = 0;
  buffered = { length: 0 };
  src = "";
  addEventListener(type, body, options) {
    this.listeners++;
    options?.signal?.addEventListener("abort", () => this.listeners--);
    super.addEventListener(type, body, options);
  }
  async play() {}
  pause() {}
  load() {
    this.isLoadedEmpty = this.src === "";
  }
  removeAttribute(name) {
    if (name === "src") this.src = "";
  }
}

class FakeVideoWithCallbacks extends FakeVideo {
  callbacks = new Map();
  next = 1;
  requestVideoFrameCallback(body) {
    this.callbacks.set(this.next, body);
    return this.next++;
  }
  cancelVideoFrameCallback(handle) {
    this.callbacks.delete(handle);
  }
}

class FakeSource extends EventTarget {
  static isTypeSupported = () => true;
  readyState = "closed";
}

const text = (json) => new TextEncoder().encode(JSON.stringify(json));
const CONFIGURATION = { kind: KIND.liveBytes, flags: FLAG.configuration, track: TRACK.video, timestamp: 0, duration: 0, payload: text({ container: "video/webm", init: "AAAA" }) };
const PICTURE = { kind: KIND.liveBytes, flags: FLAG.keyframe, track: TRACK.video, timestamp: 0, duration: 0, payload: new Uint8Array(9) };

let made = 0;
let ticks, urls, failures, player, video;
const begin = (element) => {
  video = element;
  player = new MsePlayer(video, { onPicture: () => {}, wantKeyframe: () => {}, onFailure: (reason) => failures.push(reason) });
  player.push(CONFIGURATION);
};
const pass = (seconds) => {
  for (let second = 0; second < seconds; second++) for (const body of [...ticks.values()]) body();
};
/** The source breaks, and another takes its place. */
const rebuild = () => {
  video.dispatchEvent(new Event("error"));
  player.push(PICTURE);
};

beforeEach(() => {
  player = null;
  ticks = new Map();
  mock.method(globalThis, "setInterval", (body) => {
    ticks.set(++made, body);
    return made;
  });
  mock.method(globalThis, "clearInterval", (handle) => ticks.delete(handle));
  urls = new Set();
  failures = [];
  globalThis.document = { hidden: false };
  globalThis.MediaSource = FakeSource;
  mock.method(URL, "createObjectURL", () => {
    urls.add(`blob:${++made}`);
    return `blob:${made}`;
  });
  mock.method(URL, "revokeObjectURL", (url) => urls.delete(url));
});
afterEach(() => {
  player?.close();
  mock.restoreAll();
  delete globalThis.document;
  delete globalThis.MediaSource;
});

for (const Element of [FakeVideo, FakeVideoWithCallbacks]) {
  test(`a player that was closed leaves nothing behind (${Element.name})`, () => {
    begin(new Element());
    player.push(PICTURE);
    rebuild();
    assert.deepEqual([...urls], [video.src]);
    player.close();
    assert.equal(video.listeners, 0);
    assert.equal(video.callbacks?.size ?? 0, 0);
    assert.equal(urls.size, 0);
    assert.ok(video.isLoadedEmpty);
    assert.equal(ticks.size, 0);
    video.dispatchEvent(new Event("timeupdate"));
    assert.equal(player.frames, 0);
    pass(60);
    assert.deepEqual(failures, []);
  });
}

test("what shows no picture in ten seconds is given up", () => {
  begin(new FakeVideo());
  pass(60);
  assert.deepEqual(failures, [], "nothing has come yet");
  player.push(PICTURE);
  pass(10);
  assert.deepEqual(failures, []);
  pass(1);
  assert.deepEqual(failures, ["This browser does not show the camera's picture."]);
});

test("nobody sees a hidden page: it has all its time when it is shown", () => {
  begin(new FakeVideo());
  player.push(PICTURE);
  pass(9);
  document.hidden = true;
  pass(60);
  document.hidden = false;
  pass(10);
  assert.deepEqual(failures, []);
  pass(1);
  assert.equal(failures.length, 1);
});

test("a source that was rebuilt must show pictures as well", () => {
  begin(new FakeVideo());
  player.push(PICTURE);
  video.dispatchEvent(new Event("timeupdate"));
  pass(60);
  assert.deepEqual(failures, []);
  rebuild();
  pass(5);
  // It has ten seconds of its own.
  rebuild();
  pass(10);
  assert.deepEqual(failures, []);
  pass(1);
  assert.equal(failures.length, 1);
});
