// What the palette finds for what is typed, and where each entry leads.

import assert from "node:assert/strict";
import test from "node:test";

const at = (name) => new URL(`../../dashboard/command_palette/frontend/${name}.js`, import.meta.url);
const { fit, folded } = await import(at("match"));
const { allEntries, search } = await import(at("entries"));

const FOUND = {
  rois: [
    ["FFA-1 left · faces", "FFA-1~left"],
    ["FFA-1 right · faces", "FFA-1~right"],
    ["PPA left · places", "PPA~left"],
  ],
  models: [
    ["Small CNN · trained · block2 · ridge", "run-b2", 0, "block2"],
    ["Small CNN · trained · block4 · ridge", "run-b4", 0, "block4"],
    ["Gabor · energy · ridge", "run-g", 1, "energy"],
  ],
  pictures: {
    test: { n: 3, captions: ["a street", "a face in front of a street", "Café in Paris"] },
    train: { n: 12, captions: ["two faces"] },
  },
  base: "stimuli/x",
};
const HERE = { pages: [["Explore", "./"], ["Compare", "./compare"]], roi_page: "./" };
const entries = allEntries(HERE, FOUND, "run-b4");
const find = (typed) => search(entries, FOUND, typed);
const first = (typed) => find(typed)[0];

test("a few letters in order find a name, close together and whole words before others", () => {
  assert.equal(first("comp").title, "Compare");
  assert.equal(first("cmpr").title, "Compare");
  assert.equal(first("ffa1 ri").title, "FFA-1 right · faces");
  assert.equal(first("ppa").title, "PPA left · places");
  assert.equal(fit("ppa", folded("a striped cup of tea and pears far away")), 0);
  assert.ok(fit("street", folded("a street")) > fit("street", folded("a face in front of a street")));
  assert.ok(fit("face", folded("a face")) > fit("face", folded("a surface")));
  assert.equal(fit("zebra face", folded("a face")), 0);
});

test("case and accents do not matter", () => assert.equal(first("CAFE").href, "./?image=test-3&search="));

test("a picture is found by its number, with or without its split, also one without words", () => {
  assert.deepEqual(find("train-12").map(({ href }) => href)[0], "./?image=train-12&search=");
  assert.deepEqual(find("2").slice(0, 2).map(({ title }) => title), ["test-2  a face in front of a street", "train-2"]);
  assert.equal(find("train-13").length, 0);
  assert.equal(find("0").length, 0);
  // Once, though its words hold the number too.
  assert.equal(find("test 1").filter(({ href }) => href === "./?image=test-1&search=").length, 1);
});

test("the layers of the model on screen are layers, other models are models", () => {
  assert.deepEqual(find("block2").map(({ kind, href }) => [kind, href]), [["layer", "?run=run-b2"]]);
  assert.equal(first("energy").kind, "model");
  assert.deepEqual(allEntries(HERE, FOUND, null).filter(({ kind }) => kind === "layer"), []);
});

test("a ROI is gone to on a page that shows it, and takes the vertex's place", () => {
  assert.equal(first("ppa left").href, "./?roi=PPA%7Eleft&vertex=");
  assert.equal(allEntries({ ...HERE, roi_page: "" }, FOUND, null)[2].href, "?roi=FFA-1%7Eleft&vertex=");
});

test("nothing typed lists everything but pictures; at most forty are shown", () => {
  assert.ok(find(" ").every(({ kind }) => kind !== "picture"));
  const many = { ...FOUND, pictures: { train: { n: 10000, captions: Array(10000).fill("a face") } } };
  assert.equal(search(allEntries(HERE, many, null), many, "face").length, 40);
});
