import assert from "node:assert/strict";
import { test } from "node:test";
import { noUpdate, updated, updateWords } from "../../Public/js/state/update.js";

/** @param {...any} events @returns what is done, and the state at the end */
function run(...events) {
  let update = noUpdate;
  const actions = [];
  for (const event of events) {
    const next = updated(update, typeof event === "string" ? { type: event } : event);
    update = next.update;
    if (next.action) actions.push(next.action);
  }
  return { update, actions };
}
const first = { type: "controlled", isFirst: true };
const again = { type: "controlled", isFirst: false };

test("the first worker takes over without a word", () => {
  assert.deepEqual(run(first), { update: noUpdate, actions: [] });
});

test("a new version is used only when somebody accepts it, and the page reloads once its worker has taken over", () => {
  assert.deepEqual(run("installed").actions, []);
  assert.deepEqual(run("installed", "accept").actions, ["activate"]);
  assert.deepEqual(run("installed", "accept", "accept").actions, ["activate"]);
  assert.deepEqual(run("installed", "accept", again).actions, ["activate", "reload"]);
  // A page that was loaded past its worker has none.
  assert.deepEqual(run("installed", "accept", first).actions, ["activate", "reload"]);
});

test("what was accepted on another page does not reload this one, but can be used here", () => {
  for (const before of [[], ["installed"], ["installed", "later"]]) {
    const { update, actions } = run(...before, again);
    assert.deepEqual(actions, []);
    assert.equal(updateWords(update, false)?.canReload, true);
    assert.equal(updated(update, { type: "accept" }).action, "reload");
  }
});

test("who stays on the page after all can reload later", () => {
  const { update } = run("installed", "accept", again);
  assert.equal(updated(update, { type: "accept" }).action, "reload");
});

test("what was put off is not shown again, but a still newer version is", () => {
  assert.equal(updateWords(run("installed", "later").update, false), null);
  assert.deepEqual(run("installed", "later", "accept").actions, []);
  assert.equal(updateWords(run("installed", "later", "installed").update, false)?.canReload, true);
  assert.deepEqual(run("later", "accept"), { update: noUpdate, actions: [] });
});

test("a page whose hub has moved is loaded again without a worker", () => {
  assert.deepEqual(run("gone", "accept").actions, ["reload"]);
});

test("a camera that watches is not interrupted", () => {
  const { update } = run("installed");
  assert.equal(updateWords(noUpdate, true), null);
  assert.deepEqual(updateWords(update, true), { text: "A new version is ready. Stop watching to use it.", canReload: false });
  assert.deepEqual(updateWords(update, false), { text: "A new version is ready.", canReload: true });
});
