// Which vertex is under a pixel: exact, on every surface and between them.
//
// The camera is orthographic, so a ray is a point in the projected plane: the front-most triangle
// that contains it is hit. A grid over the projected triangles, made when first asked after the
// brain moved, leaves a handful to look at whatever the mesh's size.

import { SIDES } from "./space.js";

const FACES_PER_CELL = 2;

/** Return {side, vertex, z, front} for view millimetres (x, y), or null. */
export function pickVertex(projection, x, y) {
  for (const side of SIDES) {
    const { box, anchorX } = projection.sides[side];
    const px = x - anchorX;
    if (px < box[0] || px > box[2] || y < box[1] || y > box[3]) continue;
    const hit = hitTriangle(projection, side, px, y);
    if (hit) return hit;
  }
  return null;
}

/** Triangles by the cells their bounding boxes touch: those of cell c are items[starts[c]...]. */
export function buildGrid(projection, side) {
  const mesh = projection.geometry[side];
  const { xyz, box } = projection.sides[side];
  const { faces } = mesh;
  const count = projection.flat ? mesh.nFlat : mesh.nFaces;
  const width = Math.max(box[2] - box[0], 1e-6);
  const height = Math.max(box[3] - box[1], 1e-6);
  const perMm = Math.sqrt(count / FACES_PER_CELL / (width * height));
  const columns = Math.max(1, Math.ceil(width * perMm));
  const rows = Math.max(1, Math.ceil(height * perMm));
  const toColumn = (x) => Math.min(columns - 1, Math.max(0, Math.floor((x - box[0]) * perMm)));
  const toRow = (y) => Math.min(rows - 1, Math.max(0, Math.floor((y - box[1]) * perMm)));
  const spans = new Uint16Array(count * 4);
  const starts = new Uint32Array(columns * rows + 1);
  for (let f = 0; f < count; f++) {
    const a = faces[f * 3] * 3;
    const b = faces[f * 3 + 1] * 3;
    const c = faces[f * 3 + 2] * 3;
    const left = toColumn(Math.min(xyz[a], xyz[b], xyz[c]));
    const right = toColumn(Math.max(xyz[a], xyz[b], xyz[c]));
    const low = toRow(Math.min(xyz[a + 1], xyz[b + 1], xyz[c + 1]));
    const high = toRow(Math.max(xyz[a + 1], xyz[b + 1], xyz[c + 1]));
    spans[f * 4] = left;
    spans[f * 4 + 1] = right;
    spans[f * 4 + 2] = low;
    spans[f * 4 + 3] = high;
    for (let row = low; row <= high; row++) {
      for (let column = left; column <= right; column++) starts[row * columns + column + 1]++;
    }
  }
  for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell];
  const next = starts.slice(0, -1);
  const items = new Uint32Array(starts[columns * rows]);
  for (let f = 0; f < count; f++) {
    const [left, right, low, high] = [spans[f * 4], spans[f * 4 + 1], spans[f * 4 + 2], spans[f * 4 + 3]];
    for (let row = low; row <= high; row++) {
      for (let column = left; column <= right; column++) items[next[row * columns + column]++] = f;
    }
  }
  return { starts, items, cellAt: (x, y) => toRow(y) * columns + toColumn(x) };
}

function hitTriangle(projection, side, px, py) {
  const { faces } = projection.geometry[side];
  const view = projection.sides[side];
  const { xyz } = view;
  const grid = (view.grid ||= buildGrid(projection, side));
  const cell = grid.cellAt(px, py);
  let bestZ = -Infinity;
  let best = -1;
  let bestFront = false;
  for (let i = grid.starts[cell]; i < grid.starts[cell + 1]; i++) {
    const f = grid.items[i] * 3;
    const a = faces[f] * 3;
    const b = faces[f + 1] * 3;
    const c = faces[f + 2] * 3;
    const ax = xyz[a] - px;
    const bx = xyz[b] - px;
    const cx = xyz[c] - px;
    const ay = xyz[a + 1] - py;
    const by = xyz[b + 1] - py;
    const cy = xyz[c + 1] - py;
    const wa = bx * cy - by * cx;
    const wb = cx * ay - cy * ax;
    const wc = ax * by - ay * bx;
    if (!((wa >= 0 && wb >= 0 && wc >= 0) || (wa <= 0 && wb <= 0 && wc <= 0))) continue;
    const area = wa + wb + wc;
    if (area === 0) continue;
    const z = (wa * xyz[a + 2] + wb * xyz[b + 2] + wc * xyz[c + 2]) / area;
    if (z > bestZ) {
      bestZ = z;
      best = f;
      bestFront = area > 0;
    }
  }
  if (best < 0) return null;
  let vertex = -1;
  let nearest = Infinity;
  for (let k = 0; k < 3; k++) {
    const v = faces[best + k];
    const distance =
      (xyz[v * 3] - px) ** 2 + (xyz[v * 3 + 1] - py) ** 2 + (xyz[v * 3 + 2] - bestZ) ** 2;
    if (distance < nearest) {
      nearest = distance;
      vertex = v;
    }
  }
  return { side, vertex, z: bestZ, front: bestFront };
}

/** Whether a vertex is seen, not hidden by something nearer (tolerance in mm). */
export function isVisible(projection, side, vertex, tolerance = 0.6) {
  if (projection.flat && !projection.geometry[side].inFlat[vertex]) return false;
  if (projection.facing(side, vertex) <= 0) return false;
  const { xyz } = projection.sides[side];
  const hit = hitTriangle(projection, side, xyz[vertex * 3], xyz[vertex * 3 + 1]);
  return hit !== null && hit.z - xyz[vertex * 3 + 2] < tolerance;
}
