// Which triangles need to know all three of their vertices when they are drawn.
//
// Within one region values blend from vertex to vertex, which a graphics card does by itself with
// every vertex worked out once. A triangle that a border crosses has to know what its corners
// belong to. Those are few, whatever the mesh's size.

/**
 * @param mesh {faces, nFlat}: the flat map's faces come first
 * @param same whether two vertices lie on the same side of every border
 * @returns {inner, innerFlat, border, borderFlat}: vertex numbers, three a face, in the mesh's order;
 *   how many of each are the flat map's faces
 */
export function splitFaces({ faces, nFlat }, same) {
  const isBorder = new Uint8Array(faces.length / 3);
  const counts = { inner: 0, innerFlat: 0, border: 0, borderFlat: 0 };
  for (let f = 0; f < isBorder.length; f++) {
    const first = faces[f * 3];
    isBorder[f] = same(first, faces[f * 3 + 1]) && same(first, faces[f * 3 + 2]) ? 0 : 1;
    const kind = isBorder[f] ? "border" : "inner";
    counts[kind] += 1;
    if (f < nFlat) counts[`${kind}Flat`] += 1;
  }
  const lists = [new faces.constructor(counts.inner * 3), new faces.constructor(counts.border * 3)];
  const next = [0, 0];
  for (let f = 0; f < isBorder.length; f++) {
    const kind = isBorder[f];
    for (let k = 0; k < 3; k++) lists[kind][next[kind]++] = faces[f * 3 + k];
  }
  return { inner: lists[0], border: lists[1], innerFlat: counts.innerFlat, borderFlat: counts.borderFlat };
}

/** Every corner of every face: the face's three vertices, and which of them it is. */
export function cornersOf(faces) {
  const corners = new faces.constructor(faces.length * 4);
  for (let f = 0, o = 0; f < faces.length; f += 3) {
    for (let k = 0; k < 3; k++) {
      corners[o++] = faces[f];
      corners[o++] = faces[f + 1];
      corners[o++] = faces[f + 2];
      corners[o++] = k;
    }
  }
  return corners;
}
