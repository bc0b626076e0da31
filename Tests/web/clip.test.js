import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../Public/js/lib/backoff.js";
import { PrerollRing } from "../../Public/js/lib/ring.js";
import { ClipTrigger } from "../../Public/js/lib/trigger.js";
import { ClipUpload } from "../../Public/js/lib/upload.js";
import { uuidv7 } from "../../Public/js/lib/uuid.js";

/** Ten pictures a second, a keyframe every second, sound between. */
function fill(ring, seconds, bytes = 10) {
  for (let i = 0; i < seconds * 10; i++) {
    ring.push({ track: 0, key: i % 10 === 0, timestamp: i * 100_000, duration: 100_000, data: new Uint8Array(bytes) });
    ring.push({ track: 1, key: true, timestamp: i * 100_000 + 50_000, duration: 100_000, data: new Uint8Array(1) });
  }
}

test("the ring keeps its seconds and begins with a keyframe", () => {
  const ring = new PrerollRing({ seconds: 4 });
  fill(ring, 20);
  assert.ok(ring.chunks[0].key && ring.chunks[0].track === 0);
  const span = (19.9e6 - ring.chunks[0].timestamp) / 1e6;
  assert.ok(span >= 4 && span < 5.1, `${span} s`);
});

test("the ring keeps within its bytes", () => {
  const ring = new PrerollRing({ seconds: 100, maximumBytes: 1000 });
  fill(ring, 20, 30);
  assert.ok(ring.bytes <= 1000 + 311, `${ring.bytes}`);
  assert.equal(ring.bytes, ring.chunks.reduce((sum, chunk) => sum + chunk.data.length, 0));
});

test("a clip begins at the keyframe at or before its time, or at the oldest", () => {
  const ring = new PrerollRing({ seconds: 10 });
  fill(ring, 5);
  assert.equal(ring.from(3_450_000)[0].timestamp, 3_000_000);
  assert.equal(ring.from(3_000_000)[0].timestamp, 3_000_000);
  assert.equal(ring.from(-1)[0].timestamp, 0);
  assert.ok(ring.from(3_450_000).every((chunk) => chunk.timestamp >= 3_000_000));
  ring.clear();
  assert.deepEqual(ring.from(0), []);
});

/** Runs a trigger at ten pictures a second over stretches of motion, in seconds. */
function run(trigger, seconds, stretches) {
  const actions = [];
  for (let at = 0; at <= seconds * 1000; at += 100) {
    const moving = stretches.some(([from, to]) => at >= from * 1000 && at <= to * 1000);
    for (const action of trigger.motion({ moving, score: 0.1 }, at)) {
      if (action.type === "extend") continue;
      actions.push(action.type === "open" ? ["open", at / 1000, action.from / 1000] : ["close", at / 1000, action.reason]);
    }
  }
  return actions;
}

const settings = { preRoll: 4, postRoll: 2, longest: 20, cooldown: 5 };
const table = [
  ["one stretch is one clip, with what came before and after", [[6, 10]], [["open", 6, 2], ["close", 12, "quiet"]]],
  ["a pause shorter than the post-roll does not end it", [[6, 8], [9.5, 11]], [["open", 6, 2], ["close", 13, "quiet"]]],
  ["who comes in the cooldown is in the next clip, at once", [[6, 8], [11, 12]], [["open", 6, 2], ["close", 10, "quiet"], ["open", 11, 10], ["close", 14, "quiet"]]],
  ["a long stretch is cut, and goes on without a gap", [[6, 40]], [["open", 6, 2], ["close", 26, "longest"], ["open", 26, 26], ["close", 42, "quiet"]]],
  ["quiet is nothing", [], []],
];
for (const [name, stretches, expected] of table) {
  test(`trigger: ${name}`, () => assert.deepEqual(run(new ClipTrigger(settings), 50, stretches), expected));
}

test("trigger: by hand at any time, and stopping ends it", () => {
  const trigger = new ClipTrigger(settings);
  const byHand = { type: "manual", at: 10_000, score: 0 };
  assert.deepEqual(trigger.manual(10_000), [{ type: "open", trigger: "manual", at: 10_000, score: 0, from: 6000, causes: [byHand], held: null }]);
  assert.deepEqual(trigger.manual(11_000), [{ type: "extend", at: 11_000, until: 13_000 }]);
  assert.deepEqual(trigger.stop(11_500), [{ type: "close", at: 11_500, reason: "quiet", causes: [byHand] }]);
  assert.deepEqual(trigger.stop(11_600), []);
});

test("trigger: motion that comes back in the post-roll extends the clip, not beyond its longest", () => {
  const trigger = new ClipTrigger(settings);
  trigger.motion({ moving: true, score: 1 }, 0);
  assert.deepEqual(trigger.motion({ moving: false, score: 0 }, 1000), []);
  assert.deepEqual(trigger.motion({ moving: true, score: 1 }, 1500), [{ type: "extend", at: 1500, until: 3500 }]);
  assert.deepEqual(trigger.motion({ moving: true, score: 1 }, 1600), []);
  assert.equal(trigger.manual(19_000)[0].until, 20_000);
});

test("trigger: time alone ends a clip when pictures stop coming", () => {
  const trigger = new ClipTrigger(settings);
  assert.deepEqual(trigger.time(0), []);
  trigger.motion({ moving: true, score: 1 }, 1000);
  assert.deepEqual(trigger.time(2900), []);
  assert.deepEqual(trigger.time(3000), [{ type: "close", at: 3000, reason: "quiet", causes: [{ type: "motion", at: 1000, score: 1 }] }]);
  assert.deepEqual(trigger.time(9000), []);
});

test("trigger: a cut is no pause: what still moves begins the next clip at once", () => {
  const trigger = new ClipTrigger(settings);
  trigger.motion({ moving: true, score: 1 }, 1000);
  assert.equal(trigger.cut(2000)[0].type, "close");
  assert.equal(trigger.motion({ moving: true, score: 1 }, 2100)[0].type, "open");
});

test("trigger: its own numbers keep visits a few seconds apart in clips of their own, each with its first moment", () => {
  const actions = run(new ClipTrigger(), 60, [[6.2, 20.4], [22.9, 45.6]]);
  assert.deepEqual(actions.map(([type]) => type), ["open", "close", "open", "close"]);
  const [, end] = actions[0 + 1], [, , from] = actions[2];
  assert.ok(end <= 22.9 && from <= 22.9 && from >= end - 0.001, JSON.stringify(actions));
});

const frame = (index, bytes = 10) => ({ flags: 0, track: 0, timestamp: index, duration: 1, payload: new Uint8Array(bytes).fill(index) });

/** A hub that keeps what it acknowledged and may break at any step. */
class FakeHub {
  disk = [];
  stream = 0;
  unacknowledged = [];
  isDurable = false;

  /** Does one action of the upload. @returns {boolean} whether there was one */
  step(upload, windowBytes = 35) {
    const action = upload.take();
    if (!action) return false;
    if (action.type === "open") {
      this.unacknowledged = [];
      upload.opened({ stream: ++this.stream, next: this.disk.length, windowBytes });
    } else if (action.type === "send") {
      assert.equal(action.stream, this.stream);
      assert.equal(action.sequence, this.disk.length + this.unacknowledged.length, "no gap, nothing twice");
      this.unacknowledged.push(action.frame);
      const bytes = this.unacknowledged.reduce((sum, { payload }) => sum + payload.length, 0);
      assert.ok(bytes <= windowBytes || this.unacknowledged.length === 1, "within the window");
    } else {
      this.acknowledge(upload);
      assert.equal(action.frames, this.disk.length);
      this.isDurable = true;
      upload.durable();
    }
    return true;
  }

  acknowledge(upload) {
    this.disk.push(...this.unacknowledged.splice(0));
    upload.acknowledged(this.disk.length);
  }
}

test("an upload keeps to the window and ends durable", () => {
  const upload = new ClipUpload();
  const hub = new FakeHub();
  upload.connected();
  for (let i = 0; i < 10; i++) upload.add(frame(i));
  upload.complete();
  while (!upload.isOver) if (!hub.step(upload)) hub.acknowledge(upload);
  assert.equal(upload.phase, "durable");
  assert.deepEqual(hub.disk.map(({ timestamp }) => timestamp), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a frame larger than the window still goes, alone", () => {
  const upload = new ClipUpload();
  const hub = new FakeHub();
  upload.connected();
  upload.add(frame(0, 100));
  upload.add(frame(1, 100));
  upload.complete();
  while (!upload.isOver) if (!hub.step(upload)) hub.acknowledge(upload);
  assert.equal(hub.disk.length, 2);
});

test("an upload survives a break at every step, losing and repeating nothing", () => {
  for (let breakAt = 0; breakAt < 40; breakAt++) {
    for (const isAcknowledged of [true, false]) {
      const upload = new ClipUpload();
      const hub = new FakeHub();
      upload.connected();
      let added = 0;
      for (let step = 0; !upload.isOver; step++) {
        assert.ok(step < 200, `stuck: break at ${breakAt}`);
        if (added < 12) upload.add(frame(added++));
        if (added === 12) upload.complete();
        if (step === breakAt) {
          // The hub may have written what it could not acknowledge any more.
          if (isAcknowledged) hub.disk.push(...hub.unacknowledged);
          hub.unacknowledged = [];
          upload.disconnected();
          assert.equal(upload.take(), null);
          upload.connected();
        }
        if (!hub.step(upload)) hub.acknowledge(upload);
      }
      assert.deepEqual(hub.disk.map(({ timestamp }) => timestamp), [...Array(12).keys()], `break at ${breakAt}`);
    }
  }
});

test("an upload that failed stays failed and takes nothing more", () => {
  const upload = new ClipUpload();
  upload.connected();
  upload.add(frame(0));
  upload.failed("disk full");
  upload.add(frame(1));
  upload.disconnected();
  upload.connected();
  assert.equal(upload.take(), null);
  assert.deepEqual([upload.phase, upload.reason], ["failed", "disk full"]);
});

test("an upload holds what is not stored, and of the stored only what is sent next", () => {
  const upload = new ClipUpload();
  for (let i = 0; i < 3; i++) upload.add(frame(i));
  assert.deepEqual(upload.unstored().map(({ timestamp }) => timestamp), [0, 1, 2]);
  upload.stored(2);
  assert.deepEqual([upload.heldBytes, upload.unstored().length], [10, 1]);
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 2, windowBytes: 100 });
  assert.equal(upload.take()?.type, "send");
  assert.equal(upload.heldBytes, 10, "sent, and still to be stored");
  upload.stored(3);
  assert.equal(upload.heldBytes, 0);
  upload.add(frame(3));
  upload.stored(4);
  assert.equal(upload.heldBytes, 10, "stored, and sent next");
  upload.disconnected();
  assert.equal(upload.heldBytes, 0);
});

test("an upload on a slow network stays small: what is stored is read when its turn comes", () => {
  const upload = new ClipUpload();
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 0, windowBytes: 10 });
  for (let i = 0; i < 100; i++) {
    upload.add(frame(i, 100_000));
    upload.stored(i + 1);
    upload.take();
  }
  assert.ok(upload.heldBytes < 3 << 20, `${upload.heldBytes}`);
});

/** Serves what an upload reads back. */
function step(hub, upload, stored, windowBytes) {
  const take = upload.take.bind(upload);
  upload.take = () => {
    const action = take();
    if (action?.type !== "read") return action;
    upload.read(action.from, stored.slice(action.from, action.from + 2));
    return take();
  };
  const isDone = hub.step(upload, windowBytes);
  upload.take = take;
  return isDone;
}

test("an upload begins again at the first frame with a hub that lost what it had acknowledged", () => {
  const upload = new ClipUpload();
  const stored = [0, 1, 2, 3].map((index) => frame(index));
  let hub = new FakeHub();
  upload.connected();
  for (const one of stored) upload.add(one);
  upload.stored(4);
  for (let i = 0; i < 3; i++) step(hub, upload, stored);
  hub.acknowledge(upload);
  assert.equal(hub.disk.length, 2);
  upload.disconnected();
  upload.complete();
  upload.connected();
  hub = new FakeHub();
  while (!upload.isOver) if (!step(hub, upload, stored)) hub.acknowledge(upload);
  assert.deepEqual(hub.disk.map(({ timestamp }) => timestamp), [0, 1, 2, 3]);
});

test("an upload passes over what was read for a connection that broke", () => {
  const upload = ClipUpload.restored({ frames: 2, isComplete: true });
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 1, windowBytes: 100 });
  assert.deepEqual(upload.take(), { type: "read", from: 1 });
  assert.equal(upload.take(), null);
  upload.disconnected();
  upload.connected();
  upload.take();
  upload.opened({ stream: 2, next: 0, windowBytes: 100 });
  assert.deepEqual(upload.take(), { type: "read", from: 0 });
  upload.read(1, []);
  assert.equal(upload.phase, "streaming");
  upload.read(0, [frame(0), frame(1)]);
  assert.deepEqual([upload.take()?.sequence, upload.take()?.sequence, upload.take()?.frames], [0, 1, 2]);
});

test("an upload fails when the store has lost its frames", () => {
  const upload = ClipUpload.restored({ frames: 2, isComplete: true });
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 0, windowBytes: 100 });
  upload.take();
  upload.read(0, []);
  assert.deepEqual([upload.phase, upload.reason], ["failed", "this device's storage has lost it"]);
});

test("a clip that a reload interrupted ends with what the hub has, should that be more than was stored", () => {
  const upload = ClipUpload.restored({ frames: 2, isComplete: false });
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 5, windowBytes: 100 });
  assert.deepEqual(upload.take(), { type: "close", stream: 1, frames: 5 });
});

test("an upload fails rather than send a torn clip when the hub has more than there is", () => {
  const upload = ClipUpload.restored({ frames: 2, isComplete: true });
  upload.connected();
  upload.take();
  upload.opened({ stream: 1, next: 5, windowBytes: 100 });
  assert.equal(upload.phase, "failed");
  assert.equal(upload.take(), null);
});

test("an upload whose end the hub had, though its answer was lost, is opened again and closed", () => {
  const upload = new ClipUpload();
  const hub = new FakeHub();
  upload.connected();
  upload.add(frame(0));
  upload.complete();
  hub.step(upload);
  hub.step(upload);
  hub.acknowledge(upload);
  assert.equal(upload.take()?.type, "close");
  upload.disconnected();
  upload.connected();
  assert.equal(upload.take()?.type, "open");
  upload.opened({ stream: 2, next: 1, windowBytes: 100 });
  assert.deepEqual(upload.take(), { type: "close", stream: 2, frames: 1 });
});

test("attempts come later and later, up to a limit, and soon again after a change for the better", () => {
  const backoff = new Backoff({ base: 1000, max: 60_000, random: () => 1 });
  assert.deepEqual(Array.from({ length: 8 }, () => backoff.next()), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  backoff.reset();
  assert.equal(backoff.next(), 1000);
  assert.equal(new Backoff({ random: () => 0.25 }).next(), 250, "full jitter");
});

test("event ids sort by time and are version 7", () => {
  const id = uuidv7(0x0123456789ab, new Uint8Array(10).fill(0xff));
  assert.equal(id, "01234567-89ab-7fff-bfff-ffffffffffff");
  assert.ok(uuidv7(1000) < uuidv7(2000));
});
