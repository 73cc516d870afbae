// Triangles that a border crosses, against looking at each in turn.

import assert from "node:assert/strict";
import test from "node:test";

const at = (name) => new URL(`../../../../dashboard/cortex_view/frontend/pure/${name}.js`, import.meta.url);
const { cornersOf, splitFaces } = await import(at("faces"));

const rows = (flat, n = 3) => Array.from({ length: flat.length / n }, (_, i) => [...flat.slice(i * n, i * n + n)]);

test("every face is in one of two lists, in order, the flat map's first", () => {
  const faces = Uint16Array.from([0, 1, 2, 1, 3, 2, 3, 4, 5, 2, 3, 4, 4, 5, 6, 6, 5, 3, 0, 6, 1]);
  const inside = [1, 1, 1, 1, 0, 0, 1];
  const nFlat = 4;
  const found = splitFaces({ faces, nFlat }, (a, b) => inside[a] === inside[b]);
  const crossed = (face) => new Set(face.map((v) => inside[v])).size > 1;
  const all = rows(faces);
  assert.deepEqual(rows(found.border), all.filter(crossed));
  assert.deepEqual(rows(found.inner), all.filter((face) => !crossed(face)));
  assert.equal(found.borderFlat, all.slice(0, nFlat).filter(crossed).length);
  assert.equal(found.innerFlat + found.borderFlat, nFlat);
  assert.ok(found.border.length && found.inner.length);
  assert.ok(found.inner instanceof Uint16Array);
});

test("a mesh no border crosses has none", () => {
  const found = splitFaces({ faces: Uint32Array.from([0, 1, 2]), nFlat: 0 }, () => true);
  assert.equal(found.border.length, 0);
  assert.deepEqual([...found.inner], [0, 1, 2]);
});

test("every corner knows its face and which of it it is", () => {
  const corners = cornersOf(Uint32Array.from([7, 8, 9, 4, 5, 6]));
  assert.deepEqual(rows(corners, 4), [
    [7, 8, 9, 0], [7, 8, 9, 1], [7, 8, 9, 2], [4, 5, 6, 0], [4, 5, 6, 1], [4, 5, 6, 2],
  ]);
});
