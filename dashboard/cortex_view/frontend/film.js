// A turntable or a morph as WebM: the screen's own picture, frame by frame, in real time. Nothing
// here asks for reduced motion: a film is made only when somebody orders one.

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

/**
 * @param options {seconds, ratio, progress: called with 0..1, signal: an AbortSignal that ends it}
 * @returns a promise of a Blob, or of null when it was ended; the camera comes back to where it was
 */
export async function recordFilm(viewer, name, { seconds = 6, ratio = 2, progress = () => {}, signal } = {}) {
  const { camera } = viewer.state;
  const before = camera.copy();
  const at = FILMS[name](before);
  const sheet = composeSheet(viewer, { ratio });
  const context = sheet.getContext("2d");
  const type = ["video/webm;codecs=vp9", "video/webm"].find((t) => MediaRecorder.isTypeSupported(t));
  const stream = sheet.captureStream(FRAMES_PER_SECOND);
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 12e6 });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const began = performance.now();
  try {
    for (let t = 0; t < 1 && !signal?.aborted; ) {
      t = Math.min(1, (performance.now() - began) / (1000 * seconds));
      Object.assign(camera, at(t));
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(composeSheet(viewer, { ratio }), 0, 0);
      progress(t);
      await nextFrame();
    }
    // The last picture stays for a moment, or the recorder may leave it out.
    if (!signal?.aborted) await new Promise((resolve) => setTimeout(resolve, 2000 / FRAMES_PER_SECOND));
  } finally {
    recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
    camera.assign(before);
    viewer.stage.redraw();
  }
  return signal?.aborted ? null : new Blob(pieces, { type: "video/webm" });
}

const nextFrame = () => new Promise(requestAnimationFrame);
