// A picture of the moment, at twice the screen's size or more: brains, text, stamp, colour bar.

import { drawBar, drawOverlay } from "./overlay.js";
import { resize } from "./viewer.js";

const RATIO = 3;
const FOOT = 34; // room for the shared colour bar

export async function composePicture(viewer) {
  const width = viewer.stage.clientWidth;
  const height = viewer.stage.clientHeight;
  const hovered = viewer.hovered;
  viewer.hovered = null;
  const scene = viewer.scene(width, height, RATIO);
  resize(viewer.canvas, width, height, RATIO);
  viewer.renderer.draw(scene);
  const foot = viewer.ownBars ? 8 : FOOT;
  const sheet = document.createElement("canvas");
  sheet.width = Math.round(width * RATIO);
  sheet.height = Math.round((height + foot) * RATIO);
  const context = sheet.getContext("2d");
  context.fillStyle = viewer.theme.background;
  context.fillRect(0, 0, sheet.width, sheet.height);
  // In the same task as the drawing: a WebGL canvas forgets its picture afterwards.
  context.drawImage(viewer.canvas, 0, 0);
  context.setTransform(RATIO, 0, 0, RATIO, 0, 0);
  drawOverlay(context, scene);
  if (!viewer.ownBars) {
    drawBar(context, scene, { x: 0, y: height, w: width, h: foot - 8 }, viewer.views[0]);
  }
  viewer.hovered = hovered;
  viewer.draw();
  return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
}
