// @ts-check
// Polygons as people draw them: which ones can be, and where a point may go. In fractions of the picture.

/** @typedef {[number, number]} Point */

/** The hub's limits (docs/API.md). */
export const MINIMUM_POINTS = 3, MAXIMUM_POINTS = 32, MAXIMUM_REGIONS = 16, MAXIMUM_NAME = 40;

/** Finer than a pixel of any picture; what is sent stays short. */
const DIGITS = 4;
/** Less than this share of the picture is a slip of the finger. */
const LEAST_AREA = 0.0002;

/** @param {number} value */
const inPicture = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(DIGITS));

/** Within the picture. @param {readonly [number, number]} point @returns {Point} */
export const bounded = ([x, y]) => [inPicture(x), inPicture(y)];

/** The middle between two points. @param {Point} a @param {Point} b @returns {Point} */
export const between = ([ax, ay], [bx, by]) => bounded([(ax + bx) / 2, (ay + by) / 2]);

/** @param {Point} a @param {Point} b */
const isSame = ([ax, ay], [bx, by]) => ax === bx && ay === by;

/** Above 0 when c lies to the one side of the line from a to b, below 0 on the other. @param {Point} a @param {Point} b @param {Point} c */
const side = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

/** Whether c, which is in line with a and b, is between them. @param {Point} a @param {Point} b @param {Point} c */
const isOn = ([ax, ay], [bx, by], [cx, cy]) =>
  cx >= Math.min(ax, bx) && cx <= Math.max(ax, bx) && cy >= Math.min(ay, by) && cy <= Math.max(ay, by);

/** Whether two lines have a point in common. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
export function meet(a, b, c, d) {
  const sides = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)].map(Math.sign);
  if (sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0) return true;
  return (sides[0] === 0 && isOn(a, b, c)) || (sides[1] === 0 && isOn(a, b, d))
    || (sides[2] === 0 && isOn(c, d, a)) || (sides[3] === 0 && isOn(c, d, b));
}

/** Whether two lines with the point b in common have more than that. @param {Point} a @param {Point} b @param {Point} c */
const foldsBack = (a, b, c) => side(a, b, c) === 0 && (isOn(a, b, c) || isOn(b, c, a));

/** Whether a line through points meets itself. @param {Point[]} points */
export function crossesItself(points) {
  for (let i = 0; i + 1 < points.length; i++) {
    if (isSame(points[i], points[i + 1])) return true;
    if (i + 2 < points.length && foldsBack(points[i], points[i + 1], points[i + 2])) return true;
    for (let j = i + 2; j + 1 < points.length; j++) if (meet(points[i], points[i + 1], points[j], points[j + 1])) return true;
  }
  return false;
}

/** Share of the picture. @param {Point[]} points */
export function area(points) {
  let double = 0;
  points.forEach(([x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length];
    double += x * nextY - nextX * y;
  });
  return Math.abs(double) / 2;
}

/** Why a polygon cannot be, as a sentence; `null` when it can. @param {Point[]} points @returns {string|null} */
export function polygonProblem(points) {
  if (points.length < MINIMUM_POINTS) return `A region needs at least ${MINIMUM_POINTS} points.`;
  if (points.length > MAXIMUM_POINTS) return `A region has at most ${MAXIMUM_POINTS} points.`;
  const count = points.length;
  const closing = /** @type {[Point, Point]} */ ([points[count - 1], points[0]]);
  const isCrossed = crossesItself(points) || isSame(...closing)
    || foldsBack(points[count - 2], ...closing) || foldsBack(...closing, points[1])
    || points.slice(1, -2).some((point, index) => meet(...closing, point, points[index + 2]));
  if (isCrossed) return "The edges of a region must not cross or touch each other.";
  return area(points) < LEAST_AREA ? "This region is too small." : null;
}
