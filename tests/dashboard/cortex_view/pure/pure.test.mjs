// The viewer's arithmetic without a browser, against slower and simpler ways to the same answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brain } from "./geometry.mjs";

const at = (name) => `../../../../dashboard/cortex_view/frontend/${name}.js`;
const { Camera, PRESETS, presetRotation } = await import(at("pure/camera"));
const { layoutCells, shortened } = await import(at("pure/cells"));
const { chooseLabels, overlap, placeLabels } = await import(at("pure/labels"));
const { fromHex, fromOklab, toOklab } = await import(at("pure/colour"));
const { Projection } = await import(at("pure/projection"));
const { mirror, multiply, normalise, slerp, toMatrix } = await import(at("pure/quaternion"));
const { entryOf, hiddenBand, colourOf } = await import(at("pure/scales"));
const { isVisible, pickVertex } = await import(at("pure/picking"));
const { readable } = await import(at("pure/numbers"));
const { Sight } = await import(at("pure/sight"));
const { prepareSpace } = await import(at("pure/space"));
const { State, canonical } = await import(at("pure/state"));
const { between } = await import(at("motion"));

/** Repeatable numbers in 0..1. */
function random(seed) {
  let s = seed;
  return () => ((s = (s * 1103515245 + 12345) % 2147483648) / 2147483648);
}

function seenFrom(surface, preset = null, seed = 1) {
  const camera = new Camera();
  const next = random(seed);
  camera.rotation = preset ? presetRotation(preset) : normalise([next(), next() - 0.5, next() - 0.5, next() - 0.5]);
  camera.surface = surface;
  const projection = new Projection(brain());
  projection.update(camera);
  return { camera, projection };
}

/** Every triangle tried, with barycentric weights from Cramer's rule. */
function pickBySearch(projection, x, y) {
  let best = null;
  for (const side of ["left", "right"]) {
    const mesh = projection.geometry[side];
    const { xyz, anchorX } = projection.sides[side];
    const count = projection.flat ? mesh.nFlat : mesh.nFaces;
    for (let f = 0; f < count; f++) {
      const corners = [0, 1, 2].map((k) => mesh.faces[f * 3 + k]);
      const [a, b, c] = corners.map((v) => [xyz[v * 3] + anchorX, xyz[v * 3 + 1], xyz[v * 3 + 2]]);
      const d = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1]);
      if (!d) continue;
      const wa = ((b[1] - c[1]) * (x - c[0]) + (c[0] - b[0]) * (y - c[1])) / d;
      const wb = ((c[1] - a[1]) * (x - c[0]) + (a[0] - c[0]) * (y - c[1])) / d;
      const wc = 1 - wa - wb;
      if (Math.min(wa, wb, wc) < 0) continue;
      const z = wa * a[2] + wb * b[2] + wc * c[2];
      if (best && z <= best.z) continue;
      const near = [a, b, c].map((p) => Math.hypot(p[0] - x, p[1] - y, p[2] - z));
      best = { side, z, vertex: corners[near.indexOf(Math.min(...near))] };
    }
  }
  return best;
}

for (const surface of [0, 0.4, 1, 1.5, 2]) {
  test(`picking finds what a search over all triangles finds, surface ${surface}`, () => {
    const { projection } = seenFrom(surface);
    const next = random(7);
    let hits = 0;
    for (let i = 0; i < 300; i++) {
      const x = (next() - 0.5) * projection.width * 1.1;
      const y = (next() - 0.5) * projection.height * 1.1 - projection.anchorY;
      const expected = pickBySearch(projection, x, y);
      const found = pickVertex(projection, x, y);
      assert.equal(Boolean(found), Boolean(expected));
      if (!expected) continue;
      hits++;
      assert.deepEqual([found.side, found.vertex], [expected.side, expected.vertex]);
      assert.ok(Math.abs(found.z - expected.z) < 1e-3);
    }
    assert.ok(hits > 100);
  });
}

test("a vertex is picked at its own place where it is seen, also after the brain moved", () => {
  const { camera, projection } = seenFrom(1);
  for (const preset of PRESETS) {
    camera.rotation = presetRotation(preset);
    projection.update(camera);
    let seen = 0;
    for (let v = 0; v < projection.geometry.left.n; v++) {
      if (!isVisible(projection, "left", v) || projection.facing("left", v) < 0.3) continue;
      const { xyz, anchorX } = projection.sides.left;
      const hit = pickVertex(projection, xyz[v * 3] + anchorX, xyz[v * 3 + 1]);
      assert.deepEqual([hit.side, hit.vertex], ["left", v]);
      seen++;
    }
    assert.ok(seen > 30);
  }
});

test("the hemispheres never overlap and are framed exactly", () => {
  for (const surface of [0, 1, 2]) {
    const { camera, projection } = seenFrom(surface, null, 5);
    const { left, right } = projection.sides;
    assert.ok(right.box[0] + right.anchorX - (left.box[2] + left.anchorX) > 8.9);
    const [cell] = layoutCells(700, 400, 1);
    const sight = new Sight(cell, camera, projection);
    const ends = [left.box[0] + left.anchorX, right.box[2] + right.anchorX].map((x) => sight.x + x * sight.scale);
    const gaps = [ends[0] - cell.body.x, cell.body.x + cell.body.w - ends[1]];
    assert.ok(Math.abs(gaps[0] - gaps[1]) < 1e-3);
    assert.ok(Math.min(...gaps) >= 0.04 * cell.body.w - 1e-6);
  }
});

/** A subject with some vertices of each side; of those without any its list is empty. */
function subject(geometry, vertices) {
  const header = { rois: [], shown: null };
  return prepareSpace(header, { left_vertices: vertices.left, right_vertices: vertices.right }, geometry);
}

test("the data are framed whole, in the middle and as large as there is room, on every surface and side", () => {
  const geometry = brain();
  const vertices = { left: [20, 33, 50, 61, 70], right: [40, 41, 58, 90] };
  const space = subject(geometry, vertices);
  assert.ok(space.partial);
  for (const surface of [0, 0.5, 1, 1.5, 2]) {
    for (const preset of PRESETS) {
      const camera = new Camera();
      camera.applyView({ preset, surface });
      const projection = new Projection(geometry);
      projection.update(camera, space);
      const [cell] = layoutCells(700, 400, 1);
      const sight = new Sight(cell, camera, projection);
      const on = ["left", "right"].flatMap((side) =>
        vertices[side].filter((v) => !projection.flat || geometry[side].inFlat[v]).map((v) => sight.toScreen(side, v)));
      const box = [0, 1].flatMap((k) => [Math.min(...on.map((p) => p[k])), Math.max(...on.map((p) => p[k]))]);
      const { body } = cell;
      const gaps = [box[0] - body.x, body.x + body.w - box[1], box[2] - body.y, body.y + body.h - box[3]];
      assert.ok(Math.abs(gaps[0] - gaps[1]) < 1e-3 && Math.abs(gaps[2] - gaps[3]) < 1e-3);
      const [mx, my] = [0.04 * body.w, 6];
      assert.ok(gaps[0] >= mx - 1e-3 && gaps[2] >= my - 1e-3);
      assert.ok(Math.abs(gaps[0] - mx) < 1e-3 || Math.abs(gaps[2] - my) < 1e-3);
    }
  }
});

test("the whole brain is framed on demand, where data are all of it, and where there are none", () => {
  const geometry = brain();
  const all = (side) => Array.from({ length: geometry[side].n }, (_, v) => v);
  const spaces = [
    [{ left: [20, 33], right: [40] }, true], [{ left: all("left"), right: all("right") }, false], [{ left: [], right: [] }, false],
  ];
  for (const [vertices, whole] of spaces) {
    const camera = new Camera();
    camera.whole = whole;
    const [shown, usual] = [new Projection(geometry), new Projection(geometry)];
    shown.update(camera, subject(geometry, vertices));
    usual.update(camera);
    const [cell] = layoutCells(700, 400, 1);
    const [a, b] = [shown, usual].map((projection) => new Sight(cell, camera, projection));
    assert.deepEqual([a.close, a.scale, a.x, a.y], [false, b.scale, b.x, b.y]);
  }
});

test("another subject on the same brain is framed anew, the same one never", () => {
  const geometry = brain();
  const [first, second] = [{ left: [20, 33], right: [40] }, { left: [], right: [58, 90] }].map((v) => subject(geometry, v));
  const projection = new Projection(geometry);
  const camera = new Camera();
  projection.update(camera, first);
  const { data } = projection;
  projection.update(camera, first);
  assert.equal(projection.data, data);
  projection.update(camera, second);
  assert.notDeepEqual(projection.data, data);
});

test("a change of framing begins with the picture that was there", () => {
  const geometry = brain();
  const projection = new Projection(geometry);
  const camera = new Camera();
  projection.update(camera, subject(geometry, { left: [20, 33, 50], right: [40] }));
  Object.assign(camera, { zoom: 1.7, pan: [0.1, -0.05] });
  const [, cell] = layoutCells(900, 500, 2);
  const before = new Sight(cell, camera, projection);
  camera.whole = true;
  camera.recentre();
  Object.assign(camera, new Sight(cell, camera, projection).matching(before));
  const after = new Sight(cell, camera, projection);
  for (const key of ["x", "y", "scale"]) assert.ok(Math.abs(after[key] - before[key]) < 1e-9);
});

test("screen and millimetres are each other's inverse", () => {
  const { camera, projection } = seenFrom(1);
  camera.zoom = 2.3;
  camera.pan = [0.1, -0.2];
  const sight = new Sight(layoutCells(900, 500, 2)[1], camera, projection);
  const [x, y] = sight.toScreen("right", 20);
  const [mx, my] = sight.fromScreen(x, y);
  const { xyz, anchorX } = projection.sides.right;
  assert.ok(Math.abs(mx - xyz[60] - anchorX) < 1e-4);
  assert.ok(Math.abs(my - xyz[61]) < 1e-4);
});

test("the morph ends exactly on each surface", () => {
  for (const surface of [0, 1, 2]) {
    const { projection } = seenFrom(surface);
    const mesh = projection.geometry.right;
    const target = mesh.positions[surface];
    const { matrix, centre, xyz } = projection.sides.right;
    for (let v = 0; v < mesh.n; v += 11) {
      const p = [0, 1, 2].map((k) => target[v * 3 + k] - centre[k]);
      for (let row = 0; row < 3; row++) {
        const expected = Math.fround(matrix[row * 3] * p[0] + matrix[row * 3 + 1] * p[1] + matrix[row * 3 + 2] * p[2]);
        assert.ok(Math.abs(xyz[v * 3 + row] - expected) < 1e-4);
      }
    }
  }
  const [start, end] = [{ rotation: [1, 0, 0, 0], surface: 0.3, zoom: 3, pan: [1, 2] }, { rotation: [0, 1, 0, 0], surface: 2, zoom: 0.1, pan: [0, 0] }];
  assert.deepEqual(between(start, end, 1), end);
});

test("left and right turn as mirror images", () => {
  const q = normalise([0.3, -0.2, 0.7, 0.4]);
  const [m, n] = [toMatrix(q), toMatrix(mirror(q))];
  const flip = (i) => (i % 3 === 0 ? -1 : 1) * (i < 3 ? -1 : 1);
  m.forEach((value, i) => assert.ok(Math.abs(n[i] - value * flip(i)) < 1e-12));
});

test("slerp of a turn about one axis turns evenly", () => {
  const turn = (angle) => [Math.cos(angle / 2), 0, Math.sin(angle / 2), 0];
  const half = slerp(turn(0.2), turn(1.4), 0.5);
  turn(0.8).forEach((value, i) => assert.ok(Math.abs(half[i] - value) < 1e-12));
  assert.ok(Math.abs(Math.hypot(...multiply(half, turn(2))) - 1) < 1e-12);
});

test("unlocking gives a view a camera of its own that starts where it was", () => {
  const state = new State();
  state.shared.zoom = 1.5;
  state.setLocked(1, false);
  state.cameraOf(1).zoom = 4;
  assert.equal(state.cameraOf(0).zoom, 1.5);
  assert.equal(state.cameraOf(2), state.shared);
  state.setLocked(1, true);
  assert.equal(state.cameraOf(1).zoom, 1.5);
});

test("a state written down and read again is the same state", () => {
  const groups = { all: ["faces", "places"], initial: ["faces", "places"] };
  const state = new State();
  state.shownGroups = new Set(["places"]);
  assert.deepEqual(Object.keys(state.toView(groups)).sort(), ["groups", "rotation", "surface"]);
  state.setLocked(2, false);
  state.cameraOf(2).applyView({ preset: "ventral", surface: 0.25, zoom: 2, pan: [0.1, 0.2] });
  Object.assign(state, { threshold: [-0.4, 1], range: [-3, 3], opacity: 0.5, labels: false, tables: { diverging: "purple green" }, reliability: [0.1, 0.4] });
  const view = JSON.parse(JSON.stringify(state.toView(groups)));
  const again = new State();
  again.applyView(view);
  assert.equal(canonical(again.toView(groups)), canonical(view));
  assert.equal(again.cameraOf(2).preset, "ventral");
});

test("each of several scales keeps its own range, threshold and table", () => {
  const state = new State();
  state.chooseColours(0, "sequential", { threshold: 0.2 });
  state.chooseColours(1, "diverging", { threshold: [-0.1, 0.3] });
  state.chooseColours(1, "diverging", { range: [-2, 2] });
  state.chooseColours(1, "diverging", { table: "purple green" });
  assert.deepEqual(state.coloursOf(0, "sequential"), { threshold: 0.2, range: null, table: undefined });
  assert.deepEqual(state.coloursOf(1, "diverging"), { threshold: [-0.1, 0.3], range: [-2, 2], table: "purple green" });
  assert.deepEqual(state.coloursOf(2, "diverging"), { threshold: 0, range: null, table: undefined });
  const view = state.toView({ all: [], initial: [] });
  assert.deepEqual(view.scales, { 1: { threshold: [-0.1, 0.3], range: [-2, 2], table: "purple green" } });
  const again = new State();
  again.applyView(view);
  assert.deepEqual(again.toView({ all: [], initial: [] }), view);
  // Another scale in its place keeps no range of the old one.
  again.forgetRange(1);
  assert.equal(again.coloursOf(1, "diverging").range, null);
  assert.deepEqual(again.coloursOf(1, "diverging").threshold, [-0.1, 0.3]);
  again.resetColour();
  assert.deepEqual(again.coloursOf(1, "diverging"), { threshold: 0, range: null, table: undefined });
});

test("two texts of one view are equal whatever the order of keys", () => {
  assert.equal(canonical({ a: 1, b: { d: [2, 1], c: 3 } }), canonical({ b: { c: 3, d: [2, 1] }, a: 1 }));
});

test("the highest value gets the top colour and values wrap only on a circle", () => {
  assert.equal(entryOf("diverging", [-2, 2], 2), 255);
  assert.equal(entryOf("diverging", [-2, 2], 9), 255);
  assert.equal(entryOf("diverging", [-2, 2], -9), 0);
  assert.equal(entryOf("sequential", [0, 1], 0.5), 128);
  assert.equal(entryOf("cyclic", [-Math.PI, Math.PI], Math.PI), entryOf("cyclic", [-Math.PI, Math.PI], -Math.PI));
  assert.equal(entryOf("cyclic", [0, 360], 450), entryOf("cyclic", [0, 360], 90));
  assert.equal(entryOf("categorical", [0, 7], 3), 3);
});

test("a threshold hides both signs of a diverging map and the low end of a sequential one", () => {
  assert.deepEqual(hiddenBand("diverging", 0.6), [-0.6, 0.6]);
  assert.deepEqual(hiddenBand("diverging", [-0.2, 0.7]), [-0.2, 0.7]);
  assert.deepEqual(hiddenBand("sequential", 0.3), [-Infinity, 0.3]);
  assert.equal(hiddenBand("categorical", 3), null);
  assert.equal(hiddenBand("diverging", 0), null);
  const view = { kind: "diverging", range: [-1, 1], hidden: [-0.5, 0.5], rgb: new Uint8Array(768).fill(9) };
  assert.equal(colourOf(view, 0.49), null);
  assert.equal(colourOf(view, NaN), null);
  assert.deepEqual(colourOf(view, 0.5), [9, 9, 9]);
  assert.deepEqual(colourOf(view, -0.6), [9, 9, 9]);
});

test("cells cover the stage without overlapping, one to six", () => {
  for (const [w, h] of [[1440, 500], [390, 620], [700, 700]]) {
    for (let n = 1; n <= 6; n++) {
      const cells = layoutCells(w, h, n);
      assert.equal(cells.length, n);
      const boxes = cells.map((c) => [c.x, c.y, c.x + c.w, c.y + c.h]);
      boxes.forEach((box, i) => {
        assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= w + 1e-9 && box[3] <= h + 1e-9);
        boxes.slice(0, i).forEach((other) => {
          const inner = [box[0] + 1e-6, box[1] + 1e-6, box[2] - 1e-6, box[3] - 1e-6];
          assert.ok(!overlap(inner, other));
        });
      });
    }
  }
});

test("labels never overlap, and small brains carry fewer", () => {
  const { camera, projection } = seenFrom(1, "lateral");
  const groups = ["a", "b", "c"];
  const space = { names: [], rois: [] };
  for (let i = 0; i < 40; i++) {
    const members = [60 + i * 3, 61 + i * 3, 62 + i * 3].slice(0, 1 + (i % 3));
    space.rois.push({ name: `region ${i}`, side: i % 2 ? "left" : "right", group: groups[i % 3], bit: i, members });
  }
  const labels = chooseLabels(space, projection, () => true, (roi) => roi.name === "region 4", false);
  assert.ok(labels.length > 10);
  const raised = labels.findIndex((label) => label.name === "region 4");
  assert.ok(raised <= 0);
  const placed = (w, h, letter = 6.5) =>
    placeLabels(labels, new Sight(layoutCells(w, h, 1)[0], camera, projection), {
      widthOf: (name) => name.length * letter, height: 15, taken: [], hints: new Map(),
    });
  const holds = ([left, top, right, bottom], x, y) => x > left && x < right && y > top && y < bottom;
  for (const [letter, ...size] of [[6.5, 900, 600], [20, 900, 600], [6.5, 300, 200]]) {
    const names = placed(...size, letter);
    const boxes = names.map(({ box }) => box);
    boxes.forEach((box, i) => boxes.slice(0, i).forEach((other) => assert.ok(!overlap(box, other))));
    // Each stands on its ROI, or a line leads there that runs under no name.
    const sight = new Sight(layoutCells(...size, 1)[0], camera, projection);
    for (const { label, box, leader } of names) {
      const at = sight.toScreen(label.side, label.vertex);
      assert.equal(Boolean(leader), !holds(box, ...at));
      if (!leader) continue;
      assert.deepEqual(leader.slice(0, 2), at);
      for (let i = 0; i <= 20; i++) {
        const on = [0, 1].map((k) => leader[k] + ((leader[k + 2] - leader[k]) * i) / 20);
        assert.ok(!boxes.some((other) => other !== box && holds([other[0] + 2, other[1] + 2, other[2] - 2, other[3] - 2], ...on)));
      }
    }
  }
  assert.ok(placed(900, 600, 20).some(({ leader }) => leader));
  assert.ok(placed(300, 200).length < placed(900, 600).length);
  // However short the names.
  const [small] = layoutCells(300, 160, 1);
  const options = { widthOf: () => 1, height: 2, taken: [], hints: new Map() };
  assert.ok(placeLabels(labels, new Sight(small, camera, projection), options).length <= 8);
});

test("OKLab there and back is the same colour", () => {
  for (const hex of ["#c8452f", "#2f6fd0", "#5b6b8c"]) {
    fromOklab(toOklab(fromHex(hex))).forEach((value, i) => assert.ok(Math.abs(value - fromHex(hex)[i]) < 1e-3));
  }
});

test("a value is printed with four digits, and a whole number whole", () => {
  const printed = { "-1.1405979": "−1.141", 0.42716: "0.4272", 12.34567: "12.35", 123456: "123456", 7: "7", "-0": "0", 0.00012348: "0.0001235" };
  for (const [value, text] of Object.entries(printed)) assert.equal(readable(Math.fround(Number(value))), text);
  assert.equal(readable(-1e-9), "−1e−9");
  assert.equal(readable(NaN), "no value");
});

test("a text that is too long keeps what tells models apart", () => {
  const measure = (text) => text.length;
  const model = "Small CNN · untrained, seed 0 · block4 · ridge";
  assert.equal(shortened(model, 60, measure), model);
  for (const width of [24, 30, 40]) {
    const short = shortened(model, width, measure);
    assert.ok(short.length <= width && short.startsWith("Small CNN".slice(0, 8)), short);
    assert.ok(short.endsWith("lock4 · ridge"), short);
  }
  assert.equal(shortened("single-trial z, averaged", 10, measure), "single-tr…");
  assert.equal(shortened("abc", 0, measure), "…");
});
