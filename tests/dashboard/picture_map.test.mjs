// The plane on which pictures lie: what is seen of it, what is encircled, where an arrow leads.

import assert from "node:assert/strict";
import test from "node:test";

const { held, isInside, moved, nextPoint, seen, ticks, unseen, WHOLE, zoomed } = await import(
  new URL("../../dashboard/stimulus_gallery/frontend/plane.js", import.meta.url)
);
const near = (a, b) => a.forEach((value, k) => assert.ok(Math.abs(value - b[k]) < 1e-12, `${a} is not ${b}`));

test("what is under the pointer stays there while the plane is magnified", () => {
  const before = zoomed(WHOLE, 3, 0.7, 0.2);
  const point = unseen(before, [0.6, 0.9]);
  near(seen(zoomed(before, 2, 0.6, 0.9), point), [0.6, 0.9]);
});

test("seen and unseen undo each other", () => near(unseen(held({ zoom: 4, left: 0.3, top: 0.1 }), seen(held({ zoom: 4, left: 0.3, top: 0.1 }), [0.4, 0.2])), [0.4, 0.2]));

test("no view leaves the whole, and the whole cannot be moved", () => {
  assert.deepEqual(moved(WHOLE, 0.3, -0.2), WHOLE);
  assert.deepEqual(held({ zoom: 2, left: 0.9, top: -1 }), { zoom: 2, left: 0.5, top: 0 });
  assert.equal(zoomed(WHOLE, 1e9, 0.5, 0.5).zoom, 30);
  assert.deepEqual(zoomed(held({ zoom: 2, left: 0.5, top: 0.5 }), 0.1, 0.5, 0.5), WHOLE);
});

test("what an outline encircles, its bay left out", () => {
  const outline = [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]];
  assert.ok(isInside([0.5, 2], outline));
  assert.ok(!isInside([2, 3], outline));
  assert.ok(!isInside([5, 1], outline));
});

test("an arrow leads to the next picture in its direction, not to a nearer one aside", () => {
  const points = [[0, 0], [0.3, 0.02], [0.05, 0.4], [-0.1, 0]];
  assert.equal(nextPoint(points, 0, [1, 0]), 1);
  assert.equal(nextPoint(points, 0, [0, 1]), 2);
  assert.equal(nextPoint(points, 0, [-1, 0]), 3);
  assert.equal(nextPoint(points, 3, [-1, 0]), -1);
});

test("ticks are round and share their decimals", () => {
  assert.deepEqual(ticks(-0.62, 0.61, 5).map(([, words]) => words), ["−0.5", "0.0", "0.5"]);
  assert.deepEqual(ticks(9, 52, 5).map(([value]) => value), [10, 20, 30, 40, 50]);
});
