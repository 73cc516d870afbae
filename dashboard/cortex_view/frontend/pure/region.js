// A region: some of the vertices that have data, as one byte per value (1 inside).

import { neighboursOf } from "./neighbours.js";
import { isVisible } from "./picking.js";
import { SIDES } from "./space.js";

/** Values in a space: left vertices, then right. */
export const valueCount = ({ sides }) => sides.left.vertices.length + sides.right.vertices.length;

export const emptyRegion = (space) => new Uint8Array(valueCount(space));

export const sizeOf = (region) => region.reduce((sum, inside) => sum + inside, 0);

/** The region that holds these positions; unknown ones are left out. */
export function regionAt(space, positions) {
  const region = emptyRegion(space);
  for (const position of positions) if (position < region.length) region[position] = 1;
  return region;
}

/** Positions (places in the maps' values) inside, ascending. */
export function positionsOf(region) {
  const out = [];
  region.forEach((inside, position) => inside && out.push(position));
  return out;
}

/** {left, right}: template vertices inside, in the order of the values. */
export function verticesOf(space, region) {
  let first = 0;
  const out = {};
  for (const side of SIDES) {
    const { vertices } = space.sides[side];
    out[side] = [...vertices].filter((_, i) => region[first + i]);
    first += vertices.length;
  }
  return out;
}

/**
 * The vertices with data that are seen inside a polygon of stage pixels: what hides behind
 * something nearer, or lies beyond the view's edge, stays out.
 */
export function regionWithin(space, sight, polygon) {
  const region = emptyRegion(space);
  if (polygon.length < 3) return region;
  const { body } = sight.cell;
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
  const box = [
    Math.max(body.x, Math.min(...xs)), Math.max(body.y, Math.min(...ys)),
    Math.min(body.x + body.w, Math.max(...xs)), Math.min(body.y + body.h, Math.max(...ys)),
  ];
  let position = 0;
  for (const side of SIDES) {
    for (const vertex of space.sides[side].vertices) {
      const [x, y] = sight.toScreen(side, vertex);
      const near = x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
      if (near && contains(polygon, x, y) && isVisible(sight.projection, side, vertex)) region[position] = 1;
      position += 1;
    }
  }
  return region;
}

/** Whether a closed polygon holds a point (even-odd). */
function contains(polygon, x, y) {
  let inside = false;
  let [px, py] = polygon.at(-1);
  for (const [qx, qy] of polygon) {
    if (qy > y !== py > y && x < ((px - qx) * (y - qy)) / (py - qy) + qx) inside = !inside;
    [px, py] = [qx, qy];
  }
  return inside;
}

export const union = (a, b) => a.map((inside, i) => inside | b[i]);

export const without = (a, b) => a.map((inside, i) => inside & ~b[i] & 1);

/** One ring more: every vertex with data that shares an edge with the region. */
export function grown(space, geometry, region) {
  const out = region.slice();
  eachNeighbour(space, geometry, (position, other) => {
    if (region[position]) out[other] = 1;
  });
  return out;
}

/** One ring less: what borders on data outside the region goes. */
export function shrunk(space, geometry, region) {
  const out = region.slice();
  eachNeighbour(space, geometry, (position, other) => {
    if (!region[other]) out[position] = 0;
  });
  return out;
}

/** Call with both positions of every edge between vertices with data, both ways. */
function eachNeighbour(space, geometry, call) {
  for (const side of SIDES) {
    const { vertices, position } = space.sides[side];
    const { starts, items } = neighboursOf(geometry[side]);
    for (const vertex of vertices) {
      for (let i = starts[vertex]; i < starts[vertex + 1]; i++) {
        if (position[items[i]] >= 0) call(position[vertex], position[items[i]]);
      }
    }
  }
}

/** {n, left, right, means, counts}: vertices, and per view the mean over the `counts` real values. */
export function regionMeans(model, region) {
  const { left } = model.space.sides;
  const positions = positionsOf(region);
  const real = model.maps.map((values) => positions.map((p) => values[p]).filter(Number.isFinite));
  const nLeft = positions.filter((p) => p < left.vertices.length).length;
  return {
    n: positions.length,
    left: nLeft,
    right: positions.length - nLeft,
    counts: real.map((values) => values.length),
    // Summed as doubles, told as the nearest float32: what numpy says of the same numbers.
    means: real.map((values) => Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length)),
  };
}

/** {left, right}: per template vertex 1 where the region is, 2 where a chart has selected. */
export function markBits({ space, geometry }, region, lit) {
  const out = {};
  for (const side of SIDES) out[side] = new Uint8Array(geometry[side].n);
  if (region) {
    const inside = verticesOf(space, region);
    for (const side of SIDES) for (const vertex of inside[side]) out[side][vertex] |= 1;
  }
  for (const { side, vertex } of lit) if (vertex < out[side]?.length) out[side][vertex] |= 2;
  return out;
}
