// From what there is to entries: what each is called, of what kind, and the address it leads to.

import { folded, ranked } from "./match.js";

const MOST = 40; // shown at once
// What is added to how well an entry fits: of equals the kind of which there are fewer comes first.
const BEFORE = { page: 25, ROI: 20, layer: 15, model: 5, picture: 0 };

const query = (changes) => `?${new URLSearchParams(changes)}`;

const entry = (kind, title, href, more = {}) => ({ kind, title, href, folded: folded(title), before: BEFORE[kind], ...more });

const ofPages = (pages) => pages.map(([title, address]) => entry("page", title, address));

const ofPicture = (split, k, caption, base) =>
  entry("picture", `${split}-${k + 1}${caption ? `  ${caption}` : ""}`, `./${query({ image: `${split}-${k + 1}`, search: "" })}`, {
    picture: base && `${base}/${split}/${k}?s=96`,
  });

/** All entries but pictures that have no words.

`run` is the model on screen: those that differ from it in layer alone are its layers. */
export function allEntries({ pages, roi_page: roiPage }, found, run) {
  const own = found.models.find(([, id]) => id === run);
  const models = found.models.map(([title, id, group, layer]) =>
    own && own[2] === group ? entry("layer", `${layer}  ${title}`, query({ run: id })) : entry("model", title, query({ run: id })),
  );
  return [
    ...ofPages(pages),
    ...found.rois.map(([title, name]) => entry("ROI", title, `${roiPage}${query({ roi: name, vertex: "" })}`)),
    ...models.filter(({ kind }) => kind === "layer"),
    ...models.filter(({ kind }) => kind === "model"),
    ...Object.entries(found.pictures).flatMap(([split, { captions }]) =>
      captions.map((caption, k) => ofPicture(split, k, caption, found.base)),
    ),
  ];
}

/** Entries for what was typed, best first; those of a picture's number before all. */
export function search(entries, found, typed) {
  const words = typed.trim();
  if (!words) return entries.filter(({ kind }) => kind !== "picture").slice(0, MOST);
  const number = /^(?:([a-z]+)[\s-]*)?(\d{1,7})$/i.exec(words);
  const named = !number
    ? []
    : Object.entries(found.pictures)
        .filter(([split, { n }]) => split.startsWith((number[1] ?? "").toLowerCase()) && number[2] > 0 && number[2] <= n)
        .map(([split, { captions }]) => ofPicture(split, number[2] - 1, captions[number[2] - 1], found.base));
  const taken = new Set(named.map(({ href }) => href));
  const others = ranked(entries, words, MOST).filter(({ href }) => !taken.has(href));
  return [...named, ...others].slice(0, MOST);
}

export const NOTHING = { rois: [], models: [], pictures: {}, base: "" };
