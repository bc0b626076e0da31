// @ts-check
// Parts of the picture to watch or to leave out, drawn as polygons.

/** @typedef {{kind: "ignore"|"watch", points: [number, number][]}} Region points in fractions of the picture, from the top left */

/**
 * Which blocks are left out: those inside a region to ignore, and, where there are regions to watch, those outside of all of them. A block
 * belongs to a region when its middle does.
 * @param {Region[]} regions @param {number} columns @param {number} rows
 * @returns {{masked: Uint8Array, share: number}} 1 where left out, and which share of the picture that is
 */
export function maskOf(regions, columns, rows) {
  const masked = new Uint8Array(columns * rows);
  const watched = regions.filter(({ kind }) => kind === "watch");
  const ignored = regions.filter(({ kind }) => kind === "ignore");
  let count = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = /** @type {[number, number]} */ ([(x + 0.5) / columns, (y + 0.5) / rows]);
      const counts = (!watched.length || watched.some(({ points }) => contains(points, at))) && !ignored.some(({ points }) => contains(points, at));
      if (counts) continue;
      masked[y * columns + x] = 1;
      count++;
    }
  }
  return { masked, share: masked.length ? count / masked.length : 0 };
}

/** Even-odd rule. @param {[number, number][]} points @param {[number, number]} at */
export function contains(points, [x, y]) {
  let isInside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [ax, ay] = points[i], [bx, by] = points[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
  }
  return isInside;
}
