// A film in real time, for pages whose browser lets nobody encode: what is drawn while the clock
// runs. A slow machine makes a film of few frames.

const LAST = 80; // ms that the last picture stays, or the recorder may leave it out

/**
 * @param order {sheet: canvas, seconds, draw: called with 0..1, signal}
 * @returns a promise of a Blob, or of null when it was ended
 */
export async function recordScreen({ sheet, seconds, draw, signal }) {
  const type = ["video/webm;codecs=vp9", "video/webm"].find((t) => MediaRecorder.isTypeSupported(t));
  // Frames are handed over when they are drawn: left to itself, a busy browser takes the first only.
  const stream = sheet.captureStream(0);
  const [track] = stream.getVideoTracks();
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 12e6 });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const began = performance.now();
  try {
    for (let t = 0; t < 1 && !signal?.aborted; ) {
      t = Math.min(1, (performance.now() - began) / (1000 * seconds));
      draw(t);
      track.requestFrame();
      await new Promise(requestAnimationFrame);
    }
    if (!signal?.aborted) await new Promise((resolve) => setTimeout(resolve, LAST));
  } finally {
    recorder.stop();
    await stopped;
    track.stop();
  }
  return signal?.aborted ? null : new Blob(pieces, { type: "video/webm" });
}
