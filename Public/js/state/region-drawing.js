// @ts-check
// Drawing the regions of a camera's picture: what each step of a person makes of them.

import { between, bounded, crossesItself, MAXIMUM_NAME, MAXIMUM_POINTS, MAXIMUM_REGIONS, MINIMUM_POINTS, polygonProblem } from "./polygon.js";

/**
 * @typedef {import("./polygon.js").Point} Point
 * @typedef {import("./settings.js").Region} Region
 * @typedef {{kind: Region["kind"], points: Point[]}} Draft a region that is being drawn
 *
 * @typedef {object} Drawing
 * @property {Region[]} base as the hub has them
 * @property {Region[]} regions as they are now
 * @property {Draft|null} draft
 * @property {number|null} selected which region
 * @property {number|null} point which of its points
 * @property {readonly Pick<Drawing, "regions"|"draft"|"selected"|"point">[]} past to be undone
 * @property {string|null} problem why the last step was not done
 *
 * @typedef {{type: "loaded", regions: Region[]} | {type: "begin", kind: Region["kind"]} | {type: "add", at: readonly [number, number]}
 *   | {type: "finish"} | {type: "cancel"} | {type: "select", region: number|null, point?: number|null} | {type: "grab"}
 *   | {type: "drag", to: readonly [number, number]} | {type: "nudge", by: readonly [number, number]} | {type: "insert"}
 *   | {type: "deletePoint"} | {type: "deleteRegion", region: number} | {type: "kind", region: number, kind: Region["kind"]}
 *   | {type: "name", region: number, name: string} | {type: "undo"} | {type: "discard"}} Step
 */

const MAXIMUM_PAST = 100;

/** @param {Region[]} regions @returns {Drawing} */
export const drawingOf = (regions) => ({ base: regions, regions, draft: null, selected: null, point: null, past: [], problem: null });

/** @param {Region[]} a @param {Region[]} b */
export const areSame = (a, b) => JSON.stringify(a.map(parts)) === JSON.stringify(b.map(parts));
const parts = (/** @type {Region} */ { kind, name, points }) => [kind, name, points];

/** Whether there is something to save. @param {Drawing} drawing */
export const isChanged = ({ base, regions }) => !areSame(base, regions);

/**
 * The next drawing; the same one where a step is none, and one with a `problem` where it cannot be done.
 * @param {Drawing} drawing @param {Step} step @returns {Drawing}
 */
export function nextDrawing(drawing, step) {
  const next = performed(drawing, step);
  return next === drawing && drawing.problem ? { ...drawing, problem: null } : next;
}

/** @param {Drawing} drawing @param {Step} step @returns {Drawing} */
function performed(drawing, step) {
  const { regions, draft, selected, point } = drawing;
  switch (step.type) {
    case "loaded": {
      // What was drawn here has been saved: it can still be undone.
      if (areSame(regions, step.regions)) return areSame(drawing.base, step.regions) ? drawing : { ...drawing, base: step.regions };
      return areSame(drawing.base, step.regions) ? drawing : drawingOf(step.regions);
    }
    case "begin":
      if (regions.length >= MAXIMUM_REGIONS) return refused(drawing, `There are at most ${MAXIMUM_REGIONS} regions. Delete one first.`);
      return changed(drawing, { draft: { kind: step.kind, points: [] }, selected: null, point: null });
    case "add": return draft ? withPoint(drawing, draft, bounded(step.at)) : drawing;
    case "finish": return draft ? finished(drawing, draft) : drawing;
    case "cancel": return draft ? changed(drawing, { draft: null }) : drawing;
    case "select": {
      const wanted = step.point ?? null;
      return draft || (selected === step.region && point === wanted) ? drawing : { ...drawing, selected: step.region, point: wanted, problem: null };
    }
    // What is undone is the whole way of a point, not each of its places.
    case "grab": return point === null ? drawing : changed(drawing, {});
    case "drag": return selected === null || point === null ? drawing : moved(drawing, selected, point, bounded(step.to));
    case "nudge": {
      if (selected === null || point === null) return drawing;
      const [x, y] = regions[selected].points[point];
      const after = moved(drawing, selected, point, bounded([x + step.by[0], y + step.by[1]]));
      return after.regions === regions ? after : { ...after, past: changed(drawing, {}).past };
    }
    case "insert": return selected === null ? drawing : inserted(drawing, selected, point ?? 0);
    case "deletePoint": return selected === null || point === null ? drawing : withoutPoint(drawing, selected, point);
    case "deleteRegion": return changed(drawing, { regions: regions.filter((_, index) => index !== step.region), selected: null, point: null });
    case "kind": return withRegion(drawing, step.region, { kind: step.kind });
    case "name": return withRegion(drawing, step.region, { name: step.name.trim().slice(0, MAXIMUM_NAME) });
    case "undo": {
      const before = drawing.past.at(-1);
      return before ? { ...drawing, ...before, past: drawing.past.slice(0, -1), problem: null } : drawing;
    }
    case "discard": return drawingOf(drawing.base);
  }
}

/** @param {Drawing} drawing @param {string} problem @returns {Drawing} */
const refused = (drawing, problem) => ({ ...drawing, problem });

/** A step that can be undone. @param {Drawing} drawing @param {Partial<Drawing>} change @returns {Drawing} */
function changed(drawing, change) {
  const { regions, draft, selected, point, past } = drawing;
  return { ...drawing, ...change, past: [...past, { regions, draft, selected, point }].slice(-MAXIMUM_PAST), problem: null };
}

/** @param {Drawing} drawing @param {number} index @param {Partial<Region>} change @returns {Drawing} */
function withRegion(drawing, index, change) {
  const region = drawing.regions[index];
  if (!region || Object.entries(change).every(([name, value]) => /** @type {any} */ (region)[name] === value)) return drawing;
  return changed(drawing, { regions: drawing.regions.with(index, { ...region, ...change }) });
}

/** @param {Drawing} drawing @param {Draft} draft @param {Point} at @returns {Drawing} */
function withPoint(drawing, draft, at) {
  if (draft.points.length >= MAXIMUM_POINTS) return refused(drawing, `A region has at most ${MAXIMUM_POINTS} points. Finish this one.`);
  const points = [...draft.points, at];
  if (crossesItself(points)) return refused(drawing, "The edges of a region must not cross or touch each other. Put the point elsewhere.");
  return changed(drawing, { draft: { ...draft, points } });
}

/** @param {Drawing} drawing @param {Draft} draft @returns {Drawing} */
function finished(drawing, { kind, points }) {
  const problem = polygonProblem(points);
  if (problem) return refused(drawing, problem);
  const regions = [...drawing.regions, { kind, name: "", points }];
  return changed(drawing, { regions, draft: null, selected: regions.length - 1, point: null });
}

/**
 * A point goes no farther than its region can be.
 * @param {Drawing} drawing @param {number} index @param {number} point @param {Point} to @returns {Drawing}
 */
function moved(drawing, index, point, to) {
  const region = drawing.regions[index];
  if (region.points[point][0] === to[0] && region.points[point][1] === to[1]) return drawing;
  const points = region.points.with(point, to);
  const problem = polygonProblem(points);
  return problem ? refused(drawing, problem) : { ...drawing, regions: drawing.regions.with(index, { ...region, points }), problem: null };
}

/** In the middle of the edge after a point. @param {Drawing} drawing @param {number} index @param {number} after @returns {Drawing} */
function inserted(drawing, index, after) {
  const region = drawing.regions[index];
  if (region.points.length >= MAXIMUM_POINTS) return refused(drawing, `A region has at most ${MAXIMUM_POINTS} points.`);
  const at = between(region.points[after], region.points[(after + 1) % region.points.length]);
  const points = region.points.toSpliced(after + 1, 0, at);
  return changed(drawing, { regions: drawing.regions.with(index, { ...region, points }), point: after + 1 });
}

/** @param {Drawing} drawing @param {number} index @param {number} point @returns {Drawing} */
function withoutPoint(drawing, index, point) {
  const region = drawing.regions[index];
  if (region.points.length <= MINIMUM_POINTS) return refused(drawing, `A region needs at least ${MINIMUM_POINTS} points. Delete the region instead.`);
  const points = region.points.toSpliced(point, 1);
  const problem = polygonProblem(points);
  if (problem) return refused(drawing, problem);
  return changed(drawing, { regions: drawing.regions.with(index, { ...region, points }), point: Math.min(point, points.length - 1) });
}
