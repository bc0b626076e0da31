import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyTimeline, eventLoaded, loaded, olderLoaded, published, targetsLoaded } from "../../Public/js/state/timeline.js";
import { dayName, deliveryWords, duration, eventProblem, eventTitle, size } from "../../Public/js/state/words.js";

const event = (id, at, more = {}) => ({ event_id: id, triggered_at: `2026-11-21T10:00:0${at}.000Z`, updated_at: `2026-11-21T10:00:0${at}.000Z`, status: "recording", trigger_type: "motion", ...more });
const ids = (state) => state.events.map(({ event_id }) => event_id);

test("a trigger appears at its place, newest first", () => {
  let state = loaded(emptyTimeline, { devices: [], events: [event("b", 2)], nextCursor: "c" });
  state = published(state, { type: "event.triggered", event: event("c", 3) });
  state = published(state, { type: "event.triggered", event: event("a", 1) });
  assert.deepEqual(ids(state), ["c", "b", "a"]);
  state = olderLoaded(state, { events: [event("0", 0), event("a", 1)], nextCursor: null });
  assert.deepEqual(ids(state), ["c", "b", "a", "0"]);
  assert.equal(state.nextCursor, null);
});

test("an update changes its event and nothing older does", () => {
  let state = published(emptyTimeline, { type: "event.triggered", event: event("a", 1, { device_label: "Hall" }) });
  state = published(state, { type: "event.updated", event: event("a", 1, { updated_at: "2026-11-21T10:00:09.000Z", status: "done" }) });
  assert.equal(state.events[0].status, "done");
  assert.equal(state.events[0].device_label, "Hall");
  state = published(state, { type: "event.updated", event: event("a", 1, { updated_at: "2026-11-21T10:00:05.000Z", status: "processing" }) });
  assert.equal(state.events[0].status, "done");
});

test("cameras come, go online, and watch", () => {
  let state = published(emptyTimeline, { type: "device.updated", device: { device_id: "d", label: "Hall", online: false } });
  state = published(state, { type: "device.updated", device: { device_id: "d", label: "Door" } });
  state = published(state, { type: "device.presence", device_id: "d", online: true, watching: false });
  state = published(state, { type: "session.started", session: { device_id: "d" } });
  assert.deepEqual(state.devices, [{ device_id: "d", label: "Door", online: true, watching: true }]);
  state = published(state, { type: "session.stopped", session: { device_id: "d" } });
  assert.equal(state.devices[0].watching, false);
});

test("alerts gather at their event, each once", () => {
  const delivery = (id, state) => ({ type: "delivery.updated", delivery: { event_id: "a", delivery_id: id, state } });
  let state = emptyTimeline;
  for (const step of [delivery("1", "pending"), delivery("2", "pending"), delivery("1", "sent")]) state = published(state, step);
  assert.deepEqual(state.deliveries.a.map(({ delivery_id, state }) => [delivery_id, state]), [["1", "sent"], ["2", "pending"]]);
});

test("a removed event goes with its alerts and steps, a removed camera with its events and targets", () => {
  const of = (device) => ({ device_id: device });
  let state = loaded(emptyTimeline, {
    devices: [{ device_id: "hall" }, { device_id: "door" }], events: [event("c", 3, of("door")), event("b", 2, of("hall")), event("a", 1, of("hall"))], nextCursor: "x",
  });
  for (const { event_id } of state.events) state = eventLoaded(state, { event: { event_id }, deliveries: [{ delivery_id: `to-${event_id}` }], steps: [1] });
  for (const device of ["hall", "door"]) state = targetsLoaded(state, device, [{ target: "42" }]);
  state = published(state, { type: "event.removed", event_id: "b", device_id: "hall" });
  assert.deepEqual(ids(state), ["c", "a"]);
  assert.deepEqual([Object.keys(state.deliveries), Object.keys(state.steps)], [["c", "a"], ["c", "a"]]);
  state = published(state, { type: "device.removed", device_id: "hall" });
  assert.deepEqual([ids(state), state.devices, Object.keys(state.deliveries), Object.keys(state.targets)], [["c"], [{ device_id: "door" }], ["c"], ["door"]]);
  assert.equal(state.nextCursor, "x");
});

test("what is not known changes nothing", () => {
  assert.equal(published(emptyTimeline, { type: "live.started" }), emptyTimeline);
});

test("words", () => {
  assert.equal(eventTitle({ trigger_type: "motion", status: "recording" }), "Motion · recording");
  assert.equal(eventTitle({ trigger_type: "manual", status: "done" }), "By hand");
  assert.equal(eventTitle({ trigger_type: "glass_break", status: "queued" }), "Glass break · waiting");
  assert.equal(eventProblem({ status: "failed", failure: { reason: "no video" } }), "no video");
  assert.equal(eventProblem({ status: "dropped", dropped_reason: "stopped" }), "stopped");
  assert.equal(eventProblem({ status: "done" }), null);
  assert.equal(duration(12.4), "12 s");
  assert.equal(duration(95), "1 min 35 s");
  assert.equal(duration(null), "");
  assert.equal(size(1_234_567), "1.2 MB");
  assert.equal(size(10), "1 kB");
  assert.equal(deliveryWords({ channel: "telegram", state: "failed", reason: "blocked" }).text, "Telegram failed");
  const now = new Date(2026, 10, 21, 12);
  assert.equal(dayName(new Date(2026, 10, 21, 0, 5).toISOString(), now), "Today");
  assert.equal(dayName(new Date(2026, 10, 20, 23, 5).toISOString(), now), "Yesterday");
});
