// A subject's space: the template vertex of each value and back, and the ROIs.

export const SIDES = ["left", "right"];
const MOST = 0.7; // of the vertices: data that cover more are the whole cortex, or nearly

/**
 * Per side the template vertex of each value (`vertices`) and back (`position`, -1 without data).
 * A ROI name has one bit; a vertex's mask (two uint32) says which ROIs hold it.
 */
export function prepareSpace(header, arrays, geometry) {
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
  const total = SIDES.reduce((sum, side) => sum + geometry[side].n, 0);
  /** Whether the data are a part of the cortex, which a camera can frame apart from the whole. */
  space.partial = first > 0 && first < MOST * total;
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
