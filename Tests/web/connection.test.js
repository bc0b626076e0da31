import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Connection, isFatal, REPLACED } from "../../Public/js/net/connection.js";

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static all = [];
  bufferedAmount = 0;
  sent = [];
  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    FakeSocket.all.push(this);
  }
  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }
  close() {
    this.isClosed = true;
  }
  get last() {
    return this.sent.at(-1);
  }
  receives(message) {
    this.onmessage({ data: typeof message === "string" || message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }
}

/** Timers that run when the test says so. */
class Clock {
  now = 0;
  timers = new Map();
  next = 1;
  setTimeout = (body, ms) => {
    this.timers.set(this.next, { at: this.now + ms, body });
    return this.next++;
  };
  clearTimeout = (id) => this.timers.delete(id);
  advance(ms) {
    this.now += ms;
    for (const [id, timer] of [...this.timers]) {
      if (timer.at > this.now) continue;
      this.timers.delete(id);
      timer.body();
    }
  }
}

let clock, connection, events;
const socket = () => FakeSocket.all.at(-1);
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  FakeSocket.all = [];
  clock = new Clock();
  connection = new Connection({
    url: "ws://hub/connection/websocket", getToken: () => "secret", kind: "sensor", deviceId: "d1", WebSocket: FakeSocket, random: () => 0.5,
    setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout,
  });
  events = [];
  for (const type of ["open", "state", "publication", "message", "frame", "reload", "fatal"]) {
    connection.addEventListener(type, ({ detail }) => events.push([type, detail]));
  }
});

const of = (type) => events.filter(([name]) => name === type).map(([, detail]) => detail);

async function open(subs = { "user:u": { epoch: "e", offset: 3 } }) {
  if (connection.state === "idle") connection.connect();
  socket().onopen();
  socket().receives({ id: socket().last.id, connect: { ping: 25, subs, data: { user_id: "u" } } });
  await settle();
}

test("it connects with token, kind and device", async () => {
  connection.connect();
  assert.equal(socket().protocol, "pingwatch.v1");
  socket().onopen();
  assert.deepEqual(socket().last.connect, { token: "secret", data: { kind: "sensor", version: "1", device_id: "d1" }, subs: {} });
  socket().receives({ id: 1, connect: { ping: 25, subs: {}, data: { user_id: "u" } } });
  await settle();
  assert.equal(connection.state, "open");
  const [{ rttMs, ...opened }] = of("open");
  assert.deepEqual(opened, { data: { user_id: "u" }, isAgain: false, recovered: {} });
  assert.ok(rttMs >= 0 && rttMs < 10_000, `${rttMs}`);
});

test("answers find their calls, whatever the order", async () => {
  await open();
  const first = connection.rpc("a", { x: 1 });
  const second = connection.rpc("b");
  const [one, two] = socket().sent.slice(-2);
  assert.deepEqual(one.rpc, { method: "a", data: { x: 1 } });
  socket().receives(`${JSON.stringify({ id: two.id, error: { code: 404, message: "no", temporary: false } })}\n${JSON.stringify({ id: one.id, rpc: { data: 7 } })}`);
  assert.equal(await first, 7);
  await assert.rejects(second, { code: 404, message: "no" });
});

test("a call without answer fails, and one without connection at once", async () => {
  await assert.rejects(connection.rpc("a"), { temporary: true });
  await open();
  const call = connection.rpc("a", {}, { timeoutMs: 100 });
  clock.advance(101);
  await assert.rejects(call, { temporary: true });
});

test("publications, messages and frames are handed on, pings answered", async () => {
  await open();
  socket().receives({ push: { channel: "user:u", pub: { data: { type: "x" }, offset: 4 } } });
  socket().receives({ push: { message: { data: { type: "clip.ack" } } } });
  socket().receives(new ArrayBuffer(30));
  socket().receives({});
  assert.deepEqual(of("publication"), [{ channel: "user:u", data: { type: "x" } }]);
  assert.deepEqual(of("message"), [{ data: { type: "clip.ack" } }]);
  assert.equal(of("frame")[0].frame.payload.length, 6);
  assert.deepEqual(socket().last, {});
});

test("after a break it asks for what it missed, and is told", async () => {
  await open();
  socket().receives({ push: { channel: "user:u", pub: { data: { type: "x" }, offset: 4 } } });
  const call = connection.rpc("a");
  socket().onclose({ code: 1006, reason: "" });
  await assert.rejects(call, { temporary: true });
  assert.equal(connection.state, "waiting");
  // Half of the first ceiling, by the random number.
  clock.advance(249);
  assert.equal(FakeSocket.all.length, 1);
  clock.advance(1);
  assert.equal(FakeSocket.all.length, 2);
  socket().onopen();
  assert.deepEqual(socket().last.connect.subs, { "user:u": { recover: true, epoch: "e", offset: 4 } });
  const missed = [{ data: { type: "y" }, offset: 5 }];
  socket().receives({ id: socket().last.id, connect: { ping: 25, subs: { "user:u": { epoch: "e", offset: 5, recovered: true, publications: missed } } } });
  await settle();
  assert.deepEqual(of("publication").at(-1), { channel: "user:u", data: { type: "y" } });
  assert.deepEqual(of("reload"), []);
  assert.equal(of("open").at(-1).isAgain, true);
  assert.deepEqual(of("open").at(-1).recovered, { "user:u": true });
});

test("what cannot be recovered must be loaded again", async () => {
  await open();
  socket().onclose({ code: 1001, reason: "" });
  clock.advance(1000);
  await open({ "user:u": { epoch: "other", offset: 0, recovered: false } });
  assert.equal(of("reload").length, 1);
});

test("it waits longer each time, up to half a minute", async () => {
  connection.connect();
  const delays = [];
  for (let i = 0; i < 9; i++) {
    const before = clock.now;
    socket().onclose({ code: 1006, reason: "" });
    const count = FakeSocket.all.length;
    while (FakeSocket.all.length === count) clock.advance(50);
    delays.push(clock.now - before);
  }
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
});

test("some closings are for good", async () => {
  for (const code of [1003, 1009, 3500, 3501, 3502, 4999]) assert.ok(isFatal(code), code);
  for (const code of [1000, 1001, 1006, 3000, 3008, 3012, 4000]) assert.ok(!isFatal(code), code);
  await open();
  socket().onclose({ code: 3500, reason: "expired" });
  assert.deepEqual(of("fatal"), [{ code: 3500, reason: "expired" }]);
  clock.advance(1e6);
  assert.equal(FakeSocket.all.length, 1);
  assert.equal(connection.state, "closed");
});

test("who was replaced by another page does not come back by itself, and does when it is asked", async () => {
  assert.ok(isFatal(REPLACED) && isFatal(3999) && isFatal(4500) && !isFatal(4499) && !isFatal(5000));
  await open();
  const call = connection.rpc("a");
  socket().onclose({ code: REPLACED, reason: "the device has connected again" });
  await assert.rejects(call, { temporary: true });
  assert.deepEqual(of("fatal"), [{ code: 4500, reason: "the device has connected again" }]);
  assert.equal(connection.state, "closed");
  clock.advance(1e6);
  assert.equal(FakeSocket.all.length, 1);
  connection.connect();
  assert.equal(FakeSocket.all.length, 2);
});

test("silence is a broken connection", async () => {
  await open();
  clock.advance(34_999);
  assert.equal(connection.state, "open");
  clock.advance(1);
  assert.equal(connection.state, "waiting");
  assert.ok(FakeSocket.all[0].isClosed);
});

test("a socket that was replaced is not listened to", async () => {
  await open();
  const old = socket();
  clock.advance(35_000);
  clock.advance(1000);
  assert.equal(FakeSocket.all.length, 2);
  old.receives({ push: { message: { data: { type: "late" } } } });
  old.onclose({ code: 3500, reason: "late" });
  assert.deepEqual(of("message"), []);
  assert.deepEqual(of("fatal"), []);
  assert.equal(connection.state, "connecting");
});

test("a hub that takes the socket and says nothing is left for another try", async () => {
  connection.connect();
  socket().onopen();
  clock.advance(10_000);
  await settle();
  assert.equal(connection.state, "waiting");
});

test("frames go over an open connection only", async () => {
  assert.equal(connection.sendFrame(new Uint8Array(24)), false);
  await open();
  assert.equal(connection.sendFrame(new Uint8Array(24)), true);
  assert.equal(socket().last.length, 24);
});

test("closed is closed", async () => {
  await open();
  connection.close();
  assert.equal(connection.state, "closed");
  assert.equal(clock.timers.size, 0);
});

test("an expired token ends the connection as an invalid one does, where there is no other to come again with", async () => {
  connection.connect();
  socket().onopen();
  socket().receives({ id: socket().last.id, error: { code: 109, message: "token expired" } });
  await settle();
  assert.deepEqual(of("fatal"), [{ code: 3500, reason: "token expired" }]);
  assert.equal(connection.state, "closed");
  assert.ok(socket().isClosed);
  clock.advance(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("a page that slept renews its token and comes again, on each kind of refusal", async () => {
  for (const isClosed of [false, true]) {
    const used = [];
    let token = "old";
    connection.options.getToken = () => token;
    connection.options.renewToken = async (refused) => {
      used.push(refused);
      return (token = "new");
    };
    connection.connect();
    socket().onopen();
    const before = FakeSocket.all.length;
    if (isClosed) socket().onclose({ code: 3500, reason: "the token is not valid" });
    else socket().receives({ id: socket().last.id, error: { code: 109, message: "token expired" } });
    await settle();
    assert.equal(FakeSocket.all.length, before + 1);
    socket().onopen();
    assert.equal(socket().last.connect.token, "new");
    assert.deepEqual(used, ["old"]);
    assert.deepEqual(of("fatal"), []);
    connection.close();
  }
});

test("a token that was just renewed and is refused again was meant to be", async () => {
  connection.options.renewToken = async () => "new";
  connection.connect();
  socket().onopen();
  socket().onclose({ code: 3500, reason: "revoked" });
  await settle();
  socket().onclose({ code: 3500, reason: "revoked" });
  assert.deepEqual(of("fatal"), [{ code: 3500, reason: "revoked" }]);
  assert.equal(FakeSocket.all.length, 2);
});

test("a connection that was open may be renewed anew each time", async () => {
  connection.options.renewToken = async () => "new";
  for (let times = 0; times < 3; times++) {
    await open();
    socket().onclose({ code: 3500, reason: "revoked" });
    await settle();
  }
  assert.deepEqual(of("fatal"), []);
  connection.close();
});

test("a session that is over ends the connection; a hub that cannot be asked does not", async () => {
  let answer = async () => { throw new Error("the hub is away"); };
  connection.options.renewToken = () => answer();
  connection.connect();
  socket().onclose({ code: 3500, reason: "revoked" });
  await settle();
  assert.equal(connection.state, "waiting");
  clock.advance(250);
  assert.equal(FakeSocket.all.length, 2);
  answer = async () => null;
  socket().onclose({ code: 3500, reason: "revoked" });
  await settle();
  assert.deepEqual(of("fatal"), [{ code: 3500, reason: "revoked" }]);
  assert.equal(connection.state, "closed");
  assert.equal(clock.timers.size, 0);
});

test("who leaves while a token is renewed has left", async () => {
  let renewed = (_) => {};
  connection.options.renewToken = () => new Promise((resolve) => { renewed = resolve; });
  connection.connect();
  socket().onclose({ code: 3500, reason: "revoked" });
  connection.close();
  renewed("new");
  await settle();
  assert.equal(FakeSocket.all.length, 1);
  assert.equal(connection.state, "closed");
});

test("any other refusal is tried again", async () => {
  connection.connect();
  socket().onopen();
  socket().receives({ id: socket().last.id, error: { code: 100, message: "later", temporary: true } });
  await settle();
  assert.equal(connection.state, "waiting");
  assert.deepEqual(of("fatal"), []);
});

test("a token that expires is renewed half-way, and again", async () => {
  let tokens = 0;
  connection.options.renewToken = async () => {
    if (++tokens === 2) throw new Error("the hub is away");
    return `token ${tokens}`;
  };
  connection.connect();
  socket().onopen();
  socket().receives({ id: socket().last.id, connect: { ping: 25, subs: {}, data: {}, expires: true, ttl: 40 } });
  await settle();
  clock.advance(19_000);
  assert.equal(tokens, 0);
  clock.advance(1000);
  await settle();
  assert.deepEqual(socket().last.refresh, { token: "token 1" });
  socket().receives({ id: socket().last.id, refresh: { client: "c", expires: true, ttl: 40 } });
  await settle();
  clock.advance(20_000);
  await settle();
  assert.equal(tokens, 2);
  // It failed: a quarter of the time later it is tried once more.
  socket().receives({ push: { message: { data: {} } } });
  clock.advance(10_000);
  await settle();
  assert.deepEqual(socket().last.refresh, { token: "token 3" });
  connection.close();
  assert.equal(clock.timers.size, 0);
});
