// ROI borders as paths, ROI means, and what the colour bar's handles choose.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brain } from "./geometry.mjs";

const at = (name) => `../../../../dashboard/cortex_view/frontend/pure/${name}.js`;
const { borderPaths } = await import(at("borders"));
const { roiMeans } = await import(at("means"));
const { axisOf, handlesOf, histogram, moveHandle } = await import(at("axis"));

function masksOf(n, members, bit) {
  const masks = new Uint32Array(n * 2);
  for (const v of members) masks[v * 2 + (bit >> 5)] |= 1 << (bit & 31);
  return masks;
}

test("a border is one closed path round a patch, and crosses every mixed edge once", () => {
  const mesh = brain().right;
  // A vertex and its neighbours, far from the cut.
  const middle = mesh.faces[200];
  const members = new Set([middle]);
  for (let f = 0; f < mesh.faces.length; f += 3) {
    const corners = [...mesh.faces.subarray(f, f + 3)];
    if (corners.includes(middle)) corners.forEach((v) => members.add(v));
  }
  const paths = borderPaths(mesh.faces, mesh.nFaces, masksOf(mesh.n, members, 40), 40);
  assert.equal(paths.length, 1);
  assert.ok(paths[0].closed);
  const mixed = new Set();
  for (let f = 0; f < mesh.faces.length; f += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b] = [mesh.faces[f + k], mesh.faces[f + ((k + 1) % 3)]];
      if (members.has(a) && !members.has(b)) mixed.add(`${a},${b}`);
      if (members.has(b) && !members.has(a)) mixed.add(`${b},${a}`);
    }
  }
  assert.deepEqual(new Set(paths[0].points.map((p) => p.join())), mixed);
  assert.equal(paths[0].points.length, mixed.size);
});

test("a border that runs into the mesh's rim stays open and whole", () => {
  // A strip of six vertices; the border between {0, 1} and the rest crosses it once.
  const faces = Uint16Array.from([0, 1, 2, 1, 3, 2, 2, 3, 4, 3, 5, 4]);
  const paths = borderPaths(faces, 4, masksOf(6, [0, 1], 3), 3);
  assert.equal(paths.length, 1);
  assert.equal(paths[0].closed, false);
  assert.deepEqual(paths[0].points.map((p) => p.join()).sort(), ["0,2", "1,2", "1,3"]);
  assert.equal(paths[0].points[1].join(), "1,2");
});

test("two patches of one ROI have two borders", () => {
  const mesh = brain().left;
  const paths = borderPaths(mesh.faces, mesh.nFaces, masksOf(mesh.n, [0, mesh.n - 1], 0), 0);
  assert.equal(paths.length, 2);
});

test("means leave out NaN and vertices without data", () => {
  const space = {
    rois: [
      { name: "A", side: "left", members: [1, 2, 3] },
      { name: "B", side: "right", members: [0] },
    ],
    sides: {
      left: { position: Int32Array.from([-1, 0, 1, 2]) },
      right: { position: Int32Array.from([-1, 3]) },
    },
  };
  const maps = [Float32Array.from([1, 3, NaN, 9]), Float32Array.from([NaN, NaN, NaN, 9])];
  const found = roiMeans({ space, maps, counts: [null, null] });
  assert.deepEqual(found, [{ name: "A", side: "left", n: 3, means: [2, NaN] }]);
  // Values that are means themselves weigh as much as what is behind them.
  const counts = [Uint8Array.from([3, 1, 0, 5]), null];
  assert.deepEqual(roiMeans({ space, maps, counts })[0], { name: "A", side: "left", n: 4, means: [1.5, NaN] });
});

test("the axis holds all values and is symmetric where the scale is", () => {
  const maps = [Float32Array.from([-1, 4, NaN]), Float32Array.from([0.5])];
  assert.deepEqual(axisOf(maps, [-2, 2], [-2, 2], true), [-4, 4]);
  assert.deepEqual(axisOf(maps, [0, 1], [0, 5], false), [-1, 5]);
  assert.deepEqual([...histogram(maps, [-1, 4], 5)], [1, 1, 0, 0, 1]);
});

test("handles move both sides of a diverging scale, or one alone", () => {
  const view = { kind: "diverging", range: [-2, 2], hidden: null };
  assert.deepEqual(handlesOf(view), { low: -2, below: 0, above: 0, high: 2 });
  assert.deepEqual(moveHandle("low", -3, view, [-4, 4]), { range: [-3, 3] });
  assert.deepEqual(moveHandle("above", 0.5, view, [-4, 4]), { threshold: 0.5 });
  assert.deepEqual(moveHandle("below", -0.5, view, [-4, 4]), { threshold: 0.5 });
  const set = { ...view, hidden: [-0.5, 0.5] };
  assert.deepEqual(moveHandle("above", 1, set, [-4, 4], true), { threshold: [-0.5, 1] });
  assert.deepEqual(moveHandle("above", 0.01, set, [-4, 4]), { threshold: 0 });
  assert.deepEqual(moveHandle("high", 99, view, [-4, 4]), { range: [-4, 4] });
  assert.ok(moveHandle("high", -1, view, [-4, 4]).range[1] > 0);
});

test("the ends of a sequential range cannot pass each other", () => {
  const view = { kind: "sequential", range: [0, 1], hidden: [-Infinity, 0.2] };
  assert.deepEqual(handlesOf(view), { low: 0, above: 0.2, high: 1 });
  const { range } = moveHandle("low", 5, view, [0, 2]);
  assert.ok(range[0] < range[1]);
  assert.deepEqual(moveHandle("above", 0.4, view, [0, 2]), { threshold: 0.4 });
  assert.deepEqual(handlesOf({ kind: "categorical", range: [0, 7], hidden: null }), {});
});
