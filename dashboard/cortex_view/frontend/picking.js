// Which vertex is under a pixel: exact, on every surface and between them.
//
// The camera is orthographic, so a ray is a point in the projected plane: the front-most triangle
// that contains it is hit. The projection is already there (layout.js); a pass over the 41,000
// triangles of fsaverage5 takes under a millisecond. A finer mesh would want a grid here.

/** Return {side, vertex, x, y, z, front} for view millimetres (x, y), or null. */
export function pickVertex(projection, x, y) {
  for (const side of ["left", "right"]) {
    const { box, anchorX } = projection.sides[side];
    const px = x - anchorX;
    if (px < box[0] || px > box[2] || y < box[1] || y > box[3]) continue;
    const hit = hitTriangle(projection, side, px, y);
    if (hit) return hit;
  }
  return null;
}

function hitTriangle(projection, side, px, py) {
  const mesh = projection.geometry[side];
  const { xyz } = projection.sides[side];
  const { faces } = mesh;
  const end = (projection.flat ? mesh.nFlat : mesh.nFaces) * 3;
  let bestZ = -Infinity;
  let best = -1;
  let bestFront = false;
  for (let f = 0; f < end; f += 3) {
    const a = faces[f] * 3;
    const b = faces[f + 1] * 3;
    const c = faces[f + 2] * 3;
    const ax = xyz[a] - px;
    const bx = xyz[b] - px;
    const cx = xyz[c] - px;
    if ((ax < 0 && bx < 0 && cx < 0) || (ax > 0 && bx > 0 && cx > 0)) continue;
    const ay = xyz[a + 1] - py;
    const by = xyz[b + 1] - py;
    const cy = xyz[c + 1] - py;
    if ((ay < 0 && by < 0 && cy < 0) || (ay > 0 && by > 0 && cy > 0)) continue;
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
