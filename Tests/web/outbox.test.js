import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MemoryClipStore } from "../../Public/js/lib/memory-clip-store.js";
import { decodeFrame, KIND } from "../../Public/js/net/frame.js";
import { MADE_ROOM, NOT_HERE } from "../../Public/js/sensor/gone-clips.js";
import { Outbox } from "../../Public/js/sensor/outbox.js";

/** A hub at the other end of the connection, which answers at once. */
class FakeHub {
  state = "open";
  /** @type {Map<string, {frames: number[], stills: number, isDurable: boolean}>} */
  events = new Map();
  opened = [];
  closed = [];
  aborted = [];
  gone = [];
  #streams = new Map();
  /** What calls are refused with. */
  error = null;
  /** Whether it looks at stills first; an older one does not know of it. */
  looksFirst = false;

  async rpc(method, data) {
    if (this.error) throw this.error;
    if (method === "clip.gone") return { event: this.gone[this.gone.push(data) - 1] };
    if (method === "clip.open") {
      const event = this.events.get(data.event_id) ?? { frames: [], stills: 0, shown: [], state: data.preview && this.looksFirst ? "preview" : null, isDurable: false };
      if (data.preview && event.state === "on_device") throw { code: 409, message: "event_id: this clip is not wanted; it stays on the phone until it is asked for" };
      if (!data.preview) event.state = null;
      if (event.isDurable) throw { code: 409, message: "event_id: this event is queued already" };
      this.events.set(data.event_id, event);
      this.opened.push(data);
      this.#streams.set(this.opened.length, event);
      return { stream: this.opened.length, next: event.frames.length, window_bytes: 50, event: { clip_state: event.state } };
    }
    const event = this.#streams.get(data.stream);
    if (method === "clip.abort") {
      this.aborted.push(data);
    } else {
      assert.equal(data.frames, event.frames.length);
      event.isDurable = true;
      this.closed.push(data);
    }
    return {};
  }

  sendFrame(bytes) {
    const frame = decodeFrame(bytes.buffer);
    const event = this.#streams.get(frame.stream);
    if (frame.kind === KIND.still) {
      event.stills++;
      event.shown?.push([frame.sequence, frame.flags]);
    } else {
      assert.equal(frame.sequence, event.frames.length, "no gap, nothing twice");
      event.frames.push(frame.timestamp);
      queueMicrotask(() => this.outbox.message({ type: "clip.ack", stream: frame.stream, next: frame.sequence + 1 }));
    }
    return true;
  }

  /** What it says to the stills of the clip that was opened last. */
  decide(wanted, reason) {
    const stream = this.opened.length, event = this.#streams.get(stream);
    event.state = wanted ? null : "on_device";
    if (!wanted) this.#streams.delete(stream);
    this.outbox.message({ type: "clip.verdict", stream, event_id: this.ids.at(-1), wanted, reason });
  }

  get ids() {
    return this.opened.map(({ event_id }) => event_id);
  }
}

let hub, store, timers, claims, now;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const fire = async () => {
  for (const body of timers.splice(0)) body.run?.();
  await settle();
};

beforeEach(() => {
  hub = new FakeHub();
  store = new MemoryClipStore();
  store.isDurable = true;
  timers = [];
  claims = [];
  now = 5_000_000;
});

/** A page: what it keeps in memory goes with it. */
function page(name, { deviceId = "d1", claim = async (page) => { claims.push(page); } } = {}) {
  const outbox = new Outbox({
    connection: hub, store, deviceId, page: name, claim, random: () => 1, now: () => now,
    setTimeout: (body, ms) => timers[timers.push({ run: body, ms }) - 1],
    clearTimeout: (timer) => { if (timer) timer.run = null; },
  });
  hub.outbox = outbox;
  return outbox;
}

const frame = (index, bytes = 10) => ({ flags: 0, track: 0, timestamp: index * 100_000, duration: 100_000, payload: new Uint8Array(bytes) });

function begin(outbox, id, at = 1000, frames = [frame(0), frame(1)]) {
  const opening = { id, sessionId: "s1", trigger: "motion", at, score: 0.1, preRollMs: 100, tracks: [{ track: 0, kind: "video" }], firstTimestamp: 0 };
  return outbox.begin(opening, frames, [Promise.resolve(new Uint8Array(3))]);
}

function record(outbox, id, at, frames) {
  const clip = begin(outbox, id, at, frames);
  outbox.complete(clip);
  return clip;
}

function goAway(outbox) {
  hub.state = "waiting";
  outbox.disconnected();
}

async function comeBack(outbox) {
  hub.state = "open";
  outbox.connected();
  await settle();
}

/** What the store would lose with the device. */
const notUploaded = async () => (await store.records()).filter(({ uploadedAt }) => !uploadedAt);

test("a clip is sent while it is recorded, and stays on the device when the hub has it", async () => {
  const outbox = page("p1");
  const clip = begin(outbox, "e1");
  await settle();
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000]);
  assert.equal((await store.records()).length, 1);
  assert.equal(outbox.waiting.count, 0, "it is on its way");
  outbox.add(clip, frame(2));
  outbox.complete(clip);
  await settle();
  assert.equal(clip.upload.phase, "durable");
  assert.deepEqual(hub.closed, [{ stream: 1, frames: 3, duration_ms: 300 }]);
  assert.deepEqual(await notUploaded(), []);
  assert.equal((await store.records())[0].uploadedAt, 5_000_000);
  assert.deepEqual((await outbox.frames(clip)).map(({ timestamp }) => timestamp), [0, 100_000, 200_000], "to the last frame");
  assert.equal((await outbox.still(clip)).length, 3);
  assert.equal(clip.upload.heldBytes, 0);
  assert.equal(hub.events.get("e1").stills, 1);
});

test("frames are stored in batches", async () => {
  const outbox = page("p1");
  goAway(outbox);
  let writes = 0;
  const append = store.append.bind(store);
  store.append = (...args) => { writes++; return append(...args); };
  const clip = begin(outbox, "e1");
  await settle();
  for (let i = 2; i < 17; i++) outbox.add(clip, frame(i));
  await settle();
  assert.equal(writes, 1);
  await fire();
  assert.equal(writes, 2);
  assert.equal(clip.upload.heldBytes, 0, "what is stored and not sent takes no memory");
  assert.deepEqual([outbox.waiting.count, outbox.waiting.bytes], [1, 170]);
});

test("after a reload clips are sent oldest first, under their own session", async () => {
  const before = page("p1");
  goAway(before);
  record(before, "e2", 2000);
  record(before, "e1", 1000);
  await settle();
  const outbox = page("p2");
  await outbox.restore();
  await settle();
  assert.deepEqual(claims, ["p1"]);
  assert.deepEqual([outbox.waiting.count, outbox.waiting.bytes], [2, 40]);
  await comeBack(outbox);
  assert.deepEqual(hub.ids, ["e1", "e2"]);
  assert.deepEqual(hub.opened[0], {
    event_id: "e1", session_id: "s1", trigger: { type: "motion", at: 1000, score: 0.1 }, tracks: [{ track: 0, kind: "video" }], pre_roll_ms: 100,
  });
  assert.equal(hub.events.get("e1").stills, 1);
  assert.ok([...hub.events.values()].every(({ isDurable }) => isDurable));
  assert.equal(outbox.pending.length, 0);
  assert.deepEqual(await notUploaded(), []);
});

test("a clip whose recording a reload interrupted ends with its last stored frame", async () => {
  const before = page("p1");
  goAway(before);
  const clip = begin(before, "e1");
  await settle();
  before.add(clip, frame(2));
  await fire();
  before.add(clip, frame(3));
  await settle();
  const outbox = page("p2");
  await outbox.restore();
  await comeBack(outbox);
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000, 200_000]);
  assert.deepEqual(hub.closed, [{ stream: 1, frames: 3, duration_ms: 300 }]);
});

test("of an interrupted clip the hub keeps what it has, should that be more than was stored", async () => {
  const before = page("p1");
  const clip = begin(before, "e1");
  await settle();
  before.add(clip, frame(2));
  await settle();
  const outbox = page("p2");
  await outbox.restore();
  await settle();
  await comeBack(outbox);
  assert.deepEqual(hub.closed, [{ stream: 2, frames: 3 }]);
});

test("what is going to be stored soon is stored at once when the page is about to go", async () => {
  const outbox = page("p1");
  goAway(outbox);
  const clip = begin(outbox, "e1");
  await settle();
  outbox.add(clip, frame(2));
  outbox.save();
  await settle();
  assert.equal((await store.records())[0].frames, 3);
});

test("clips of another device, and of a page that is still open, are left alone", async () => {
  const before = page("p1");
  goAway(before);
  record(before, "e1");
  const other = page("p2", { deviceId: "d2" });
  record(other, "e2");
  await settle();
  const outbox = page("p3", { claim: () => new Promise(() => {}) });
  await outbox.restore();
  await comeBack(outbox);
  assert.deepEqual(outbox.clips, []);
  assert.equal((await store.records()).length, 2);
  const back = page("p4", { deviceId: "d2" });
  await back.restore();
  await settle();
  assert.deepEqual(hub.ids, ["e2"]);
});

test("the clip that is recorded goes first; at most two go beside it", async () => {
  const outbox = page("p1");
  goAway(outbox);
  for (const [id, at] of [["e1", 1000], ["e2", 2000], ["e3", 3000]]) record(outbox, id, at);
  await settle();
  hub.state = "open";
  const calls = [];
  hub.rpc = (method, data) => { calls.push(data.event_id); return new Promise(() => {}); };
  begin(outbox, "e4", 4000);
  assert.deepEqual(calls, ["e4"]);
  outbox.connected();
  assert.deepEqual(calls, ["e4", "e1", "e2"]);
});

for (const error of [{ code: 507, message: "the hub's disk is full" }, { code: 108, message: "not available" }, { code: 100, message: "internal", temporary: true }]) {
  test(`a refusal that passes (${error.code}) is tried again later and later`, async () => {
    const outbox = page("p1");
    hub.error = error;
    const clip = record(outbox, "e1");
    await settle();
    const retry = () => timers.filter(({ run }) => run).map(({ ms }) => ms);
    assert.deepEqual(retry(), [1000]);
    assert.ok(outbox.waiting.retryAt > performance.now());
    assert.equal(clip.problem, error.message);
    await fire();
    await fire();
    assert.deepEqual(retry(), [4000]);
    outbox.retryNow();
    await settle();
    assert.deepEqual(retry(), [1000], "soon again after a change for the better");
    hub.error = null;
    await fire();
    assert.equal(clip.upload.phase, "durable");
    assert.deepEqual(await notUploaded(), []);
  });
}

test("a full disk in the middle of a clip is waited for as well", async () => {
  const outbox = page("p1");
  const clip = begin(outbox, "e1");
  await settle();
  outbox.message({ type: "clip.error", stream: 1, code: "storage_full", message: "the hub's disk is full", temporary: true });
  assert.equal(clip.upload.phase, "waiting");
  assert.equal(clip.problem, "the hub's disk is full");
});

test("a refusal for good is kept with its reason, also over a reload, and can be tried again by hand", async () => {
  const outbox = page("p1");
  hub.error = { code: 107, message: "tracks: a video track is expected" };
  const refused = begin(outbox, "e1");
  await settle();
  assert.equal(refused.upload.phase, "failed");
  outbox.add(refused, frame(2));
  outbox.complete(refused);
  await settle();
  const next = page("p2");
  await next.restore();
  await settle();
  assert.deepEqual(next.clips.map(({ upload }) => [upload.phase, upload.reason]), [["failed", hub.error.message]]);
  assert.equal(next.pending.length, 0);
  hub.error = null;
  next.retry(next.clips[0]);
  await comeBack(next);
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000, 200_000], "it was recorded to its end");
  assert.equal(next.clips[0].upload.phase, "durable");
  assert.equal((await store.records())[0].failure, null);
});

test("when a plan's uploads of the hour are used up, nothing is asked before its time", async () => {
  const outbox = page("p1");
  hub.error = { code: 429, message: "12 uploads an hour are used up", temporary: true, retryAt: now + 600_000 };
  record(outbox, "e1");
  await settle();
  assert.equal(outbox.heldUntil, now + 600_000);
  hub.error = null;
  record(outbox, "e2", 2000);
  await settle();
  assert.deepEqual(hub.ids, []);
  assert.deepEqual(timers.filter(({ run }) => run).map(({ ms }) => ms), [601_000]);
  now += 601_000;
  await fire();
  assert.deepEqual(hub.ids, ["e1", "e2"]);
  assert.deepEqual(await notUploaded(), []);
});

test("what a page before this one uploaded stays to be seen", async () => {
  record(page("p1"), "e1");
  await settle();
  const next = page("p2");
  await next.restore();
  await settle();
  assert.deepEqual(next.clips.map(({ upload }) => upload.phase), ["durable"]);
  assert.deepEqual([next.pending.length, hub.ids.length], [0, 1]);
  assert.equal((await next.frames(next.clips[0])).length, 2);
});

test("an event that the hub has already is durable", async () => {
  const outbox = page("p1");
  hub.events.set("e1", { frames: [0], stills: 0, isDurable: true });
  const clip = record(outbox, "e1");
  await settle();
  assert.equal(clip.upload.phase, "durable");
  assert.deepEqual(await notUploaded(), []);
});

test("a hub that lost what it had acknowledged gets it again", async () => {
  const outbox = page("p1");
  const clip = begin(outbox, "e1");
  await settle();
  await fire();
  goAway(outbox);
  hub.events.clear();
  outbox.complete(clip);
  await comeBack(outbox);
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000]);
  assert.equal(clip.upload.phase, "durable");
});

test("a store that cannot be read for a while costs no clip", async () => {
  const before = page("p1");
  goAway(before);
  record(before, "e1");
  await settle();
  const outbox = page("p2");
  await outbox.restore();
  await settle();
  const { read } = store;
  store.read = async () => { throw new Error("busy"); };
  await comeBack(outbox);
  assert.equal(outbox.clips[0].upload.phase, "streaming");
  store.read = read;
  await fire();
  assert.equal(outbox.clips[0].upload.phase, "durable");
});

test("a store that is full gives up the oldest complete clip, as the last resort", async () => {
  store.maximumBytes = 100;
  const outbox = page("p1");
  goAway(outbox);
  const oldest = record(outbox, "e1", 1000, [frame(0, 40)]);
  const second = record(outbox, "e2", 2000, [frame(0, 40)]);
  await settle();
  assert.equal(outbox.pending.length, 2);
  const recorded = begin(outbox, "e3", 3000, [frame(0, 40)]);
  await settle();
  assert.deepEqual([oldest, second, recorded].map(({ upload }) => upload.reason), ["this device's storage was full", null, null]);
  assert.deepEqual([outbox.isDurable, recorded.upload.heldBytes], [false, 40], "in memory until the store takes it");
  await fire();
  assert.equal(outbox.isDurable, true);
  assert.equal((await store.records()).find(({ id }) => id === "e3").frames, 1);
  assert.equal(recorded.upload.heldBytes, 0);
});

test("a store that is nearly full makes room before the next clip", async () => {
  const outbox = page("p1");
  goAway(outbox);
  const oldest = record(outbox, "e1", 1000);
  record(outbox, "e2", 2000);
  await settle();
  store.room = async () => ({ usage: 96, quota: 100 });
  begin(outbox, "e3", 3000);
  await settle();
  assert.equal(oldest.upload.phase, "failed");
  assert.equal(outbox.pending.length, 2, "one at a time: a browser takes a while to see the room");
  assert.deepEqual([outbox.keeper.isShort, outbox.keeper.lostCount], [true, 1], "which is said");
});

test("what the hub has goes before anything that it does not have", async () => {
  store.maximumBytes = 115;
  const outbox = page("p1");
  const uploaded = record(outbox, "e1", 1000, [frame(0, 12)]);
  await settle();
  goAway(outbox);
  const pending = record(outbox, "e2", 2000, [frame(0, 40)]);
  const second = record(outbox, "e3", 3000, [frame(0, 40)]);
  const third = record(outbox, "e4", 4000, [frame(0, 40)]);
  await settle();
  assert.deepEqual([uploaded.isGone, uploaded.upload.phase, uploaded.record.frames], [true, "durable", 0]);
  assert.deepEqual([pending, second, third].map(({ upload }) => upload.reason), [null, null, null]);
  assert.deepEqual([outbox.keeper.isShort, outbox.isDurable], [false, false]);
  await fire();
  assert.deepEqual([pending, second, third].map(({ upload }) => upload.phase), ["failed", "waiting", "waiting"], "there was nothing else");
  assert.deepEqual([outbox.keeper.isShort, outbox.keeper.lostCount], [true, 1]);
});

test("a store that refuses costs no clip: it is held in memory, which is said, and stored when it can be", async () => {
  const outbox = page("p1");
  goAway(outbox);
  const { append } = store;
  store.append = async () => { throw new Error("broken"); };
  const clip = record(outbox, "e1");
  await settle();
  assert.deepEqual([outbox.isDurable, outbox.isAtRisk, clip.upload.heldBytes], [false, true, 20]);
  store.append = append;
  await fire();
  assert.deepEqual([outbox.isDurable, outbox.isAtRisk, clip.upload.heldBytes], [true, false, 0]);
  await comeBack(outbox);
  assert.equal(clip.upload.phase, "durable");
});

test("without a durable store a reload would lose what is pending, and nothing else", async () => {
  store.isDurable = false;
  const outbox = page("p1");
  assert.equal(outbox.isAtRisk, false);
  goAway(outbox);
  record(outbox, "e1");
  assert.equal(outbox.isAtRisk, true);
  await comeBack(outbox);
  await settle();
  assert.equal(outbox.isAtRisk, false);
});

// MARK: Preview first

const THREE = [[0, 0], [1, 0], [2, 4]];

/** A clip of which the hub is shown stills first. */
function preview(outbox, id, at = 1000, stills = [1, 2, 3].map((byte) => Promise.resolve(new Uint8Array([byte])))) {
  const opening = { id, sessionId: "s1", trigger: "motion", at, score: 0.1, preRollMs: 100, tracks: [{ track: 0, kind: "video" }], firstTimestamp: 0, asksFirst: true };
  return outbox.begin(opening, [frame(0), frame(1)], stills);
}

/** One that the hub did not want. */
async function unwanted(outbox, id, at) {
  hub.looksFirst = true;
  const clip = preview(outbox, id, at);
  await settle();
  hub.decide(false, "no_change");
  outbox.complete(clip);
  await settle();
  return clip;
}

test("preview first: stills go first, and the frames once the hub wants them", async () => {
  hub.looksFirst = true;
  const outbox = page("p1");
  const clip = preview(outbox, "e1");
  await settle();
  assert.equal(hub.opened[0].preview, true);
  assert.deepEqual(hub.events.get("e1").shown, THREE);
  outbox.add(clip, frame(2));
  outbox.complete(clip);
  await settle();
  assert.deepEqual([clip.upload.phase, hub.events.get("e1").frames, hub.closed], ["previewing", [], []]);
  hub.decide(true, "movement");
  await settle();
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000, 200_000]);
  assert.deepEqual([clip.upload.phase, hub.ids, hub.events.get("e1").stills], ["durable", ["e1"], 3]);
});

test("preview first: a still goes as soon as it is taken", async () => {
  hub.looksFirst = true;
  const outbox = page("p1");
  let take;
  preview(outbox, "e1", 1000, [Promise.resolve(new Uint8Array(1)), new Promise((resolve) => { take = resolve; }), Promise.resolve(null)]);
  await settle();
  assert.deepEqual(hub.events.get("e1").shown, [[0, 0]]);
  assert.equal((await store.records())[0].frames, 2, "the store waits for none");
  take(new Uint8Array(2));
  await settle();
  assert.deepEqual(hub.events.get("e1").shown, [[0, 0], [1, 0]]);
});

test("preview first: what the hub does not want stays here, to its end, until somebody asks for it", async () => {
  hub.looksFirst = true;
  const outbox = page("p1");
  const clip = preview(outbox, "e1");
  await settle();
  hub.decide(false, "no_change");
  assert.deepEqual([clip.upload.phase, outbox.pending.length, outbox.isAtRisk], ["kept", 0, false]);
  outbox.add(clip, frame(2));
  outbox.complete(clip);
  await settle();
  assert.deepEqual([hub.events.get("e1").frames, hub.aborted, clip.record.unwanted], [[], [], "no_change"]);
  goAway(outbox);
  await comeBack(outbox);
  assert.deepEqual(hub.ids, ["e1"], "it is not offered again");
  outbox.message({ type: "clip.request", event_id: "e1" });
  await settle();
  assert.equal(hub.opened[1].preview, undefined);
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000, 200_000]);
  assert.deepEqual([clip.upload.phase, (await store.records())[0].unwanted], ["durable", null]);
});

test("preview first: it is known after a reload, and comes when it is asked for, also before it is taken up", async () => {
  await unwanted(page("p1"), "e1");
  let gone;
  const next = page("p2", { claim: () => new Promise((resolve) => { gone = resolve; }) });
  await next.restore();
  next.message({ type: "clip.request", event_id: "e1" });
  assert.deepEqual(hub.ids, ["e1"]);
  gone();
  await settle();
  await settle();
  assert.deepEqual([next.clips[0].upload.phase, hub.events.get("e1").frames], ["durable", [0, 100_000]]);
  const last = page("p3");
  await unwanted(last, "e2", 2000);
  const after = page("p4");
  await after.restore();
  await settle();
  assert.deepEqual(after.clips.map(({ record, upload }) => [record.id, upload.phase]), [["e2", "kept"], ["e1", "durable"]]);
  after.message({ type: "clip.request", event_id: "e2" });
  await settle();
  assert.equal(after.clips[0].upload.phase, "durable");
});

test("preview first: a verdict that was not heard is asked for again, with the same stills, also by the next page", async () => {
  hub.looksFirst = true;
  const outbox = page("p1");
  const clip = preview(outbox, "e1");
  await settle();
  goAway(outbox);
  outbox.complete(clip);
  await settle();
  const next = page("p2");
  await next.restore();
  await settle();
  await comeBack(next);
  assert.deepEqual([hub.opened[1].preview, hub.events.get("e1").shown, hub.events.get("e1").frames], [true, [...THREE, ...THREE], []]);
  hub.events.get("e1").state = "on_device";
  goAway(next);
  await comeBack(next);
  assert.deepEqual([next.clips[0].upload.phase, next.clips[0].record.unwanted], ["kept", ""], "the hub said no to it");
});

test("preview first: a hub that had said yes before, or knows of no preview, gets the frames at once", async () => {
  const outbox = page("p1");
  const clip = preview(outbox, "e1");
  await settle();
  assert.deepEqual(hub.events.get("e1").shown, [[0, 0]]);
  assert.deepEqual(hub.events.get("e1").frames, [0, 100_000]);
  outbox.complete(clip);
  await settle();
  assert.equal(clip.upload.phase, "durable");
});

for (const isDecided of [false, true]) {
  test(`preview first: Record is pressed ${isDecided ? "after" : "before"} the hub did not want it: it gets it`, async () => {
    hub.looksFirst = true;
    const outbox = page("p1");
    const clip = preview(outbox, "e1");
    await settle();
    if (isDecided) hub.decide(false, "no_change");
    outbox.want(clip);
    await settle();
    outbox.complete(clip);
    await settle();
    assert.deepEqual([clip.upload.phase, hub.events.get("e1").frames], ["durable", [0, 100_000]]);
  });
}

test("preview first: a hub that said no just before Record was pressed is told again", async () => {
  hub.looksFirst = true;
  const outbox = page("p1");
  const clip = preview(outbox, "e1");
  await settle();
  const { sendFrame } = hub;
  hub.sendFrame = () => true;
  outbox.want(clip);
  hub.sendFrame = sendFrame;
  hub.decide(false, "no_change");
  outbox.message({ type: "clip.error", stream: 1, code: "unknown_stream", message: "stream: no clip is open with this id" });
  await settle();
  outbox.complete(clip);
  await settle();
  assert.deepEqual([clip.upload.phase, hub.events.get("e1").frames], ["durable", [0, 100_000]]);
});

test("preview first: that a clip had to make room is told, at once or when the hub is back, also by the next page, and then forgotten", async () => {
  const outbox = page("p1");
  await unwanted(outbox, "e1", 1000);
  store.room = async () => ({ usage: 96, quota: 100 });
  begin(outbox, "e2", 2000);
  await settle();
  assert.deepEqual(outbox.clips.map(({ upload, isGone }) => [upload.phase, isGone]), [["streaming", false], ["kept", true]]);
  assert.deepEqual(hub.gone, [{ event_id: "e1", reason: MADE_ROOM }]);
  assert.deepEqual((await store.records()).map(({ id }) => id), ["e2"]);
  await fire();
  store.room = async () => ({ usage: 0, quota: 1e9 });
  for (const [id, at] of [["e3", 3000], ["e4", 4000]]) await unwanted(outbox, id, at);
  goAway(outbox);
  store.room = async () => ({ usage: 96, quota: 100 });
  begin(outbox, "e5", 5000);
  await settle();
  for (let again = 0; again < 3; again++) await fire();
  assert.deepEqual([hub.gone.length, outbox.clips.filter(({ isGone }) => isGone).length], [1, 3]);
  const next = page("p2");
  await next.restore();
  await settle();
  await comeBack(next);
  assert.deepEqual(hub.gone.slice(1).map(({ event_id }) => event_id).sort(), ["e3", "e4"]);
  assert.ok(hub.gone.every(({ reason }) => reason === MADE_ROOM) && (await store.records()).every(({ frames }) => frames > 0));
});

test("preview first: who asks for a clip that the storage has lost, or that is not known, is told so, and nothing is opened", async () => {
  const outbox = page("p1");
  const clip = await unwanted(outbox, "e1");
  let missed = 0;
  outbox.addEventListener("missed", () => missed++);
  await store.delete("e1");
  outbox.message({ type: "clip.request", event_id: "e1" });
  outbox.message({ type: "clip.request", event_id: "e0" });
  await settle();
  assert.deepEqual(hub.gone.sort((a, b) => a.event_id.localeCompare(b.event_id)), ["e0", "e1"].map((event_id) => ({ event_id, reason: NOT_HERE })));
  assert.deepEqual([hub.ids, hub.aborted, missed], [["e1"], [], 2]);
  assert.deepEqual([clip.upload.phase, clip.isGone, (await store.records()).length], ["kept", true, 0]);
});

test("preview first: that a clip is gone is told again after a break, and only once where the hub has refused it", async () => {
  const outbox = page("p1");
  await unwanted(outbox, "e1");
  await store.delete("e1");
  hub.error = { code: 108, temporary: true };
  outbox.message({ type: "clip.request", event_id: "e1" });
  await settle();
  hub.error = null;
  goAway(outbox);
  await comeBack(outbox);
  assert.deepEqual(hub.gone.map(({ event_id }) => event_id), ["e1"]);
  hub.error = { code: 404, message: "there is no such event" };
  outbox.message({ type: "clip.request", event_id: "e9" });
  await settle();
  hub.error = null;
  goAway(outbox);
  await comeBack(outbox);
  assert.equal(hub.gone.length, 1);
});

test("preview first: a storage that cannot be read just now has not lost the clip", async () => {
  const outbox = page("p1");
  await unwanted(outbox, "e1");
  const { read } = store;
  store.read = async () => { throw new Error("busy"); };
  outbox.message({ type: "clip.request", event_id: "e1" });
  await settle();
  store.read = read;
  await fire();
  assert.deepEqual([hub.gone, outbox.clips[0].upload.phase], [[], "durable"]);
});

test("preview first: a clip that somebody has asked for meanwhile does not make room", async () => {
  const outbox = page("p1");
  await unwanted(outbox, "e0", 500);
  await unwanted(outbox, "e1", 1000);
  const stale = await store.records();
  hub.error = { code: 108, temporary: true };
  outbox.message({ type: "clip.request", event_id: "e1" });
  await settle();
  store.room = async () => ({ usage: 96, quota: 100 });
  const { records } = store;
  store.records = async () => stale;
  begin(outbox, "e2", 2000);
  await settle();
  store.records = records;
  assert.deepEqual(outbox.clips.map(({ record, isGone, upload }) => [record.id, isGone, upload.phase]), [
    ["e2", false, "waiting"], ["e1", false, "waiting"], ["e0", true, "kept"],
  ]);
});

test("preview first: a clip that is kept is found behind any number of others", async () => {
  const outbox = page("p1");
  await unwanted(outbox, "e0", 1000);
  for (let number = 1; number <= 125; number++) record(outbox, `e${number}`, 1000 + number);
  for (let turn = 0; turn < 5; turn++) await settle();
  outbox.message({ type: "clip.request", event_id: "e0" });
  for (let turn = 0; turn < 5; turn++) await settle();
  assert.deepEqual([hub.events.get("e0").isDurable, hub.gone.filter(({ event_id }) => event_id === "e0")], [true, []]);
});

test("after 429 nothing new is asked before its time, also after a break or when somebody is impatient", async () => {
  const outbox = page("p1");
  outbox.uploadsPerHour = 12;
  const begun = begin(outbox, "e0", 500);
  await settle();
  hub.error = { code: 429, message: "uploads_per_hour: used up", temporary: true, retryAt: now + 600_000 };
  record(outbox, "e1");
  await settle();
  hub.error = null;
  outbox.retryNow();
  goAway(outbox);
  await comeBack(outbox);
  assert.deepEqual([hub.ids, outbox.heldUntil], [["e0", "e0"], now + 600_000], "what was begun goes on");
  outbox.complete(begun);
  await settle();
  now += 601_000;
  await fire();
  assert.deepEqual(hub.ids, ["e0", "e0", "e1"]);
  assert.deepEqual(await notUploaded(), []);
});

test("a hub that has no limit any more is not waited for", async () => {
  const outbox = page("p1");
  outbox.uploadsPerHour = 12;
  hub.error = { code: 429, message: "uploads_per_hour: used up", temporary: true, retryAt: now + 600_000 };
  record(outbox, "e1");
  await settle();
  hub.error = null;
  goAway(outbox);
  outbox.uploadsPerHour = null;
  await comeBack(outbox);
  assert.deepEqual([hub.ids, outbox.heldUntil], [["e1"], null]);
});

test("a clip that was given up before a reload is sent when somebody presses Retry, while connected", async () => {
  const outbox = page("p1");
  hub.error = { code: 107, message: "tracks: a video track is expected" };
  record(outbox, "e1");
  await settle();
  hub.error = null;
  const next = page("p2");
  await next.restore();
  await settle();
  next.retry(next.clips[0]);
  await settle();
  assert.equal(next.clips[0].upload.phase, "durable");
});
