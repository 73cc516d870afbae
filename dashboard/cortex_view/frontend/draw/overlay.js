// Text and marks over the brains, drawn on a 2-D canvas: the same on screen and in pictures.

import { shortened } from "../pure/cells.js";
import { toCss } from "../pure/colour.js";
import { placeLabels } from "../pure/labels.js";
import { DIMMED, standsOut } from "../pure/scene.js";
import { VEIL } from "../pure/sight.js";
import { SIDES } from "../pure/space.js";
import { drawLegend } from "./legend.js";
import { fade } from "./paint.js";
import { drawCross, drawLine, drawMark, drawPicks, pickBoxes } from "./marks.js";

const INSET = 14;
const PADLOCK = 20;

/** Draw everything that is not cortex. */
export function drawOverlay(context, scene) {
  context.textBaseline = "alphabetic";
  drawDividers(context, scene);
  drawActive(context, scene);
  const hints = new Map(); // camera -> where its labels went
  scene.sights.forEach((sight, i) => {
    if (sight.close) drawVeils(context, scene, sight);
    drawTitle(context, scene, i);
    drawHemispheres(context, scene, sight);
    const { cell } = sight;
    if (scene.ownBars) drawLegend(context, scene.theme, scene.views[i], cell.x + cell.w, cell.y + cell.h, cell.w);
    if (!hints.has(sight.camera)) hints.set(sight.camera, new Map());
    drawRoiLabels(context, scene, i, hints.get(sight.camera));
    drawPicks(context, scene, sight);
    if (scene.hovered) drawMark(context, scene, sight, scene.hovered, 4.5, 1.5, scene.theme.text);
    if (scene.hovered && scene.crosshair && i === scene.active) drawCross(context, scene, sight, scene.hovered);
    if (scene.line?.view === i) drawLine(context, scene, sight, scene.line.points);
  });
  drawScaleAtHand(context, scene);
}

/** Which view toolbar and keys speak to, once views go their own way. */
function drawActive(context, { sights, unlocked, active, theme }) {
  if (!unlocked.some(Boolean)) return;
  const { cell } = sights[active];
  context.fillStyle = theme.accent;
  context.fillRect(cell.x + INSET, cell.y + 3, 24, 2);
}

/** While a scale's menu is open, the views of other scales step back. */
function drawScaleAtHand(context, { sights, views, scaleAtHand, theme }) {
  if (scaleAtHand === null || views.every(({ scale }) => scale === scaleAtHand)) return;
  context.fillStyle = fade(theme, "background", 0.72);
  sights.forEach(({ cell }, i) => {
    if (views[i].scale !== scaleAtHand) context.fillRect(cell.x, cell.y, cell.w, cell.h);
  });
}

/** Hairlines between neighbouring views, so that zoomed brains do not run together. */
function drawDividers(context, { sights, theme }) {
  const cells = sights.map(({ cell }) => cell);
  context.fillStyle = fade(theme, "text", 0.12);
  for (const { x, y, w, h } of cells) {
    if (cells.some((other) => other.y === y && Math.abs(other.x - x - w) < 1)) {
      context.fillRect(Math.round(x + w), y + 10, 1, h - 14);
    }
  }
}

/** Bands [top, height, whether it is the upper one] in which cortex fades out under words. */
export const veils = ({ cell: { y, h, foot, body } }) => [
  [y, body.y - y + VEIL, true], [y + h - foot - VEIL, foot + VEIL, false],
];

/** Cortex that goes on beyond what is framed fades out under title and foot. */
function drawVeils(context, { theme, transparent }, sight) {
  const { x, w } = sight.cell;
  // Where there is no ground to fade into, the cortex itself is taken away.
  if (transparent) context.globalCompositeOperation = "destination-out";
  for (const [top, height, upper] of veils(sight)) {
    const veil = context.createLinearGradient(0, top, 0, top + height);
    veil.addColorStop(upper ? 0 : 1, fade(theme, "background", 1));
    veil.addColorStop(upper ? 1 - VEIL / height : VEIL / height, fade(theme, "background", 0.9));
    veil.addColorStop(upper ? 1 : 0, fade(theme, "background", 0));
    context.fillStyle = veil;
    context.fillRect(x, top, w, height);
  }
  context.globalCompositeOperation = "source-over";
}

function drawTitle(context, scene, i) {
  const { theme } = scene;
  const { cell } = scene.sights[i];
  const view = scene.views[i];
  const baseline = cell.y + 22;
  const accent = view.role === "predicted" ? theme.accent : theme.text;
  let x = cell.x + INSET;
  context.textAlign = "left";
  // The padlock stands at the end of the header, where there are several views.
  let right = cell.x + cell.w - INSET - (scene.views.length > 1 && !scene.forFile ? PADLOCK : 0);
  let below = cell.x + cell.w - INSET;
  const marked = view.role === "measured" || view.role === "predicted";
  if (view.stamp && carriesStamp(scene.views, scene.sights, i)) {
    const { text, row } = stampBeside(context, theme, view, right - x - (marked ? 15 : 0));
    const edge = drawStamp(context, scene, text, row ? below : right, baseline + 17 * row) - 12;
    if (row) below = edge;
    else right = edge;
  }
  if (marked) {
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
  context.fillStyle = fade(theme, "text", 0.68);
  if (context.measureText(view.subtitle).width <= right - after) {
    context.fillText(view.subtitle, after, baseline);
  } else {
    const subtitle = fitText(context, view.subtitle, below - cell.x - INSET);
    context.fillText(subtitle, cell.x + INSET, baseline + 17);
  }
}

/** Views with one and the same stamp share it: the one at the figure's upper right corner has it. */
function carriesStamp(views, sights, i) {
  if (views.some(({ stamp }) => stamp !== views[i].stamp)) return true;
  return i === sights.filter(({ cell }) => cell.y === sights[0].cell.y).length - 1;
}

/** Where the stamp leaves the title whole: beside it, there its first word alone, or one row below. */
function stampBeside(context, theme, { stamp, title }, width) {
  context.font = `600 14px ${theme.font}`;
  const left = width - context.measureText(title).width - 24;
  const short = stamp.split(" ")[0];
  context.font = `600 10px ${theme.font}`;
  context.letterSpacing = "0.06em";
  const text = context.measureText(stamp).width <= left ? stamp : short;
  const row = context.measureText(text).width <= left ? 0 : 1;
  context.letterSpacing = "0em";
  return { text, row };
}

/** A small outlined stamp, right-aligned; returns its left edge. */
function drawStamp(context, { theme }, text, right, baseline) {
  context.font = `600 10px ${theme.font}`;
  context.letterSpacing = "0.06em";
  const width = context.measureText(text).width + 12;
  context.strokeStyle = fade(theme, "text", 0.4);
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(Math.round(right - width) + 0.5, baseline - 12.5, width, 17, 3);
  context.stroke();
  context.fillStyle = fade(theme, "text", 0.72);
  context.fillText(text, Math.round(right - width) + 6.5, baseline - 0.5);
  context.letterSpacing = "0em";
  return right - width;
}

function drawHemispheres(context, scene, sight) {
  const { theme } = scene;
  context.font = `400 12px ${theme.font}`;
  context.textAlign = "center";
  for (const { text, x, y } of captions(sight)) {
    // On a transparent picture nobody knows the ground: no rim in this page's colour.
    if (scene.transparent) {
      context.fillStyle = fade(theme, "text", 0.68);
      context.fillText(text, x, y);
    } else {
      halo(context, scene, text, x, y, fade(theme, "text", 0.68));
    }
  }
}

/** left and right under the brains; at the foot of the view once they reach it. */
export function captions({ cell, close, projection, scale, x, y }) {
  const up = projection.flat ? null : upward(projection);
  const below = close ? Infinity : y + (projection.height / 2) * scale + 20;
  const baseline = Math.min(below, cell.y + cell.h - cell.foot + 13);
  const places = SIDES.map((side) => {
    const { box, anchorX, dataMiddle } = projection.sides[side];
    const middle = x + (close && dataMiddle !== null ? dataMiddle : (box[0] + box[2]) / 2 + anchorX) * scale;
    return Math.min(cell.x + cell.w - 24, Math.max(cell.x + 24, middle));
  });
  // Small brains stand too close for two long captions.
  if (up && places[1] - places[0] < 130) {
    return [{ text: `left · ${up} up · right`, x: (places[0] + places[1]) / 2, y: baseline }];
  }
  return SIDES.map((side, i) => ({ text: up ? `${side} · ${up} up` : side, x: places[i], y: baseline }));
}

/** The boxes [left, top, right, bottom] they take, about. */
export const captionBoxes = (sight) =>
  captions(sight).map(({ text, x, y }) => [x - text.length * 3.2, y - 13, x + text.length * 3.2, y + 4]);

/** The direction that points up, when it is not the usual one. */
function upward({ sides }) {
  const [, , , x, y, z] = sides.right.matrix;
  if (z > 0.5) return null;
  if (Math.abs(y) > 0.7) return y > 0 ? "anterior" : "posterior";
  if (z < -0.7) return "inferior";
  return Math.abs(x) > 0.7 ? (x > 0 ? "lateral" : "medial") : null;
}

function drawRoiLabels(context, scene, i, hints) {
  const { theme, sights } = scene;
  const sight = sights[i];
  // Small brains take small labels.
  const size = sight.scale < 1.2 ? 11 : 12.5;
  context.font = `600 ${size}px ${theme.font}`;
  context.textAlign = "center";
  const options = {
    widthOf: (name) => context.measureText(name).width, height: size + 4, hints,
    taken: [...captionBoxes(sight), ...pickBoxes(scene, sight)],
  };
  const placed = placeLabels(scene.labels[i], sight, options);
  const step = (label) => (context.globalAlpha = standsOut(scene.look.raised, label) ? 1 : DIMMED);
  for (const { label, leader } of placed) {
    step(label);
    if (leader) drawLeader(context, scene, leader, toCss(label.colour));
  }
  for (const { label, x, y } of placed) {
    step(label);
    halo(context, scene, label.name, x, y + size * 0.34, toCss(label.colour));
  }
  context.globalAlpha = 1;
}

/** A thin line from a ROI to its name, and a dot where it begins. */
function drawLeader(context, { theme }, [x0, y0, x1, y1], colour) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  for (const [width, style] of [[3, fade(theme, "background", 0.8)], [1, colour]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke();
  }
  context.beginPath();
  context.arc(x0, y0, 1.8, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function halo(context, { theme }, text, x, y, colour) {
  context.lineJoin = "round";
  context.lineWidth = 3.5;
  context.strokeStyle = fade(theme, "background", 0.88);
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function fitText(context, text, width) {
  return shortened(text, width, (part) => context.measureText(part).width);
}
