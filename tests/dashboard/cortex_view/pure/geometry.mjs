// A small brain with no symmetry: two lumpy spheres of different size, cut open for the flat map.

import { buildMesh } from "../../../../dashboard/cortex_view/frontend/pure/mesh.js";

/** A sphere of n rings by m points, faces counter-clockwise from outside. */
function sphere(rings, points) {
  const vertices = [[0, 0, 1]];
  for (let r = 1; r < rings; r++) {
    for (let p = 0; p < points; p++) {
      const [a, b] = [(Math.PI * r) / rings, (2 * Math.PI * (p + r / 2)) / points];
      vertices.push([Math.sin(a) * Math.cos(b), Math.sin(a) * Math.sin(b), Math.cos(a)]);
    }
  }
  vertices.push([0, 0, -1]);
  const faces = [];
  const at = (r, p) => 1 + (r - 1) * points + ((p + points) % points);
  for (let p = 0; p < points; p++) faces.push([0, at(1, p), at(1, p + 1)]);
  for (let r = 1; r < rings - 1; r++) {
    for (let p = 0; p < points; p++) {
      faces.push([at(r, p), at(r + 1, p), at(r, p + 1)]);
      faces.push([at(r, p + 1), at(r + 1, p), at(r + 1, p + 1)]);
    }
  }
  const last = vertices.length - 1;
  for (let p = 0; p < points; p++) faces.push([last, at(rings - 1, p + 1), at(rings - 1, p)]);
  return { vertices, faces };
}

export function brain(rings = 14, points = 17) {
  const geometry = {};
  for (const [side, size] of [["left", 41], ["right", 45]]) {
    const { vertices, faces } = sphere(rings, points);
    const n = vertices.length;
    const lump = ([x, y, z], k) => 1 + k * Math.sin(5 * x + 3 * y * z) + 0.1 * x * y;
    const step = 0.01;
    const surface = (k) =>
      Int16Array.from(vertices.flatMap((v) => v.map((c, i) => (c * size * lump(v, k) * [0.7, 1.3, 1][i]) / step)));
    const sign = side === "left" ? -1 : 1;
    const flat = Int16Array.from(
      vertices.flatMap(([x, y, z]) => {
        const share = Math.acos(Math.max(-1, Math.min(1, sign * x)));
        const angle = Math.atan2(z, sign * y);
        return [(share * 45 * Math.cos(angle)) / step, (share * 45 * Math.sin(angle)) / step, 0];
      }),
    );
    // Faces near the medial pole are cut away; those of the flat map come first.
    const kept = (f) => f.every((v) => sign * vertices[v][0] > -0.4);
    const ordered = [...faces.filter(kept), ...faces.filter((f) => !kept(f))];
    const header = { step, [side]: { n_vertices: n, n_flat_faces: faces.filter(kept).length } };
    geometry[side] = buildMesh(header, {
      [`${side}_faces`]: Uint32Array.from(ordered.flat()),
      [`${side}_pial`]: surface(0.35),
      [`${side}_inflated`]: surface(0),
      [`${side}_flat`]: flat,
      [`${side}_depth`]: new Uint8Array(n),
    }, side);
  }
  return geometry;
}
