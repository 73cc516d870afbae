// A picture of the moment as a file: brains, text, stamp, colour bar.

import { make } from "../element.js";
import { drawBar, drawOverlay } from "./overlay.js";

const RATIO = 3;
const FOOT = 34; // room for the shared colour bar

export async function savePicture(viewer) {
  download(await composePicture(viewer), "cortex.png");
}

/** A PNG of the stage at `ratio` device pixels per pixel. */
export function composePicture(viewer, { ratio = RATIO } = {}) {
  const { stage, model, theme, views } = viewer;
  const { width, height } = stage;
  const foot = model.ownBars ? 8 : FOOT;
  const sheet = document.createElement("canvas");
  sheet.width = Math.round(width * ratio);
  sheet.height = Math.round((height + foot) * ratio);
  const context = sheet.getContext("2d");
  context.fillStyle = theme.background;
  context.fillRect(0, 0, sheet.width, sheet.height);
  const scene = { ...viewer.now().scene(width, height, ratio), hovered: null };
  // In the same task as the drawing: a WebGL canvas forgets its picture afterwards.
  stage.drawOnce(scene, (canvas) => context.drawImage(canvas, 0, 0));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawOverlay(context, scene);
  if (!model.ownBars) drawBar(context, scene, { x: 0, y: height, w: width, h: foot - 8 }, views[0]);
  return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
}

export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
