// Where pictures are on a plane that can be zoomed and moved. Nothing here knows the page.

export const MOST_ZOOM = 30;

/** The view: how often it is magnified, and which share of the whole lies at its left and top. */
export const WHOLE = { zoom: 1, left: 0, top: 0 };

/** Keeps a view within the whole. */
export function held({ zoom, left, top }) {
  const z = Math.min(MOST_ZOOM, Math.max(1, zoom));
  const most = 1 - 1 / z;
  return { zoom: z, left: Math.min(most, Math.max(0, left)), top: Math.min(most, Math.max(0, top)) };
}

/** The view magnified by a factor, where the share (x, y) of what is seen stays where it is. */
export function zoomed(view, factor, x, y) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  return held({ zoom, left: view.left + x / view.zoom - x / zoom, top: view.top + y / view.zoom - y / zoom });
}

/** The view moved by shares of what is seen. */
export const moved = (view, x, y) => held({ ...view, left: view.left - x / view.zoom, top: view.top - y / view.zoom });

/** From shares of the whole to shares of what is seen. */
export const seen = (view, [x, y]) => [(x - view.left) * view.zoom, (y - view.top) * view.zoom];

/** From shares of what is seen to shares of the whole. */
export const unseen = (view, [x, y]) => [x / view.zoom + view.left, y / view.zoom + view.top];

/** Whether a point lies within a closed outline, by the even-odd rule. */
export function isInside([x, y], outline) {
  let inside = false;
  for (let i = 0, k = outline.length - 1; i < outline.length; k = i++) {
    const [[ax, ay], [bx, by]] = [outline[i], outline[k]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Index of the point that is next in a direction (dx, dy); -1 if there is none. */
export function nextPoint(points, from, [dx, dy]) {
  const [x, y] = points[from];
  let [best, least] = [-1, Infinity];
  points.forEach(([px, py], k) => {
    const along = (px - x) * dx + (py - y) * dy;
    if (k === from || along <= 1e-9) return;
    const far = along + 3 * Math.abs((px - x) * dy - (py - y) * dx);
    if (far < least) [best, least] = [k, far];
  });
  return best;
}

/** Round values between two ends, about so many, with as many decimals as they need. */
export function ticks(low, high, about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((f) => f * power >= raw * 0.999);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k <= high / step + 1e-9; k++) {
    found.push([k * step, (k * step).toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1").replace("-", "−")]);
  }
  return found;
}
