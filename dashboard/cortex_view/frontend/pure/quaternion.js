// Unit quaternions [w, x, y, z] and 3 x 3 matrices.

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

export function fromMatrix([[a, b, c], [d, e, f], [g, h, i]]) {
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
