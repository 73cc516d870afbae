// One camera: a rotation, a zoom, a pan, a place between folded and flat, and what it frames.
//
// Hemispheres are mirror images, and so are their rotations: the quaternion turns the right
// hemisphere, its mirror image turns the left. Whatever is turned towards the viewer on one side
// is on the other side too, left always stands left, and the two never overlap.
// View axes: x right, y up, z towards the viewer. Quaternions are [w, x, y, z].

import { aroundAxis, fromMatrix, mirror, multiply, normalise, slerp } from "./quaternion.js";

// Rows: the view's x, y and z axes in brain axes (x right, y anterior, z superior).
const AXES = {
  lateral: [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
  medial: [[0, -1, 0], [0, 0, 1], [-1, 0, 0]],
  // Occipital up: what a posterior view becomes when the brain is tipped, left and right kept.
  ventral: [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
  dorsal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  anterior: [[-1, 0, 0], [0, 0, 1], [0, 1, 0]],
  posterior: [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
};

export const PRESETS = Object.keys(AXES);
export const FOLDED = 0;
export const INFLATED = 1;
export const FLAT = 2;

export const presetRotation = (name) => fromMatrix(AXES[name]);

/** Where a viewer starts: from behind, outside and a little below, onto the visual cortex. */
export const HOME = lookFrom([0.5, -0.74, -0.45]);

/** The rotation that looks from a direction in brain axes (right hemisphere), superior up. */
function lookFrom(direction) {
  const length = Math.hypot(...direction);
  const z = direction.map((value) => value / length);
  const x = [-z[1], z[0], 0].map((value) => value / Math.hypot(z[0], z[1]));
  const y = [
    z[1] * x[2] - z[2] * x[1],
    z[2] * x[0] - z[0] * x[2],
    z[0] * x[1] - z[1] * x[0],
  ];
  return fromMatrix([x, y, z]);
}

/** From 0 to 1 without a jolt at either end. */
export const smooth = (t) => t * t * (3 - 2 * t);

export class Camera {
  constructor() {
    this.reset();
  }

  copy() {
    const twin = new Camera();
    twin.assign(this);
    return twin;
  }

  assign({ rotation, surface, zoom, pan, whole = this.whole }) {
    Object.assign(this, { rotation: [...rotation], surface, zoom, pan: [...pan], whole });
  }

  reset() {
    this.rotation = [...HOME];
    this.surface = INFLATED;
    this.whole = false; // the whole brain is framed, not the vertices with data
    this.recentre();
  }

  recentre() {
    this.zoom = 1;
    this.pan = [0, 0];
  }

  /** The rotation of one hemisphere, squared up to the flat map as it flattens. */
  rotationOf(side) {
    const flatness = Math.min(1, Math.max(0, this.surface - INFLATED));
    const q = flatness > 0
      ? slerp(this.rotation, presetRotation("lateral"), smooth(flatness))
      : this.rotation;
    return side === "left" ? mirror(q) : q;
  }

  /** Turn the hemisphere under the pointer by a drag (radians); the other one mirrors it. */
  drag(right, up, side) {
    const turn = multiply(aroundAxis([0, 1, 0], right), aroundAxis([1, 0, 0], -up));
    this.rotation = normalise(multiply(side === "left" ? mirror(turn) : turn, this.rotation));
  }

  /** The preset the camera stands in exactly, or null. */
  get preset() {
    const close = (name) => {
      const other = presetRotation(name);
      return Math.abs(this.rotation.reduce((sum, v, i) => sum + v * other[i], 0)) > 0.99999;
    };
    return PRESETS.find(close) || null;
  }

  /** The word for what is framed. */
  get framing() {
    return this.whole ? "whole" : "data";
  }

  toView() {
    const round = (value) => Number(value.toFixed(4));
    const view = { surface: round(this.surface) };
    if (this.preset) view.preset = this.preset;
    else view.rotation = this.rotation.map(round);
    const moved = this.pan[0] || this.pan[1];
    if (this.zoom !== 1) view.zoom = round(this.zoom);
    if (moved) view.pan = this.pan.map(round);
    if (this.whole || this.zoom !== 1 || moved) view.framing = this.framing;
    return view;
  }

  applyView(view) {
    if (view.preset) this.rotation = presetRotation(view.preset);
    if (view.rotation) {
      // Rounded ones stay as they are: written again they are the same.
      const rounded = Math.abs(Math.hypot(...view.rotation) - 1) < 2e-4;
      this.rotation = rounded ? [...view.rotation] : normalise(view.rotation);
    }
    if (view.surface !== undefined) this.surface = view.surface;
    if (view.zoom !== undefined) this.zoom = view.zoom;
    if (view.pan) this.pan = [...view.pan];
    // Zoom and pan were first written down for whole brains, and show what they showed.
    if (view.framing) this.whole = view.framing === "whole";
    else if (view.zoom !== undefined || view.pan) this.whole = true;
  }
}
