// A written view, read by another viewer, is the same view; what is usual is left out.

import assert from "node:assert/strict";
import test from "node:test";

const at = (name) => new URL(`../../../../dashboard/cortex_view/frontend/pure/${name}.js`, import.meta.url);
const { State } = await import(at("state"));
const { Model } = await import(at("model"));
const { writeView } = await import(at("address"));

const groups = { all: ["early visual", "faces", "streams"], initial: ["early visual", "faces"] };

function fresh() {
  const state = new State();
  state.shownGroups = new Set(groups.initial);
  return state;
}

test("outlines come back after a brain without ROIs, and what was hidden stays hidden", () => {
  const none = { all: [], initial: [] };
  const state = new State();
  state.meetGroups(none);
  assert.equal(state.toView(none).groups, undefined);
  state.meetGroups(groups);
  assert.equal(state.toView(groups).groups, undefined);
  state.shownGroups.delete("faces");
  const others = { all: ["faces", "words"], initial: ["faces", "words"] };
  for (const next of [none, others, groups]) state.meetGroups(next);
  assert.deepEqual(state.toView(groups).groups, ["early visual"]);
  assert.deepEqual(state.toView(others).groups, ["words"]);
});

test("own cameras at rest stay so beside a shared one that is not", () => {
  const state = fresh();
  Object.assign(state.shared, { zoom: 2.5, pan: [0.1, -0.2] });
  state.setLocked(1, false);
  state.own.get(1).recentre();
  state.setLocked(3, false);
  const other = fresh();
  other.applyView(JSON.parse(JSON.stringify(state.toView(groups))));
  assert.deepEqual(other.own.get(1).pan, [0, 0]);
  assert.equal(other.own.get(1).zoom, 1);
  assert.equal(other.own.get(3).zoom, 2.5);
  assert.deepEqual(other.toView(groups), state.toView(groups));
});

test("zoom and pan of before framing show whole brains; written now they keep what they frame", () => {
  const old = fresh();
  old.applyView({ zoom: 2, own: { 1: { preset: "ventral" }, 2: { pan: [0.1, 0] } } });
  assert.deepEqual([old.shared, old.own.get(1), old.own.get(2)].map(({ whole }) => whole), [true, true, true]);
  const state = fresh();
  state.setLocked(1, false);
  state.own.get(1).whole = true;
  assert.equal(state.toView(groups).framing, undefined);
  state.shared.zoom = 3;
  state.setLocked(2, false);
  state.own.get(2).recentre();
  const other = fresh();
  other.applyView(JSON.parse(JSON.stringify(state.toView(groups))));
  assert.deepEqual([other.shared, other.own.get(1), other.own.get(2)].map(({ whole }) => whole), [false, true, false]);
  assert.equal(writeView(state.toView(groups), fresh().toView(groups)).split("~v")[0], "z3~w0");
});

test("a rounded rotation is the same when it is read and written again", () => {
  const state = fresh();
  for (let turn = 0; turn < 300; turn++) {
    state.shared.drag(0.3, -0.07, "left");
    const view = state.toView(groups);
    const next = fresh();
    next.applyView(view);
    assert.deepEqual(next.toView(groups), view);
  }
  const length = fresh();
  length.applyView({ rotation: [2, 0, 0, 0] });
  assert.deepEqual(length.shared.rotation, [1, 0, 0, 0]);
});

test("a view as at first is written as nothing, and only what differs otherwise", () => {
  const usual = fresh().toView(groups);
  assert.equal(writeView(usual, usual), "");
  const state = fresh();
  state.threshold = 0.5;
  assert.equal(writeView(state.toView(groups), usual), "t.5");
  state.shared.surface = 2;
  state.shownGroups.add("streams");
  assert.equal(writeView(state.toView(groups), usual), "s2~t.5~kearly-visual_faces_streams");
});

test("a brain is outlined at first by those usual groups that it has", () => {
  const ofBrain = (names, shown) =>
    Object.getOwnPropertyDescriptor(Model.prototype, "groups").get.call({
      space: { groups: names.map((name) => ({ name })), shown },
    });
  assert.deepEqual(ofBrain([], ["faces", "words"]).initial, []);
  assert.deepEqual(ofBrain(["words", "streams"], ["faces", "words"]).initial, ["words"]);
  assert.deepEqual(ofBrain(["words"], null).initial, ["words"]);
});
