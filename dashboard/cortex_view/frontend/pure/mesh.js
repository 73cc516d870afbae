// One hemisphere: positions and normals of the three surfaces, in mm, in one vertex order.

export const SURFACES = ["pial", "inflated", "flat"];

export function buildMesh(header, arrays, side) {
  const { n_vertices: n, n_flat_faces: nFlat } = header[side];
  const faces = arrays[`${side}_faces`];
  const positions = SURFACES.map((name) => {
    const steps = arrays[`${side}_${name}`];
    const out = new Float32Array(n * 3);
    for (let i = 0; i < out.length; i++) out[i] = steps[i] * header.step;
    return out;
  });
  positions[2] = standFlatMap(positions[2], side);
  const inFlat = new Uint8Array(n);
  for (let i = 0; i < nFlat * 3; i++) inFlat[faces[i]] = 1;
  const normals = positions.map((p) => vertexNormals(p, faces, faces.length));
  normals[2].fill(0);
  for (let v = 0; v < n; v++) normals[2][v * 3] = side === "left" ? -1 : 1;
  return {
    side,
    n,
    nFaces: faces.length / 3,
    nFlat,
    faces,
    coarse: coarseMesh(header, arrays, side),
    positions,
    normals,
    inFlat,
    depth: arrays[`${side}_depth`],
    centres: positions.map((p, s) => centre(p, s === 2 ? inFlat : null)),
  };
}

/** Fewer faces over some of the vertices, for while the brain moves; or null. */
function coarseMesh(header, arrays, side) {
  const faces = arrays[`${side}_coarse`];
  return faces ? { faces, nFlat: header[side].n_coarse_flat_faces } : null;
}

/**
 * Stand the flat map up in the brain's own axes, as if seen from the side: unfolding then moves
 * every vertex the short way, and the flat map's camera is the lateral one.
 */
function standFlatMap(flat, side) {
  const out = new Float32Array(flat.length);
  const sign = side === "left" ? -1 : 1;
  for (let i = 0; i < flat.length; i += 3) {
    out[i + 1] = sign * flat[i];
    out[i + 2] = flat[i + 1];
  }
  return out;
}

function vertexNormals(p, faces, count) {
  const normals = new Float32Array(p.length);
  for (let f = 0; f < count; f += 3) {
    const a = faces[f] * 3;
    const b = faces[f + 1] * 3;
    const c = faces[f + 2] * 3;
    const ux = p[b] - p[a];
    const uy = p[b + 1] - p[a + 1];
    const uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a];
    const vy = p[c + 1] - p[a + 1];
    const vz = p[c + 2] - p[a + 2];
    // Not normalised: larger triangles weigh more.
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (const v of [a, b, c]) {
      normals[v] += nx;
      normals[v + 1] += ny;
      normals[v + 2] += nz;
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i], normals[i + 1], normals[i + 2]) || 1;
    normals[i] /= length;
    normals[i + 1] /= length;
    normals[i + 2] /= length;
  }
  return normals;
}

function centre(p, mask) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < p.length; i += 3) {
    if (mask && !mask[i / 3]) continue;
    for (let k = 0; k < 3; k++) {
      low[k] = Math.min(low[k], p[i + k]);
      high[k] = Math.max(high[k], p[i + k]);
    }
  }
  return low.map((value, k) => (value + high[k]) / 2);
}
