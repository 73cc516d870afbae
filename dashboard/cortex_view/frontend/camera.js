// The one camera: a rotation, a zoom, a pan and a place between folded and flat.
//
// Hemispheres are mirror images, and so are their rotations: the quaternion turns the right
// hemisphere, its mirror image turns the left. Whatever is turned towards the viewer on one side
// is on the other side too, left always stands left, and the two never overlap.
// View axes: x right, y up, z towards the viewer. Quaternions are [w, x, y, z].

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

export function multiply([a, b, c, d], [e, f, g, h]) {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

export function normalise(q) {
  const length = Math.hypot(...q) || 1;
  return q.map((value) => value / length);
}

/** The same turn seen in a mirror that swaps left and right. */
export const mirror = ([w, x, y, z]) => [w, x, -y, -z];

export function aroundAxis(axis, angle) {
  const s = Math.sin(angle / 2);
  return [Math.cos(angle / 2), axis[0] * s, axis[1] * s, axis[2] * s];
}

export function slerp(from, to, share) {
  let cosine = from.reduce((sum, value, i) => sum + value * to[i], 0);
  const end = cosine < 0 ? to.map((value) => -value) : to;
  cosine = Math.abs(cosine);
  if (cosine > 0.9995) return normalise(from.map((value, i) => value + (end[i] - value) * share));
  const angle = Math.acos(cosine);
  const a = Math.sin((1 - share) * angle) / Math.sin(angle);
  const b = Math.sin(share * angle) / Math.sin(angle);
  return from.map((value, i) => a * value + b * end[i]);
}

/** Row-major 3 x 3 matrix of a unit quaternion. */
export function toMatrix([w, x, y, z]) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
  ];
}

function fromMatrix([[a, b, c], [d, e, f], [g, h, i]]) {
  const trace = a + e + i;
  if (trace > 0) {
    const s = 2 * Math.sqrt(trace + 1);
    return [s / 4, (h - f) / s, (c - g) / s, (d - b) / s];
  }
  if (a > e && a > i) {
    const s = 2 * Math.sqrt(1 + a - e - i);
    return [(h - f) / s, s / 4, (b + d) / s, (c + g) / s];
  }
  if (e > i) {
    const s = 2 * Math.sqrt(1 + e - a - i);
    return [(c - g) / s, (b + d) / s, s / 4, (f + h) / s];
  }
  const s = 2 * Math.sqrt(1 + i - a - e);
  return [(d - b) / s, (c + g) / s, (f + h) / s, s / 4];
}

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

const smooth = (t) => t * t * (3 - 2 * t);

export class Camera {
  constructor() {
    this.reset();
  }

  reset() {
    this.rotation = [...HOME];
    this.surface = INFLATED;
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

  toView() {
    const round = (value) => Number(value.toFixed(4));
    const view = { surface: round(this.surface) };
    if (this.preset) view.preset = this.preset;
    else view.rotation = this.rotation.map(round);
    if (this.zoom !== 1) view.zoom = round(this.zoom);
    if (this.pan[0] || this.pan[1]) view.pan = this.pan.map(round);
    return view;
  }

  applyView(view) {
    if (view.preset) this.rotation = presetRotation(view.preset);
    if (view.rotation) this.rotation = normalise(view.rotation);
    if (view.surface !== undefined) this.surface = view.surface;
    if (view.zoom !== undefined) this.zoom = view.zoom;
    if (view.pan) this.pan = [...view.pan];
  }
}
