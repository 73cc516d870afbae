// Where every vertex is: turned, morphed, in view millimetres; and on screen, for one view.

import { toMatrix } from "./quaternion.js";
import { SIDES } from "./space.js";

const GAP = 9; // mm between the hemispheres

/** Vertices of both hemispheres turned and morphed, with what frames them. */
export class Projection {
  constructor(geometry) {
    this.geometry = geometry;
    this.key = "";
    this.sides = {};
    for (const side of SIDES) {
      this.sides[side] = { xyz: new Float32Array(geometry[side].n * 3), box: [0, 0, 0, 0], grid: null };
    }
  }

  /** Recompute if camera or surface moved, or the data are another subject's. */
  update(camera, space = null) {
    const key = `${camera.rotation.join()}|${camera.surface}`;
    if (key !== this.key) this.#turn(camera, key);
    else if (space === this.space) return;
    this.space = space;
    this.data = space?.partial ? this.#dataBox(space) : null;
  }

  #turn(camera, key) {
    this.key = key;
    const from = Math.min(1, Math.floor(camera.surface));
    const share = camera.surface - from;
    this.from = from;
    this.share = share;
    this.flat = camera.surface > 1; // cut open: only the flat map's faces are there
    for (const side of SIDES) this.#project(side, camera, from, share);
    const { left, right } = this.sides;
    // Left's inner edge and right's inner edge stand GAP apart; heights stay anatomical.
    left.anchorX = -GAP / 2 - left.box[2];
    right.anchorX = GAP / 2 - right.box[0];
    const low = Math.min(left.box[1], right.box[1]);
    const high = Math.max(left.box[3], right.box[3]);
    const widthLeft = left.box[2] - left.box[0];
    const widthRight = right.box[2] - right.box[0];
    const shift = (widthLeft - widthRight) / 2;
    left.anchorX += shift;
    right.anchorX += shift;
    this.anchorY = -(low + high) / 2;
    this.width = widthLeft + widthRight + GAP;
    this.height = high - low;
  }

  /** [left, bottom, right, top] of all vertices with data, in view mm from the brains' middle. */
  #dataBox(space) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const side of SIDES) {
      const { xyz, anchorX } = this.sides[side];
      const mask = this.flat ? this.geometry[side].inFlat : null;
      const own = [Infinity, -Infinity];
      for (const v of space.sides[side].vertices) {
        if (mask && !mask[v]) continue;
        const [x, y] = [xyz[v * 3] + anchorX, xyz[v * 3 + 1] + this.anchorY];
        own[0] = Math.min(own[0], x);
        own[1] = Math.max(own[1], x);
        box[1] = Math.min(box[1], y);
        box[3] = Math.max(box[3], y);
      }
      this.sides[side].dataMiddle = own[0] <= own[1] ? (own[0] + own[1]) / 2 : null;
      box[0] = Math.min(box[0], own[0]);
      box[2] = Math.max(box[2], own[1]);
    }
    return box[0] < box[2] && box[1] < box[3] ? box : null;
  }

  #project(side, camera, from, share) {
    const mesh = this.geometry[side];
    const out = this.sides[side];
    const matrix = toMatrix(camera.rotationOf(side));
    const a = mesh.positions[from];
    const b = mesh.positions[from + 1];
    const centre = sharedCentre(this.geometry, side, from, share);
    const mask = this.flat ? mesh.inFlat : null;
    const [r0, r1, r2, r3, r4, r5, r6, r7, r8] = matrix;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const { xyz } = out;
    for (let v = 0, i = 0; v < mesh.n; v++, i += 3) {
      const x = a[i] + (b[i] - a[i]) * share - centre[0];
      const y = a[i + 1] + (b[i + 1] - a[i + 1]) * share - centre[1];
      const z = a[i + 2] + (b[i + 2] - a[i + 2]) * share - centre[2];
      const px = r0 * x + r1 * y + r2 * z;
      const py = r3 * x + r4 * y + r5 * z;
      xyz[i] = px;
      xyz[i + 1] = py;
      xyz[i + 2] = r6 * x + r7 * y + r8 * z;
      if (mask && !mask[v]) continue;
      if (px < box[0]) box[0] = px;
      if (px > box[2]) box[2] = px;
      if (py < box[1]) box[1] = py;
      if (py > box[3]) box[3] = py;
    }
    out.box = box;
    out.grid = null; // picking.js makes a new one when asked
    out.matrix = matrix;
    out.centre = centre;
  }

  /** Normal of a vertex, z component: positive faces the viewer. */
  facing(side, vertex) {
    const mesh = this.geometry[side];
    const m = this.sides[side].matrix;
    const a = mesh.normals[this.from];
    const b = mesh.normals[this.from + 1];
    let z = 0;
    for (let k = 0; k < 3; k++) {
      const i = vertex * 3 + k;
      z += m[6 + k] * (a[i] + (b[i] - a[i]) * this.share);
    }
    return z;
  }
}

/** Turning centre: each hemisphere's own sideways, shared in the other directions. */
function sharedCentre(geometry, side, from, share) {
  const at = (name) =>
    [0, 1, 2].map((k) => {
      const [a, b] = [geometry[name].centres[from][k], geometry[name].centres[from + 1][k]];
      return a + (b - a) * share;
    });
  const own = at(side);
  const other = at(side === "left" ? "right" : "left");
  return [own[0], (own[1] + other[1]) / 2, (own[2] + other[2]) / 2];
}
