// A film frame by frame through the browser's encoder (WebCodecs: pages on https or localhost).

import { composeWebm } from "./pure/webm.js";

const RATE = 25; // frames per second
const KEY_EVERY = 25; // frames: a player finds its place to a second
const WAITING = 4; // frames that may wait for the encoder, or memory fills up
// Level 5.1: up to 4096 x 2304 pixels.
const CODECS = [["vp09.00.51.08", "V_VP9"], ["vp8", "V_VP8"]];

/**
 * @param order {sheet: canvas, seconds, draw: called with 0..1, signal}
 * @returns a promise of a Blob; of null when it was ended, or when there is no encoder
 */
export async function encodeFilm({ sheet, seconds, draw, signal }) {
  const { width, height } = sheet;
  const found = await findEncoder(width, height);
  if (!found) return null;
  const frames = [];
  let failed = null;
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      frames.push({ data, key: chunk.type === "key" });
    },
    error: (error) => (failed = error),
  });
  try {
    encoder.configure(found.config);
    const n = Math.round(seconds * RATE);
    for (let k = 0; k < n && !signal?.aborted && !failed; k++) {
      draw(k / n); // without the end, which is the beginning: players repeat it seamlessly
      const frame = new VideoFrame(sheet, { timestamp: (k * 1e6) / RATE, duration: 1e6 / RATE });
      encoder.encode(frame, { keyFrame: k % KEY_EVERY === 0 });
      frame.close();
      // A task of its own for each frame, so that "cancel" can be pressed.
      do await pause(); while (encoder.encodeQueueSize > WAITING && !failed);
    }
    if (signal?.aborted) return null;
    if (!failed) await encoder.flush();
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  if (failed) throw failed;
  return new Blob([composeWebm({ codec: found.name, width, height, rate: RATE }, frames)], { type: "video/webm" });
}

/** The first encoder that takes pictures of this size: {config, name in the file}, or null. */
async function findEncoder(width, height) {
  if (!window.VideoEncoder) return null;
  for (const [codec, name] of CODECS) {
    const config = { codec, width, height, bitrate: 12e6, framerate: RATE, latencyMode: "quality" };
    const { supported } = await VideoEncoder.isConfigSupported(config).catch(() => ({}));
    if (supported) return { config, name };
  }
  return null;
}

const pause = () => new Promise((resolve) => setTimeout(resolve));
