// A turntable or a morph as WebM: the screen's own picture, frame by frame, in real time.

import { composeSheet } from "./draw/picture.js";
import { smooth } from "./pure/camera.js";
import { aroundAxis, multiply } from "./pure/quaternion.js";

const FRAMES_PER_SECOND = 25;
const UP = [0, 0, 1]; // superior, in brain axes

/** Camera states of a film at 0..1, from the one it starts with. */
export const FILMS = {
  turntable: ({ rotation, surface }) => (t) => ({
    rotation: multiply(rotation, aroundAxis(UP, 2 * Math.PI * t)), surface: Math.min(1, surface),
  }),
  morph: ({ rotation }) => (t) => ({ rotation, surface: 2 * smooth(1 - Math.abs(2 * t - 1)) }),
};

/** @returns a promise of a Blob; the camera comes back to where it was. */
export async function recordFilm(viewer, name, { seconds = 6, ratio = 2 } = {}) {
  const { camera } = viewer.state;
  const before = camera.copy();
  const at = FILMS[name](before);
  const first = composeSheet(viewer, { ratio });
  const context = first.getContext("2d");
  const type = ["video/webm;codecs=vp9", "video/webm"].find((t) => MediaRecorder.isTypeSupported(t));
  const recorder = new MediaRecorder(first.captureStream(FRAMES_PER_SECOND), { mimeType: type, videoBitsPerSecond: 12e6 });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const began = performance.now();
  for (let t = 0; t < 1; ) {
    t = Math.min(1, (performance.now() - began) / (1000 * seconds));
    Object.assign(camera, at(t));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(composeSheet(viewer, { ratio }), 0, 0);
    await new Promise(requestAnimationFrame);
  }
  recorder.stop();
  await stopped;
  camera.assign(before);
  viewer.stage.redraw();
  return new Blob(pieces, { type: "video/webm" });
}
