import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraState, countdown, duration, safeLink, stageTimes, triggerOffset } from "../../Public/js/state/words.js";

const at = (seconds) => new Date(Date.UTC(2026, 10, 21, 10, 0, 0) + seconds * 1000).toISOString();

test("a camera is offline, online or watching, in words and a symbol", () => {
  assert.equal(cameraState({ online: false, watching: true }).text, "Offline");
  assert.equal(cameraState({ online: true, watching: false }).text, "Online");
  assert.deepEqual(cameraState({ online: true, watching: true }), { text: "Watching", tone: "ok", symbol: "eye" });
});

test("the trigger's place in the clip", () => {
  assert.equal(triggerOffset({ started_at: at(0), triggered_at: at(3.8) }), 3.8);
  assert.equal(triggerOffset({ started_at: at(5), triggered_at: at(3) }), 0);
  assert.equal(triggerOffset({ started_at: null, triggered_at: at(3) }), 0);
});

test("stages are said relative to the trigger, the alert last", () => {
  const event = { triggered_at: at(0), stages: { triggered: at(0), first_byte: at(0.12), durable: at(9), queued: at(9), processing: null, done: at(75) } };
  const rows = stageTimes(event, [{ sent_at: at(78) }, { sent_at: at(77) }, { sent_at: null }]);
  assert.deepEqual(rows.slice(1), [["First bytes", "+0.1 s"], ["Clip complete", "+9.0 s"], ["Result", "+1 min 15 s"], ["Alert sent", "+1 min 17 s"]]);
  assert.equal(rows[0][0], "Trigger");
});

test("stages of an event that has none, and of a phone whose clock is ahead", () => {
  assert.equal(stageTimes({ triggered_at: at(0), stages: null }, []).length, 1);
  assert.deepEqual(stageTimes({ triggered_at: at(2), stages: { first_byte: at(0) } }, [])[1], ["First bytes", "−2.0 s"]);
});

test("only links to pages are followed", () => {
  assert.equal(safeLink("https://t.me/bot?start=x"), "https://t.me/bot?start=x");
  assert.equal(safeLink("javascript:alert(1)"), null);
  assert.equal(safeLink("data:text/html,x"), null);
  assert.equal(safeLink(null), null);
});

test("times that run down and round up", () => {
  assert.equal(countdown(249_000), "4:09");
  assert.equal(countdown(-5), "0:00");
  assert.equal(duration(59.7), "1 min 0 s");
});
