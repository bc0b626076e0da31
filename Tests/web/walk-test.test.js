import assert from "node:assert/strict";
import { test } from "node:test";
import { judged, missed, PASSES, seenCount, sensitivityAdvice, undone, WALK_TEST, walkWords } from "../../Public/js/state/walk-test.js";

/** Ten judgements a second over stretches of motion, in seconds. */
function walk(state, from, to, stretches = [], { score = 0.1, engine = "" } = {}) {
  for (let at = from * 1000; at < to * 1000; at += 100) {
    const moving = stretches.some(([begin, end]) => at >= begin * 1000 && at < end * 1000);
    state = judged(state, { moving, score: moving ? score : 0.001, threshold: 0.01, state: engine || (moving ? "moving" : "quiet"), at });
  }
  return state;
}

test("who leaves the picture after starting the test is not counted", () => {
  const left = walk(WALK_TEST, 0, 3, [[0, 2.5]]);
  assert.deepEqual([left.phase, left.passes.length], ["leaving", 0]);
  assert.equal(walk(left, 3, 5).phase, "ready");
});

test("four passes with the picture empty between them end the test", () => {
  const ready = walk(WALK_TEST, 0, 3);
  const first = walk(ready, 3, 6, [[4, 8]]);
  assert.deepEqual([first.phase, seenCount(first), walkWords(first).title], ["seen", 1, "You were seen in 1 of 1 pass"]);
  const done = walk(first, 6, 40, [[6, 8], [12, 14], [18, 20], [24, 26], [30, 32]]);
  assert.deepEqual([done.phase, seenCount(done), done.passes.length], ["done", PASSES, PASSES]);
  assert.equal(walkWords(done).title, "You were seen in 4 of 4 passes");
});

test("somebody who stands still for a moment is one pass", () => {
  const state = walk(walk(WALK_TEST, 0, 3), 3, 12, [[4, 6], [7, 9]]);
  assert.equal(state.passes.length, 1);
  assert.equal(state.phase, "ready");
});

test("a pass that was not seen is told by a person, and who came to the phone to tell it is not counted", () => {
  const ready = walk(WALK_TEST, 0, 3);
  const one = missed(ready, 5000);
  assert.deepEqual([one.phase, seenCount(one), one.passes.length], ["leaving", 0, 1]);
  const approaching = walk(walk(one, 5, 8), 8, 9, [[8, 9]]);
  assert.equal(seenCount(approaching), 1);
  const two = missed(approaching, 9000);
  assert.deepEqual([seenCount(two), two.passes.length], [0, 2]);
  const done = walk(two, 9, 40, [[12, 14], [20, 22]]);
  assert.equal(done.phase, "done");
  assert.equal(walkWords(done).title, "You were seen in 2 of 4 passes");
});

test("the last pass can be taken back, also when it was the fourth", () => {
  const four = [1, 2, 3, 4].reduce((state, at) => missed(state, at), WALK_TEST);
  assert.equal(four.phase, "done");
  assert.equal(missed(four, 5), four, "it is over");
  const three = undone(four);
  assert.deepEqual([three.phase, three.passes.length], ["leaving", 3]);
  assert.equal(undone(WALK_TEST).passes.length, 0);
});

test("while the engine learns the scene nothing is counted", () => {
  const learning = walk(walk(WALK_TEST, 0, 3), 3, 6, [[4, 5]], { engine: "learning" });
  assert.deepEqual([learning.phase, learning.passes.length], ["leaving", 0]);
});

test("the advice is to raise what misses, to keep what fits, and that less would do where all is seen easily", () => {
  const four = (passes) => ({ phase: "done", quietSince: null, passes: passes.map((peak) => ({ isSeen: peak > 0, at: 0, peak })) });
  assert.deepEqual(pick(sensitivityAdvice(four([2, 0, 3, 0]), 50)), ["raise", 70]);
  assert.deepEqual(pick(sensitivityAdvice(four([2, 0, 3, 4]), 95)), ["raise", 100]);
  assert.deepEqual(pick(sensitivityAdvice(four([2, 0, 3, 4]), 100)), ["keep", 100]);
  assert.deepEqual(pick(sensitivityAdvice(four([2, 9, 9, 9]), 50)), ["keep", 50]);
  assert.deepEqual(pick(sensitivityAdvice(four([9, 9, 9, 9]), 50)), ["lower", 40]);
});
const pick = ({ change, sensitivity }) => [change, sensitivity];

test("how strong a pass was is kept, as a multiple of what is needed", () => {
  const state = walk(walk(WALK_TEST, 0, 3), 3, 8, [[4, 5]], { score: 0.05 });
  assert.equal(state.passes[0].peak, 5);
});
