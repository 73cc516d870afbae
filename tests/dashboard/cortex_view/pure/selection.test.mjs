// Regions, their way to Python and back, and the list of keys, against slower and simpler ways.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { brain } from "./geometry.mjs";

const at = (name) => `../../../../dashboard/cortex_view/frontend/${name}.js`;
const { Camera, presetRotation } = await import(at("pure/camera"));
const { layoutCells } = await import(at("pure/cells"));
const { Echo } = await import(at("pure/echo"));
const { KEYS } = await import(at("pure/keys"));
const { neighboursOf } = await import(at("pure/neighbours"));
const { packNumbers } = await import(at("pure/packing"));
const { pickVertex } = await import(at("pure/picking"));
const { Projection } = await import(at("pure/projection"));
const { Sight } = await import(at("pure/sight"));
const {
  grown, markBits, positionsOf, regionAt, regionMeans, regionWithin, shrunk, sizeOf, union, verticesOf, without,
} = await import(at("pure/region"));
const { Brush } = await import(at("brush"));
const { Keyboard } = await import(at("ui/keyboard"));

const geometry = brain();

/** Two vertices of three have data, the left ones in falling order. */
function space() {
  const sides = {};
  let first = 0;
  for (const side of ["left", "right"]) {
    const { n } = geometry[side];
    const vertices = Uint32Array.from({ length: n }, (_, v) => v).filter((v) => v % 3);
    if (side === "left") vertices.reverse();
    const position = new Int32Array(n).fill(-1);
    vertices.forEach((v, i) => (position[v] = first + i));
    first += vertices.length;
    sides[side] = { vertices, position };
  }
  return { sides };
}

const data = space();

/** Naively: vertex -> the set of vertices that share a face with it. */
function neighboursBySearch({ n, faces }) {
  const sets = Array.from({ length: n }, () => new Set());
  for (let f = 0; f < faces.length; f += 3) {
    for (const [a, b] of [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]) sets[faces[f + a]].add(faces[f + b]);
  }
  return sets;
}

/** side and vertex of a position. */
function placeOf(position) {
  const { left, right } = data.sides;
  const n = left.vertices.length;
  return position < n ? ["left", left.vertices[position]] : ["right", right.vertices[position - n]];
}

test("neighbours are those that share a face, each once, also where the mesh is asked again", () => {
  for (const side of ["left", "right"]) {
    const sets = neighboursBySearch(geometry[side]);
    const { starts, items } = neighboursOf(geometry[side]);
    sets.forEach((set, v) => {
      assert.deepEqual([...items.subarray(starts[v], starts[v + 1])].sort((a, b) => a - b), [...set].sort((a, b) => a - b));
    });
    assert.equal(neighboursOf(geometry[side]), neighboursOf(geometry[side]));
  }
});

for (const [surface, zoom] of [[0, 1], [1, 1.4], [2, 1]]) {
  test(`a line holds the seen vertices with data inside it, surface ${surface}`, () => {
    const camera = new Camera();
    camera.rotation = presetRotation("lateral");
    camera.surface = surface;
    camera.zoom = zoom;
    const projection = new Projection(geometry);
    projection.update(camera);
    const sight = new Sight(layoutCells(800, 500, 1)[0], camera, projection);
    // A triangle: inside is a matter of three signs, not of crossings.
    const corners = [[170.3, 90.7], [690.1, 240.2], [260.4, 440.9]];
    const sign = (p, a, b) => (p[0] - b[0]) * (a[1] - b[1]) - (a[0] - b[0]) * (p[1] - b[1]);
    const inside = (p) => {
      const signs = corners.map((c, i) => sign(p, c, corners[(i + 1) % 3]) > 0);
      return signs.every(Boolean) || !signs.some(Boolean);
    };
    const { body } = sight.cell;
    const expected = [];
    let doubtful = 0;
    const region = regionWithin(data, sight, corners);
    for (let position = 0; position < region.length; position++) {
      const [side, vertex] = placeOf(position);
      const [x, y] = sight.toScreen(side, vertex);
      const onView = x >= body.x && x <= body.x + body.w && y >= body.y && y <= body.y + body.h;
      const { xyz, anchorX } = projection.sides[side];
      const hit = pickVertex(projection, xyz[vertex * 3] + anchorX, xyz[vertex * 3 + 1]);
      const behind = hit ? hit.z - xyz[vertex * 3 + 2] : Infinity;
      const hidden = behind > 0.6 || projection.facing(side, vertex) <= 0 || (surface > 1 && !geometry[side].inFlat[vertex]);
      if (hit && hit.side !== side && (surface < 2 || geometry[side].inFlat[vertex])) doubtful++;
      if (onView && inside([x, y]) && !hidden) expected.push(position);
    }
    assert.equal(doubtful, 0);
    assert.deepEqual(positionsOf(region), expected);
    assert.ok(expected.length > 10);
    const { left, right } = verticesOf(data, region);
    assert.deepEqual([...left.map((v) => ["left", v]), ...right.map((v) => ["right", v])], expected.map(placeOf));
    assert.ok(left.length && right.length);
  });
}

test("a line of two points holds nothing", () => {
  const camera = new Camera();
  const projection = new Projection(geometry);
  projection.update(camera);
  const sight = new Sight(layoutCells(800, 500, 1)[0], camera, projection);
  assert.equal(sizeOf(regionWithin(data, sight, [[0, 0], [800, 500]])), 0);
});

test("a region grows and shrinks by one ring of vertices with data", () => {
  const start = data.sides.right.position[100];
  let region = regionAt(data, [start]);
  const sets = neighboursBySearch(geometry.right);
  let expected = new Set([100]);
  const kept = [];
  for (let ring = 0; ring < 3; ring++) {
    kept.push(region);
    expected = new Set([...expected, ...[...expected].flatMap((v) => [...sets[v]])].filter((v) => v % 3));
    region = grown(data, geometry, region);
    const { left, right } = verticesOf(data, region);
    assert.deepEqual(left, []);
    assert.deepEqual(right, [...expected].sort((a, b) => a - b));
  }
  const less = shrunk(data, geometry, region);
  const inner = [...expected].filter((v) => [...sets[v]].every((o) => o % 3 === 0 || expected.has(o)));
  assert.deepEqual(verticesOf(data, less).right, inner.sort((a, b) => a - b));
  assert.ok(kept.at(-1).every((inside, i) => !inside || less[i]));
});

test("regions are joined and taken away from each other", () => {
  const [a, b] = [regionAt(data, [1, 4, 9, 99999]), regionAt(data, [4, 12])];
  assert.deepEqual(positionsOf(union(a, b)), [1, 4, 9, 12]);
  assert.deepEqual(positionsOf(without(a, b)), [1, 9]);
});

test("means are over real values only, and are the nearest float32", () => {
  const n = data.sides.left.vertices.length + data.sides.right.vertices.length;
  const values = Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7) * 3);
  const holes = values.slice();
  const nLeft = data.sides.left.vertices.length;
  const positions = [0, 3, nLeft - 1, nLeft, nLeft + 5];
  holes[3] = NaN;
  const empty = new Float32Array(n).fill(NaN);
  const model = { space: data, maps: [values, holes, empty] };
  const { left, right, counts, means, n: size } = regionMeans(model, regionAt(data, positions));
  assert.deepEqual([size, left, right, ...counts], [5, 3, 2, 5, 4, 0]);
  assert.equal(means[0], Math.fround((values[0] + values[3] + values[nLeft - 1] + values[nLeft] + values[nLeft + 5]) / 5));
  assert.equal(means[1], Math.fround((values[0] + values[nLeft - 1] + values[nLeft] + values[nLeft + 5]) / 4));
  assert.ok(Number.isNaN(means[2]));
});

test("marks tell the region from what a chart has lit", () => {
  const region = regionAt(data, [0, 1]);
  const bits = markBits({ space: data, geometry }, region, [{ side: "left", vertex: data.sides.left.vertices[1] }, { side: "right", vertex: 7 }, { side: "right", vertex: 1e6 }]);
  assert.equal(bits.left[data.sides.left.vertices[0]], 1);
  assert.equal(bits.left[data.sides.left.vertices[1]], 3);
  assert.equal(bits.right[7], 2);
  assert.equal(bits.left.reduce((a, b) => a + b) + bits.right.reduce((a, b) => a + b), 6);
});

test("numbers are packed as steps of seven bits", () => {
  const bytes = (text) => [...Buffer.from(text, "base64")];
  assert.deepEqual(bytes(packNumbers([])), []);
  assert.deepEqual(bytes(packNumbers([3, 5, 4, 68])), [6, 4, 1, 128, 1]);
  assert.equal(bytes(packNumbers(Array.from({ length: 3432 }, (_, i) => i * 5))).length, 3432);
});

test("what Python gives back of the browser's own words is no order", () => {
  const echo = new Echo();
  assert.equal(echo.isOrder(null), false);
  echo.tell("A");
  echo.tell("AB");
  assert.equal(echo.isOrder("A"), false, "late, and already overtaken");
  assert.equal(echo.isOrder("AB"), false);
  assert.equal(echo.isOrder("AB"), false, "given again");
  assert.equal(echo.isOrder("C"), true);
  assert.equal(echo.isOrder("A"), true, "an older word, given by Python's own will");
  assert.equal(echo.isOrder(null), true, "nothing, after something");
  echo.tell("D");
  echo.tell("E");
  assert.equal(echo.isOrder("E"), false);
  assert.equal(echo.isOrder("D"), true, "what was told before the last answer needs none any more");
});

test("every key that does something is in the list, and the list says no more", () => {
  const nothing = { addEventListener() {} };
  const done = Object.keys(new Keyboard({ navigation: {}, pointing: {}, brush: {} }, nothing).actions);
  const listed = KEYS.flatMap(([, rows]) => rows.flatMap(([keys]) => keys));
  assert.deepEqual([...listed].sort(), [...done].sort());
  const readme = readFileSync(new URL("../../../../dashboard/cortex_view/README.md", import.meta.url), "utf8");
  const section = readme.slice(readme.indexOf("## Pointing and keys"), readme.indexOf("## To take away"));
  const names = { ArrowLeft: "arrows", ArrowRight: "arrows", ArrowUp: "arrows", ArrowDown: "arrows", "=": "`+`", Escape: "`Esc`" };
  for (const key of listed) {
    const printed = names[key] || (/[2-5]/.test(key) ? "`1`-`6`" : `\`${key}\``);
    assert.ok(section.includes(printed), `the README does not tell of ${printed}`);
  }
});

/** A viewer without a screen: what the brush asks of it, and what it would tell Python. */
function deafViewer() {
  const told = [];
  const facts = ({ side, vertex }) => ({ position: data.sides[side].position[vertex] });
  return {
    told,
    model: { space: data, geometry, facts },
    pointing: { hovered: { side: "right", vertex: 100 } },
    stage: { redraw() {}, redrawText() {} },
    toolChanged() {},
    setTriggerValue: (name, value) => told.push([name, value]),
  };
}

test("an empty region given by Python is none, and one given back is taken over once", () => {
  const viewer = deafViewer();
  const brush = new Brush(viewer);
  const message = (positions) => ({ space: data, region: positions && Uint32Array.from(positions) });
  brush.accept(message([]), true);
  assert.equal(brush.region, null);
  brush.grow();
  assert.deepEqual(positionsOf(brush.region), [data.sides.right.position[100]]);
  brush.tell();
  const own = [...positionsOf(brush.region)];
  brush.grow();
  const more = positionsOf(brush.region);
  brush.accept(message(own), false);
  assert.deepEqual(positionsOf(brush.region), more, "an echo undoes nothing");
  brush.accept(message([3, 5]), false);
  assert.deepEqual(positionsOf(brush.region), [3, 5]);
  brush.accept(message([]), false);
  assert.equal(brush.region, null);
  brush.clear();
  assert.equal(viewer.told.length, 1, "what Python did is not told to Python");
});

test("another subject's space drops the region, or takes the one that comes with it", () => {
  const viewer = deafViewer();
  const brush = new Brush(viewer);
  brush.accept({ space: data, region: null }, true);
  brush.grow();
  brush.tell();
  brush.accept({ space: data, region: null }, true);
  assert.equal(brush.region, null);
  brush.accept({ space: data, region: Uint32Array.from([7]) }, true);
  assert.deepEqual(positionsOf(brush.region), [7]);
});
