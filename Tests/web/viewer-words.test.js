import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraState, countdown, duration, safeLink, triggerOffset } from "../../Public/js/state/words.js";

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
