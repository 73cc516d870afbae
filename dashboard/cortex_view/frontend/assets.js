// Fetches what stays the same between images, once per page, and prepares it for drawing.

import { unpack } from "./container.js";
import { buildMesh } from "./mesh.js";

export const SIDES = ["left", "right"];

const fetched = new Map(); // hash -> promise; shared by all viewers of the page

function fetchOnce(hash, prepare) {
  if (!fetched.has(hash)) {
    const loading = load(hash).then(prepare);
    // A failure must not stick: the server may have been restarting.
    loading.catch(() => fetched.delete(hash));
    fetched.set(hash, loading);
  }
  return fetched.get(hash);
}

async function load(hash) {
  // This module lives at <base>/_stcore/bidi-components/<name>/, the assets at <base>/.
  const url = new URL(`../../../cortex-assets/${hash}.bin`, import.meta.url);
  const response = await fetch(url);
  const type = response.headers.get("content-type") || "";
  if (!response.ok || !type.startsWith("application/octet-stream")) {
    throw new Error(
      "The brain's geometry could not be fetched. The app must be started with its st.App entry " +
        "file, which serves it (cortex_asset_route).",
    );
  }
  return unpack(await response.arrayBuffer());
}

export const loadGeometry = (hash) =>
  fetchOnce(hash, ({ header, arrays }) =>
    Object.fromEntries(SIDES.map((side) => [side, buildMesh(header, arrays, side)])),
  );

export const loadTables = (hash) => fetchOnce(hash, ({ arrays }) => arrays.tables);

/**
 * A subject's space: per side the template vertex of each value and back, and the ROIs.
 * A ROI name has one bit; a vertex's mask (two uint32) says which ROIs hold it.
 */
export const loadSpace = (hash, geometry) =>
  fetchOnce(hash, ({ header, arrays }) => prepareSpace(header, arrays, geometry));

function prepareSpace(header, arrays, geometry) {
  const space = { rois: [], groups: [], names: [], shown: header.shown, sides: {} };
  let first = 0;
  for (const side of SIDES) {
    const n = geometry[side].n;
    const vertices = arrays[`${side}_vertices`];
    const position = new Int32Array(n).fill(-1);
    vertices.forEach((vertex, i) => {
      position[vertex] = first + i;
    });
    first += vertices.length;
    space.sides[side] = { vertices, position, masks: new Uint32Array(n * 2) };
  }
  let offset = 0;
  for (const [name, group, side, count, colour] of header.rois) {
    const members = arrays.members ? arrays.members.subarray(offset, offset + count) : [];
    offset += count;
    let bit = space.names.findIndex((known) => known.name === name);
    if (bit < 0) {
      bit = space.names.length;
      space.names.push({ name, group, colour });
    }
    if (!space.groups.some((known) => known.name === group)) space.groups.push({ name: group, colour });
    const { masks } = space.sides[side];
    for (const vertex of members) masks[vertex * 2 + (bit >> 5)] |= 1 << (bit & 31);
    if (count) space.rois.push({ name, group, side, bit, members });
  }
  return space;
}

/** Names of the ROIs that hold a vertex. */
export function roisAt(space, side, vertex) {
  const { masks } = space.sides[side];
  return space.names
    .filter((_, bit) => (masks[vertex * 2 + (bit >> 5)] >>> (bit & 31)) & 1)
    .map((roi) => roi.name);
}
