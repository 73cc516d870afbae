// A turntable or a morph as WebM. Where the browser has an encoder, every frame is drawn and kept,
// however long that takes; elsewhere the picture is recorded in real time. Nothing here asks for
// reduced motion: a film is made only when somebody orders one.

import { composeSheet } from "./draw/picture.js";
import { encodeFilm } from "./encoding.js";
import { smooth } from "./pure/camera.js";
import { aroundAxis, multiply } from "./pure/quaternion.js";
import { recordScreen } from "./recording.js";

const UP = [0, 0, 1]; // superior, in brain axes

/** Camera states of a film at 0..1, from the one it starts with. */
const FILMS = {
  turntable: ({ rotation, surface }) => (t) => ({
    rotation: multiply(rotation, aroundAxis(UP, 2 * Math.PI * t)), surface: Math.min(1, surface),
  }),
  morph: ({ rotation }) => (t) => ({ rotation, surface: 2 * smooth(1 - Math.abs(2 * t - 1)) }),
};

/** Whether this browser can make one at all. */
export const canFilm = () => Boolean(window.VideoEncoder || window.MediaRecorder);

/**
 * @param options {seconds, ratio, progress: called with 0..1, signal: an AbortSignal that ends it,
 *   exact: false to record in real time even where frames could be encoded}
 * @returns a promise of a Blob, or of null when it was ended; the camera comes back to where it was
 */
export async function makeFilm(viewer, name, { seconds = 6, ratio = 2, progress = () => {}, signal, exact = true } = {}) {
  const { camera } = viewer.state;
  const before = camera.copy();
  const at = FILMS[name](before);
  const sheet = composeSheet(viewer, { ratio });
  // Encoders of video halve the colours' resolution, and want even sides.
  sheet.width -= sheet.width % 2;
  sheet.height -= sheet.height % 2;
  const context = sheet.getContext("2d");
  const draw = (t) => {
    Object.assign(camera, at(t));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(composeSheet(viewer, { ratio }), 0, 0);
    progress(t);
  };
  try {
    draw(0);
    const order = { sheet, seconds, draw, signal };
    return (exact && (await encodeFilm(order))) || (signal?.aborted ? null : await recordScreen(order));
  } finally {
    camera.assign(before);
    viewer.stage.redraw();
  }
}
