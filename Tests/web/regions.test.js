import assert from "node:assert/strict";
import { test } from "node:test";
import { area, bounded, crossesItself, polygonProblem } from "../../Public/js/state/polygon.js";
import { drawingOf, isChanged, nextDrawing } from "../../Public/js/state/region-drawing.js";
import { maskWords, placeWords, regionName } from "../../Public/js/state/region-words.js";

const SQUARE = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]];
const region = (more = {}) => ({ kind: "ignore", name: "", points: SQUARE, ...more });
const after = (drawing, ...steps) => steps.reduce(nextDrawing, drawing);
const drawn = (points, kind = "ignore") => [{ type: "begin", kind }, ...points.map((at) => ({ type: "add", at })), { type: "finish" }];
/** A polygon of many corners. */
const circle = (count) =>
  Array.from({ length: count }, (_, i) => bounded([0.5 + 0.4 * Math.cos((2 * Math.PI * i) / count), 0.5 + 0.4 * Math.sin((2 * Math.PI * i) / count)]));

test("points stay within the picture, as short numbers", () => {
  assert.deepEqual(bounded([-0.1, 1.2]), [0, 1]);
  assert.deepEqual(bounded([1 / 3, 2 / 3]), [0.3333, 0.6667]);
});

test("only simple polygons of some size are regions", () => {
  assert.equal(polygonProblem(SQUARE), null);
  assert.equal(polygonProblem(circle(32)), null);
  assert.match(polygonProblem(circle(33)), /at most 32/);
  assert.match(polygonProblem(SQUARE.slice(0, 2)), /at least 3/);
  const crossing = /cross or touch/;
  assert.match(polygonProblem([[0, 0], [1, 1], [1, 0], [0, 1]]), crossing);
  assert.match(polygonProblem([[0, 0], [0.5, 0], [0.5, 0], [0, 1]]), crossing, "a point twice");
  assert.match(polygonProblem([[0, 0], [0.5, 0], [0.5, 0.5], [0, 0]]), crossing, "the first point again");
  assert.match(polygonProblem([[0, 0], [0.8, 0], [0.4, 0]]), crossing, "a line");
  assert.match(polygonProblem([[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]]), crossing, "a corner on an edge");
  assert.match(polygonProblem([[0, 0], [0.01, 0], [0.005, 0.01]]), /too small/);
  // A corner in line with its neighbours is a corner all the same.
  assert.equal(polygonProblem([[0, 0], [0.5, 0], [1, 0], [1, 1]]), null);
  assert.ok(Math.abs(area(SQUARE) - 0.16) < 1e-9);
  assert.ok(!crossesItself(SQUARE) && crossesItself([...SQUARE.slice(0, 3), [0.4, 0.1]]));
});

test("a region is drawn point by point and finished", () => {
  const drawing = after(drawingOf([]), ...drawn(SQUARE, "watch"));
  assert.deepEqual(drawing.regions, [region({ kind: "watch" })]);
  assert.equal(drawing.selected, 0);
  assert.equal(drawing.draft, null);
  assert.ok(isChanged(drawing));
});

test("a corner that would cross an edge is refused, with words, until another step", () => {
  const drawing = after(drawingOf([]), { type: "begin", kind: "ignore" }, ...SQUARE.slice(0, 3).map((at) => ({ type: "add", at })));
  const refused = nextDrawing(drawing, { type: "add", at: [0.4, 0.1] });
  assert.match(refused.problem, /cross/);
  assert.equal(refused.draft.points.length, 3);
  assert.equal(after(refused, { type: "add", at: SQUARE[3] }).problem, null);
});

test("too few corners are no region, and drawing can be cancelled", () => {
  const drawing = after(drawingOf([]), { type: "begin", kind: "ignore" }, { type: "add", at: [0, 0] }, { type: "add", at: [1, 0] }, { type: "finish" });
  assert.match(drawing.problem, /at least 3/);
  assert.equal(drawing.draft.points.length, 2);
  assert.equal(after(drawing, { type: "cancel" }).draft, null);
});

test("there are at most 16 regions of at most 32 points", () => {
  const many = drawingOf(Array.from({ length: 16 }, () => region()));
  assert.match(nextDrawing(many, { type: "begin", kind: "watch" }).problem, /at most 16/);
  const full = after(drawingOf([]), { type: "begin", kind: "ignore" }, ...circle(32).map((at) => ({ type: "add", at })));
  assert.match(nextDrawing(full, { type: "add", at: [0.5, 0.1] }).problem, /at most 32/);
  const round = after(drawingOf([region({ points: circle(32) })]), { type: "select", region: 0, point: 0 }, { type: "insert" });
  assert.match(round.problem, /at most 32/);
});

test("a point goes where it is moved, but not across an edge", () => {
  const selected = after(drawingOf([region()]), { type: "select", region: 0, point: 2 });
  const nudged = nextDrawing(selected, { type: "nudge", by: [0.05, 0] });
  assert.deepEqual(nudged.regions[0].points[2], [0.65, 0.6]);
  const refused = nextDrawing(nudged, { type: "nudge", by: [-0.6, -0.2] });
  assert.match(refused.problem, /cross/);
  assert.deepEqual(refused.regions, nudged.regions);
  assert.deepEqual(nextDrawing(selected, { type: "nudge", by: [9, 0] }).regions[0].points[2], [1, 0.6]);
});

test("a way of a dragged point is undone at once", () => {
  const held = after(drawingOf([region()]), { type: "select", region: 0, point: 0 }, { type: "grab" });
  const dragged = after(held, { type: "drag", to: [0.1, 0.1] }, { type: "drag", to: [0.05, 0.05] });
  assert.deepEqual(dragged.regions[0].points[0], [0.05, 0.05]);
  const undone = nextDrawing(dragged, { type: "undo" });
  assert.deepEqual(undone.regions, [region()]);
  assert.ok(!isChanged(undone));
  assert.equal(nextDrawing(undone, { type: "undo" }), undone);
});

test("points are added in the middle of an edge, and deleted down to three", () => {
  let drawing = after(drawingOf([region()]), { type: "select", region: 0, point: 3 }, { type: "insert" });
  assert.deepEqual(drawing.regions[0].points[4], [0.2, 0.4]);
  assert.equal(drawing.point, 4);
  drawing = after(drawing, { type: "deletePoint" }, { type: "deletePoint" });
  assert.equal(drawing.regions[0].points.length, 3);
  assert.match(nextDrawing(drawing, { type: "deletePoint" }).problem, /at least 3/);
});

test("kind and name change, a region is deleted, and all of it can be undone", () => {
  let drawing = after(drawingOf([region(), region()]), { type: "kind", region: 1, kind: "watch" });
  drawing = after(drawing, { type: "name", region: 1, name: `  ${"x".repeat(50)}` }, { type: "deleteRegion", region: 0 });
  assert.deepEqual(drawing.regions, [region({ kind: "watch", name: "x".repeat(40) })]);
  assert.equal(nextDrawing(drawing, { type: "name", region: 0, name: "x".repeat(40) }), drawing, "what is so already is no step");
  for (let i = 0; i < 3; i++) drawing = nextDrawing(drawing, { type: "undo" });
  assert.ok(!isChanged(drawing));
});

test("what the hub has is shown, and what was saved keeps its history", () => {
  const drawing = after(drawingOf([]), ...drawn(SQUARE));
  const saved = nextDrawing(drawing, { type: "loaded", regions: [region()] });
  assert.ok(!isChanged(saved) && saved.past.length > 0 && saved.selected === 0);
  const theirs = nextDrawing(saved, { type: "loaded", regions: [] });
  assert.deepEqual([theirs.regions, theirs.past], [[], []]);
  assert.equal(nextDrawing(theirs, { type: "loaded", regions: [] }), theirs);
  assert.ok(!isChanged(nextDrawing(drawing, { type: "discard" })));
});

test("how much is left out is said", () => {
  const half = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]], all = [[0, 0], [1, 0], [1, 1], [0, 1]];
  assert.equal(maskWords([]).text, "The whole picture is watched.");
  assert.equal(maskWords([region({ points: half })]).text, "50\u00a0% of the picture is left out.");
  assert.equal(maskWords([region({ points: all, kind: "watch" })]).text, "Nothing of the picture is left out.");
  assert.deepEqual(maskWords([region({ points: all })]), { text: "Nothing is watched: all of the picture is left out.", tone: "warn" });
  assert.equal(maskWords([region({ points: half, kind: "watch" }), region({ points: half })]).tone, "warn");
  assert.equal(regionName(region({ name: "tree" }), 1), "Region 2, tree");
  assert.equal(placeWords([0.4, 1]), "40\u00a0% from the left, 100\u00a0% from the top");
});
