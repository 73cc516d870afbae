// Which ROI names to write, and where: never over each other, fewer where brains are small.

import { isVisible } from "./picking.js";

const FACING = 0.25; // of a normal towards the viewer: what is seen more aslant is not named
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
    if (vertex < 0 || projection.facing(roi.side, vertex) < FACING) continue;
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

// Where there is no room at a ROI its name goes around it, the nearest place first; above and below,
// where a name takes least room, before beside.
const AROUND = [0, 1, 2].flatMap((ring) =>
  [-90, 90, -45, -135, 45, 135, 0, 180].map((degrees) => {
    const turn = (degrees * Math.PI) / 180;
    return [Math.cos(turn), Math.sin(turn), 14 + 16 * ring];
  }));

/**
 * Places for labels in one view: [{label, x, y, leader}], the text's middle, and [x, y, x, y] of a
 * line from the ROI to a name that does not stand on it, or null. `widthOf` measures a name,
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
    const tries = known
      ? [known]
      : [[0, 0], ...AROUND.map(([right, down, far]) => [right * (far + w / 2), down * (far + height / 2)])];
    for (const [dx, dy] of tries) {
      const box = [x + dx - w / 2, y + dy - height / 2, x + dx + w / 2, y + dy + height / 2];
      const inside = box[0] > body.x && box[2] < body.x + body.w && box[1] > body.y && box[3] < body.y + body.h;
      if (!inside || used.some((other) => overlap(other, box))) continue;
      if (out.some((other) => other.leader && crosses(other.leader, box))) continue;
      const leader = dx || dy ? leaderTo(x, y, box) : null;
      if (leader && used.some((other) => crosses(leader, other))) continue;
      used.push(box);
      hints.set(key, [dx, dy]);
      out.push({ label, x: x + dx, y: y + dy, box, leader });
      break;
    }
  }
  return out;
}

/** The line from a place to the nearest point of a box's rim. */
const leaderTo = (x, y, [left, top, right, bottom]) =>
  [x, y, Math.min(right - 3, Math.max(left + 3, x)), Math.min(bottom - 2, Math.max(top + 2, y))];

/** Whether a line, looked at in steps of a few pixels, meets a box. */
function crosses([x0, y0, x1, y1], [left, top, right, bottom]) {
  const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 4);
  for (let i = 0; i <= steps; i++) {
    const [x, y] = [x0 + ((x1 - x0) * i) / steps, y0 + ((y1 - y0) * i) / steps];
    if (x > left && x < right && y > top && y < bottom) return true;
  }
  return false;
}

export const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

/** The member nearest to the centroid of those that face the viewer, or -1. */
function middleVertex(roi, projection) {
  const { xyz } = projection.sides[roi.side];
  const { inFlat } = projection.geometry[roi.side];
  const shown = Array.from(roi.members).filter((v) =>
    projection.flat ? inFlat[v] : projection.facing(roi.side, v) > FACING);
  let [sx, sy, sz, n] = [0, 0, 0, 0];
  for (const v of shown) {
    sx += xyz[v * 3];
    sy += xyz[v * 3 + 1];
    sz += xyz[v * 3 + 2];
    n += 1;
  }
  let [best, nearest] = [-1, Infinity];
  for (const v of shown) {
    const distance =
      (xyz[v * 3] - sx / n) ** 2 + (xyz[v * 3 + 1] - sy / n) ** 2 + (xyz[v * 3 + 2] - sz / n) ** 2;
    if (distance < nearest) [best, nearest] = [v, distance];
  }
  return best;
}
