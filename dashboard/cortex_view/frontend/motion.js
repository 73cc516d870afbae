// Glides a camera from one state to another; at once where motion is unwanted.

import { smooth } from "./pure/camera.js";
import { slerp } from "./pure/quaternion.js";

const EASE_MS = 420;

/** A camera's state between two, at 0..1; exactly `end` at 1. */
export function between(start, end, t) {
  if (t >= 1) return end;
  const ease = smooth(t);
  const mix = (a, b) => a + (b - a) * ease;
  return {
    rotation: slerp(start.rotation, end.rotation, ease),
    surface: mix(start.surface, end.surface),
    zoom: mix(start.zoom, end.zoom),
    pan: [0, 1].map((k) => mix(start.pan[k], end.pan[k])),
  };
}

export const wantsStill = () =>
  navigator.webdriver || matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Motion {
  /** @param step called after each move @param done after the last */
  constructor(step, done) {
    this.step = step;
    this.done = done;
    this.frame = 0;
  }

  get running() {
    return this.frame !== 0;
  }

  glide(camera, target) {
    this.stop();
    const { rotation, surface, zoom, pan } = camera;
    const start = { rotation, surface, zoom, pan };
    const end = { ...start, ...target };
    if (wantsStill()) {
      camera.assign(end);
      this.step();
      this.done();
      return;
    }
    const began = performance.now();
    const frame = (now) => {
      const t = Math.min(1, Math.max(0, (now - began) / EASE_MS));
      camera.assign(between(start, end, t));
      this.frame = t < 1 ? requestAnimationFrame(frame) : 0;
      this.step();
      if (t === 1) this.done();
    };
    this.frame = requestAnimationFrame(frame);
  }

  stop() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}
