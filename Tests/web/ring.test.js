import assert from "node:assert/strict";
import { test } from "node:test";
import { PrerollRing } from "../../Public/js/lib/ring.js";
import { random } from "../detection/sound-generators.js";

const picture = (second, key = false, bytes = 100) => ({ track: 0, key, timestamp: Math.round(second * 1e6), duration: 33_333, data: new Uint8Array(bytes) });
const sound = (second) => ({ track: 1, key: true, timestamp: Math.round(second * 1e6), duration: 20_000, data: new Uint8Array(10) });

test("the ring waits for the first keyframe, as nothing before it can be shown", () => {
  const ring = new PrerollRing({ seconds: 4 });
  ring.push(sound(0));
  ring.push(picture(0.1));
  assert.deepEqual([ring.bytes, ring.from(0)], [0, []]);
  ring.push(picture(0.2, true));
  ring.push(sound(0.21));
  assert.equal(ring.chunks.length, 2);
});

test("keyframes far apart: the seconds are exceeded up to the keyframe before them, the bytes are not", () => {
  const ring = new PrerollRing({ seconds: 2, maximumBytes: 20_000 });
  for (let i = 0; i < 3000; i++) {
    ring.push(picture(i / 10, i % 150 === 0));
    assert.ok(ring.bytes <= 20_000);
    if (i % 10 === 9) {
      const from = ring.from((i / 10 - 2) * 1e6);
      assert.ok(from[0].key && from[0].timestamp / 1e6 <= Math.max(0, i / 10 - 2));
    }
  }
});

test("no keyframe at all: the group that is too large is given up, and what follows until the next keyframe", () => {
  const ring = new PrerollRing({ seconds: 10, maximumBytes: 10_000 });
  ring.push(picture(0, true));
  for (let i = 1; i < 5000; i++) {
    ring.push(i % 3 ? picture(i / 30) : sound(i / 30));
    if (i === 1) assert.equal(ring.chunks.length, 2);
    assert.ok(ring.bytes <= 10_000);
  }
  assert.deepEqual([ring.bytes, ring.chunks.length, ring.from(1e9)], [0, 0, []]);
  ring.push(picture(1000, true));
  assert.equal(ring.from(0).length, 1);
});

test("a keyframe larger than the ring is not kept", () => {
  const ring = new PrerollRing({ seconds: 10, maximumBytes: 1000 });
  ring.push(picture(0, true, 100));
  ring.push(picture(1, true, 2000));
  assert.deepEqual([ring.bytes, ring.chunks.length], [0, 0]);
});

test("limits that become smaller hold from the next chunk on", () => {
  const ring = new PrerollRing({ seconds: 100 });
  for (let i = 0; i < 600; i++) ring.push(picture(i / 10, i % 10 === 0));
  ring.limit({ seconds: 3 });
  ring.push(picture(60, true));
  assert.equal(ring.chunks[0].timestamp, 57e6);
});

test("whatever is pushed, the ring is what the last keyframes say, and its bytes are right", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = random(seed);
    const span = 1 + 5 * next(), maximumBytes = seed % 2 ? Infinity : 20_000;
    const ring = new PrerollRing({ seconds: span, maximumBytes });
    const all = [];
    let keyframeEvery = 1 + Math.floor(60 * next());
    for (let i = 0; i < 3000; i++) {
      if (next() < 0.01) keyframeEvery = 1 + Math.floor(60 * next());
      const chunk = next() < 0.4 ? sound(i / 30) : picture(i / 30, i % keyframeEvery === 0, 1 + Math.floor(300 * next()));
      all.push(chunk);
      ring.push(chunk);
      if (i % 50) continue;
      const { chunks } = ring;
      assert.equal(ring.bytes, chunks.reduce((sum, { data }) => sum + data.length, 0));
      assert.ok(ring.bytes <= maximumBytes);
      assert.deepEqual(chunks, chunks.length ? all.slice(-chunks.length) : [], "the last, without a gap");
      if (!chunks.length) continue;
      assert.ok(chunks[0].key && chunks[0].track === 0);
      const second = chunks.find(({ key, track }, index) => index > 0 && key && track === 0);
      assert.ok(!second || chunk.timestamp - second.timestamp < span * 1e6, "no more than it needs");
      const since = chunk.timestamp - span * 1e6 * next();
      const keyframes = chunks.filter(({ key, track }) => key && track === 0);
      const first = keyframes.findLast(({ timestamp }) => timestamp <= since) ?? keyframes[0];
      assert.equal(ring.from(since)[0], first);
    }
  }
});

test("a push costs the same, however long the ring is", () => {
  const cost = (seconds) => {
    const ring = new PrerollRing({ seconds, maximumBytes: Infinity });
    // One keyframe at the beginning and then none for long was the worst: each push looked through everything.
    let touched = 0;
    const counted = (i) => new Proxy(picture(i / 30, i % 300 === 0, 1), { get: (chunk, key) => (touched++, chunk[key]) });
    for (let i = 0; i < 6000; i++) ring.push(counted(i));
    return touched / 6000;
  };
  const [short, long] = [cost(2), cost(100)];
  assert.ok(long < 8 && short < 8, `${short} and ${long} looks at chunks for each push`);
});
