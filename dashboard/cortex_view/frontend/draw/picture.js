// A picture of the moment: brains, text, stamp, colour bar, caption.

import { legendOf } from "../pure/scales.js";
import { MARGIN } from "../pure/sight.js";
import { drawLegend, extraHeight } from "./legend.js";
import { drawOverlay } from "./overlay.js";
import { fade } from "./paint.js";

const FOOT = 34; // room for the shared colour bar
const LINE = 18; // of the caption
const CAPTION = 12; // left free between brains and the words below them

/**
 * A canvas with the stage at `ratio` device pixels per pixel.
 * @param options with `trim`, without the room above and below that the brains leave free
 */
export function composeSheet(viewer, { ratio = 3, transparent = false, caption = "", trim = false } = {}) {
  const { stage, model, theme, views } = viewer;
  const { width } = stage;
  const height = trim ? trimmedHeight(viewer) : stage.height;
  const foot = model.ownBars ? 8 : FOOT + extraHeight(views);
  const sheet = document.createElement("canvas");
  const context = sheet.getContext("2d");
  context.font = `400 13px ${theme.font}`;
  const lines = wrap(context, caption, width - 28);
  sheet.width = Math.round(width * ratio);
  sheet.height = Math.round((height + foot + lines.length * LINE + (lines.length ? 8 : 0)) * ratio);
  if (!transparent) {
    context.fillStyle = theme.background;
    context.fillRect(0, 0, sheet.width, sheet.height);
  }
  const scene = { ...viewer.now().scene(width, height, ratio), hovered: null, unlocked: [], scaleAtHand: null, forFile: true, transparent };
  // In the same task as the drawing: a WebGL canvas forgets its picture afterwards.
  stage.drawOnce(scene, (canvas) => context.drawImage(canvas, 0, 0));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawOverlay(context, scene);
  if (!model.ownBars) drawLegend(context, theme, legendOf(views), width, height + foot - 8, width);
  context.font = `400 13px ${theme.font}`;
  context.textAlign = "left";
  context.fillStyle = fade(theme, "text", 0.85);
  lines.forEach((line, i) => context.fillText(line, 14, height + foot + LINE * (i + 0.7)));
  return sheet;
}

/**
 * The stage's height without what brains that fill its width leave free above and below: pictures
 * keep the views' margin on all sides. Brains that are zoomed or moved, and those of which the data
 * are framed, keep the stage's height.
 */
export function trimmedHeight(viewer) {
  const { stage } = viewer;
  const { sights } = viewer.now().scene(stage.width, stage.height, 1);
  if (sights.some(({ camera, close }) => close || camera.zoom !== 1 || camera.pan[0] || camera.pan[1])) return stage.height;
  const free = sights.map(({ cell, projection, scale }) => cell.body.h * (1 - 2 * MARGIN) - projection.height * scale);
  const rows = new Set(sights.map(({ cell }) => cell.y)).size;
  const height = Math.round(stage.height - rows * Math.max(0, Math.min(...free) - CAPTION));
  // Views that would stand otherwise on less room keep what they have.
  const trimmed = viewer.now().scene(stage.width, height, 1).sights;
  const same = trimmed.every(({ cell, scale }, i) => cell.w === sights[i].cell.w && scale > sights[i].scale * 0.999);
  return same ? height : stage.height;
}

/** The same as a PNG Blob, trimmed. */
export function composePicture(viewer, options) {
  return new Promise((resolve) => composeSheet(viewer, { trim: true, ...options }).toBlob(resolve, "image/png"));
}

function wrap(context, text, width) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
