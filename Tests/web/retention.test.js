import assert from "node:assert/strict";
import { test } from "node:test";
import { firstToGo, isNearlyFull, MAXIMUM_CLIPS, surplus } from "../../Public/js/lib/retention.js";

const uploaded = (id, at, bytes = 1e6) => ({ id, at, bytes, frames: 10, failure: null, uploadedAt: at + 1 });
const pending = (id, at, bytes = 1e6) => ({ ...uploaded(id, at, bytes), uploadedAt: null });
const failed = (id, at, bytes = 1e6) => ({ ...pending(id, at, bytes), failure: "refused" });
const ids = (records) => records.map(({ id }) => id);
const plenty = { usage: 1e6, quota: 1e12 };

test("with plenty of room everything stays", () => {
  assert.deepEqual(surplus([uploaded("a", 1), failed("b", 2), pending("c", 3)], plenty), []);
});

test("what the hub has is bounded in bytes: half a gigabyte, or a fifth of what there is", () => {
  const big = [uploaded("b", 2, 200e6), uploaded("a", 1, 200e6), uploaded("c", 3, 200e6)];
  assert.deepEqual(ids(surplus(big, plenty)), ["a"]);
  assert.deepEqual(ids(surplus(big, { usage: 0, quota: 1e9 })), ["a", "b"]);
  assert.deepEqual(ids(surplus(big, { usage: 0, quota: 0 })), ["a"], "a quota that is not known");
});

test("and in number", () => {
  const many = Array.from({ length: MAXIMUM_CLIPS + 2 }, (_, index) => uploaded(`${index}`, index, 1000));
  assert.deepEqual(ids(surplus(many, plenty)), ["0", "1"]);
});

test("what the hub has goes before what it refused, and what waits for it never", () => {
  const records = [failed("f", 1, 300e6), uploaded("u", 9, 300e6), pending("p", 0, 900e6)];
  assert.deepEqual(ids(surplus(records, plenty)), ["u"]);
  assert.deepEqual(ids(firstToGo([pending("p", 0)])), []);
  assert.deepEqual(ids(firstToGo(records)), ["u"]);
});

test("when the store is nearly full some room is made at once", () => {
  const records = [uploaded("a", 1, 30e6), uploaded("b", 2, 30e6), uploaded("c", 3, 30e6)];
  const room = { usage: 96e9, quota: 100e9 };
  assert.ok(isNearlyFull(room) && !isNearlyFull({ usage: 94, quota: 100 }) && !isNearlyFull({ usage: 0, quota: 0 }));
  assert.deepEqual(ids(surplus(records, room)), ["a", "b"]);
});

test("what has no frames any more takes no part", () => {
  assert.deepEqual(firstToGo([{ ...failed("f", 1), frames: 0 }]), []);
});

test("what the hub did not want goes after what it has, and before what it refused", () => {
  const records = [failed("f", 1, 20e6), { ...pending("k", 5, 20e6), unwanted: "" }, uploaded("u", 9, 20e6), { ...pending("p", 0, 20e6), unwanted: null }];
  assert.deepEqual(ids(firstToGo(records)), ["u", "k"]);
  assert.deepEqual(ids(firstToGo(records.slice(0, 2))), ["k", "f"]);
});
