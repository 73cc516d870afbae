// Text and marks over the brains, drawn on a 2-D canvas: the same on screen and in pictures.

import { SIDES } from "./assets.js";
import { lineColour, parseColour, toCss } from "./colour.js";
import { isVisible } from "./picking.js";

const INSET = 14;

/** Draw everything that is not cortex. */
export function drawOverlay(context, scene) {
  context.textBaseline = "alphabetic";
  drawDividers(context, scene);
  scene.cells.forEach((cell, i) => {
    drawTitle(context, scene, cell, scene.views[i]);
    drawHemispheres(context, scene, cell);
    if (scene.ownBars) drawBar(context, scene, cell, scene.views[i]);
  });
  const placed = scene.labels.map(() => null);
  scene.cells.forEach((cell) => {
    drawRoiLabels(context, scene, cell, placed);
    if (scene.selected) drawMark(context, scene, cell, scene.selected, 6.5, 2.5, scene.theme.accent);
    if (scene.hovered) drawMark(context, scene, cell, scene.hovered, 4.5, 1.5, scene.theme.text);
  });
}

/** Hairlines between neighbouring views, so that zoomed brains do not run together. */
function drawDividers(context, { cells, theme }) {
  context.fillStyle = fade(theme.text, 0.12);
  for (const { x, y, w, h } of cells) {
    if (cells.some((other) => other.y === y && Math.abs(other.x - x - w) < 1)) {
      context.fillRect(Math.round(x + w), y + 10, 1, h - 14);
    }
  }
}

function drawTitle(context, scene, cell, view) {
  const { theme } = scene;
  const baseline = cell.y + 22;
  const accent = view.role === "predicted" ? theme.accent : theme.text;
  let x = cell.x + INSET;
  context.textAlign = "left";
  let right = cell.x + cell.w - INSET;
  if (view.stamp) right = drawStamp(context, scene, view.stamp, right, baseline) - 12;
  if (view.role === "measured" || view.role === "predicted") {
    // Filled for measured, open for predicted, as in the charts.
    context.beginPath();
    context.arc(x + 4, baseline - 4.5, 3.6, 0, 2 * Math.PI);
    context.lineWidth = 1.6;
    context.strokeStyle = context.fillStyle = accent;
    if (view.role === "measured") context.fill();
    context.stroke();
    x += 15;
  }
  context.font = `600 14px ${theme.font}`;
  context.fillStyle = accent;
  const title = fitText(context, view.title, right - x);
  context.fillText(title, x, baseline);
  if (!view.subtitle) return;
  const after = x + context.measureText(title).width + 10;
  context.font = `400 12.5px ${theme.font}`;
  context.fillStyle = fade(theme.text, 0.68);
  if (right - after > 120) {
    context.fillText(fitText(context, view.subtitle, right - after), after, baseline);
  } else {
    context.fillText(fitText(context, view.subtitle, cell.w - 2 * INSET), cell.x + INSET, baseline + 17);
  }
}

/** A small outlined stamp, right-aligned; returns its left edge. */
function drawStamp(context, { theme }, text, right, baseline) {
  context.font = `600 10px ${theme.font}`;
  context.letterSpacing = "0.06em";
  const width = context.measureText(text).width + 12;
  context.strokeStyle = fade(theme.text, 0.4);
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(Math.round(right - width) + 0.5, baseline - 12.5, width, 17, 3);
  context.stroke();
  context.fillStyle = fade(theme.text, 0.72);
  context.fillText(text, Math.round(right - width) + 6.5, baseline - 0.5);
  context.letterSpacing = "0em";
  return right - width;
}

function drawHemispheres(context, scene, cell) {
  const { projection, camera, theme } = scene;
  const { scale, x, y } = projection.frame(cell, camera);
  const up = projection.flat ? null : upward(projection);
  context.font = `400 11.5px ${theme.font}`;
  context.textAlign = "center";
  // Under the brains; at the foot of the view once they reach it.
  const below = y + (projection.height / 2) * scale + 20;
  const baseline = Math.min(below, cell.y + cell.h - cell.foot + 13);
  for (const side of SIDES) {
    const { box, anchorX } = projection.sides[side];
    const middle = x + ((box[0] + box[2]) / 2 + anchorX) * scale;
    const at = Math.min(cell.x + cell.w - 24, Math.max(cell.x + 24, middle));
    halo(context, scene, up ? `${side} · ${up} up` : side, at, baseline, fade(theme.text, 0.62));
  }
}

/** The direction that points up, when it is not the usual one. */
function upward({ sides }) {
  const [, , , x, y, z] = sides.right.matrix;
  if (z > 0.5) return null;
  if (Math.abs(y) > 0.7) return y > 0 ? "anterior" : "posterior";
  if (z < -0.7) return "inferior";
  return Math.abs(x) > 0.7 ? (x > 0 ? "lateral" : "medial") : null;
}

function drawRoiLabels(context, scene, cell, placed) {
  const { projection, camera, theme } = scene;
  // Small brains take small labels.
  const size = projection.frame(cell, camera).scale < 1.2 ? 10.5 : 12;
  context.font = `600 ${size}px ${theme.font}`;
  context.textAlign = "center";
  const taken = [];
  const { body } = cell;
  scene.labels.forEach((label, i) => {
    const [x, y] = projection.toScreen(cell, camera, label.side, label.vertex);
    const width = context.measureText(label.name).width + 6;
    // Every view puts a label where the first one found room, so that views compare at a glance.
    const tries = placed[i] ? [placed[i]] : [[0, 0], [0, -13], [0, 13], [-width / 2 - 4, 0], [width / 2 + 4, 0], [0, -24], [0, 24]];
    for (const [dx, dy] of tries) {
      const box = [x + dx - width / 2, y + dy - 8, x + dx + width / 2, y + dy + 8];
      const inside = box[0] > body.x && box[2] < body.x + body.w && box[1] > body.y && box[3] < body.y + body.h;
      if (!inside || taken.some((other) => overlap(other, box))) continue;
      taken.push(box);
      placed[i] = [dx, dy];
      halo(context, scene, label.name, x + dx, y + dy + 4, toCss(label.colour));
      break;
    }
  });
}

const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

function halo(context, { theme }, text, x, y, colour) {
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  context.strokeStyle = fade(theme.background, 0.88);
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function drawMark(context, scene, cell, { side, vertex }, radius, width, colour) {
  const { projection, camera, theme } = scene;
  if (projection.flat && !projection.geometry[side].inFlat[vertex]) return;
  const [x, y] = projection.toScreen(cell, camera, side, vertex);
  const { body } = cell;
  if (x < body.x || x > body.x + body.w || y < body.y) return;
  const seen = projection.facing(side, vertex) > 0;
  context.globalAlpha = seen ? 1 : 0.3;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width + 2.5;
  context.strokeStyle = theme.background;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.globalAlpha = 1;
}

/** A colour bar at the lower right of a cell; returns nothing. */
export function drawBar(context, scene, cell, view) {
  const { theme } = scene;
  const width = Math.min(110, cell.w * 0.3);
  const y = cell.y + cell.h - 16;
  context.font = `400 11.5px ${theme.font}`;
  context.fillStyle = fade(theme.text, 0.8);
  const high = `${formatNumber(view.range[1])} ${view.unit}`.trim();
  let x = cell.x + cell.w - INSET;
  context.textAlign = "right";
  context.fillText(high, x, y + 9);
  x -= context.measureText(high).width + 6;
  paintTable(context, scene, view, x - width, y, width, 10);
  context.fillStyle = fade(theme.text, 0.8);
  context.fillText(formatNumber(view.range[0]), x - width - 6, y + 9);
}

/** Fill a rectangle with the colour table; values under the threshold show the cortex's grey. */
export function paintTable(context, { theme }, view, x, y, width, height) {
  const steps = Math.max(2, Math.round(width));
  const { rgb, kind, range, threshold } = view;
  const entries = kind === "categorical" ? Math.round(range[1] - range[0]) + 1 : 256;
  for (let i = 0; i < steps; i++) {
    const u = i / (steps - 1);
    const value = range[0] + u * (range[1] - range[0]);
    const size = kind === "diverging" ? Math.abs(value) : value;
    const entry = kind === "categorical"
      ? Math.round(range[0]) + Math.min(entries - 1, Math.floor(u * entries))
      : Math.round(u * 255);
    const hidden = kind !== "categorical" && threshold > 0 && size < threshold;
    context.fillStyle = hidden
      ? toCss(theme.grey)
      : `rgb(${rgb[entry * 3]} ${rgb[entry * 3 + 1]} ${rgb[entry * 3 + 2]})`;
    context.fillRect(x + (i * width) / steps, y, width / steps + 0.6, height);
  }
  context.strokeStyle = fade(theme.text, 0.25);
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

/** The labels to draw: one per shown ROI and hemisphere, at its middle, if that is in sight. */
export function chooseLabels(space, projection, isShown, theme, checkHidden) {
  const out = [];
  for (const roi of space.rois) {
    if (!isShown(roi)) continue;
    const vertex = middleVertex(roi, projection);
    if (vertex < 0 || projection.facing(roi.side, vertex) < 0.25) continue;
    if (checkHidden && !isVisible(projection, roi.side, vertex, 3)) continue;
    out.push({ ...roi, vertex, colour: lineColour(space.names[roi.bit].colour, theme.name) });
  }
  // Larger regions claim their place first.
  return out.sort((a, b) => b.members.length - a.members.length);
}

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

function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let cut = text.length;
  while (cut > 1 && context.measureText(`${text.slice(0, cut)}…`).width > width) cut--;
  return `${text.slice(0, cut).trimEnd()}…`;
}

export function fade(colour, alpha) {
  const [r, g, b] = parseColour(colour).map((v) => Math.round(v * 255));
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

/** A number as printed on a scale: short, with a true minus sign. */
export function formatNumber(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** The shortest decimal that reads back as the same float32. */
export function exactFloat32(value) {
  if (!Number.isFinite(value)) return "no value";
  for (let digits = 6; digits <= 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text.replace("-", "−");
  }
  return String(value);
}

