// Which ROI names to write, and where: never over each other, fewer where brains are small.

import { isVisible } from "./picking.js";

const PIXELS_PER_LABEL = 6000; // of the brains' area on screen: less room, fewer names

/**
 * ROIs whose middle is in sight, the most important first: those brought forward, then each
 * group's largest, then the rest by size. `checkHidden` asks what hides behind what.
 */
export function chooseLabels(space, projection, isShown, isRaised, checkHidden) {
  const out = [];
  for (const roi of space.rois) {
    if (!isShown(roi)) continue;
    const vertex = middleVertex(roi, projection);
    if (vertex < 0 || projection.facing(roi.side, vertex) < 0.25) continue;
    if (checkHidden && !isVisible(projection, roi.side, vertex, 3)) continue;
    out.push({ name: roi.name, side: roi.side, bit: roi.bit, group: roi.group, vertex, size: roi.members.length });
  }
  out.sort((a, b) => b.size - a.size);
  const led = new Set();
  for (const label of out) {
    const key = `${label.group}|${label.side}`;
    label.rank = isRaised(label) ? 0 : led.has(key) ? 2 : 1;
    led.add(key);
  }
  return out.sort((a, b) => a.rank - b.rank);
}

/**
 * Places for labels in one view: [{label, x, y}], the text's middle. `widthOf` measures a name,
 * `taken` are boxes [left, top, right, bottom] already used. `hints` remembers offsets, so that
 * views with one camera put a name at the same place and compare at a glance.
 */
export function placeLabels(labels, sight, { widthOf, height, taken, hints }) {
  const { body } = sight.cell;
  const area = Math.min(body.w * body.h, sight.projection.width * sight.projection.height * sight.scale ** 2);
  const most = Math.max(4, Math.floor(area / PIXELS_PER_LABEL));
  const used = [...taken];
  const out = [];
  for (const label of labels) {
    if (out.length >= most && label.rank > 0) break;
    const [x, y] = sight.toScreen(label.side, label.vertex);
    const w = widthOf(label.name) + 6;
    const key = `${label.name}|${label.side}`;
    const known = hints.get(key);
    const step = height * 0.85;
    const tries = known
      ? [known]
      : [[0, 0], [0, -step], [0, step], [-w / 2 - 4, 0], [w / 2 + 4, 0], [0, -2 * step], [0, 2 * step]];
    for (const [dx, dy] of tries) {
      const box = [x + dx - w / 2, y + dy - height / 2, x + dx + w / 2, y + dy + height / 2];
      const inside = box[0] > body.x && box[2] < body.x + body.w && box[1] > body.y && box[3] < body.y + body.h;
      if (!inside || used.some((other) => overlap(other, box))) continue;
      used.push(box);
      hints.set(key, [dx, dy]);
      out.push({ label, x: x + dx, y: y + dy, box });
      break;
    }
  }
  return out;
}

export const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

/** The member nearest to the members' centroid, on screen. */
function middleVertex(roi, projection) {
  const { xyz } = projection.sides[roi.side];
  const mask = projection.flat ? projection.geometry[roi.side].inFlat : null;
  let [sx, sy, sz, n] = [0, 0, 0, 0];
  for (const v of roi.members) {
    if (mask && !mask[v]) continue;
    sx += xyz[v * 3];
    sy += xyz[v * 3 + 1];
    sz += xyz[v * 3 + 2];
    n += 1;
  }
  let [best, nearest] = [-1, Infinity];
  for (const v of roi.members) {
    if (mask && !mask[v]) continue;
    const distance =
      (xyz[v * 3] - sx / n) ** 2 + (xyz[v * 3 + 1] - sy / n) ** 2 + (xyz[v * 3 + 2] - sz / n) ** 2;
    if (distance < nearest) [best, nearest] = [v, distance];
  }
  return best;
}
