// ROI borders as lines: half way between member and non-member vertices, chained into paths.

/** Whether a vertex's mask holds a ROI's bit. */
const holds = (masks, vertex, bit) => (masks[vertex * 2 + (bit >> 5)] >>> (bit & 31)) & 1;

/**
 * Paths of one ROI's border among the first `count` faces.
 *
 * @returns [{points: [[a, b], ...], closed}]: each point is the middle of the edge between
 *   vertices a (member) and b (not); a path is open where the mesh ends.
 */
export function borderPaths(faces, count, masks, bit) {
  const ends = new Map(); // edge -> the segments that touch it
  const segments = [];
  for (let f = 0; f < count * 3; f += 3) {
    const corners = [faces[f], faces[f + 1], faces[f + 2]];
    const inside = corners.map((v) => holds(masks, v, bit));
    const total = inside[0] + inside[1] + inside[2];
    if (total === 0 || total === 3) continue;
    const odd = inside.indexOf(total === 1 ? 1 : 0);
    const edges = [1, 2].map((k) => {
      const [p, q] = [corners[odd], corners[(odd + k) % 3]];
      return total === 1 ? [p, q] : [q, p];
    });
    const segment = { edges, used: false };
    segments.push(segment);
    for (const edge of edges) {
      const key = edge.join();
      if (!ends.has(key)) ends.set(key, []);
      ends.get(key).push(segment);
    }
  }
  const follow = (edge, path) => {
    let at = edge;
    for (;;) {
      const next = ends.get(at.join()).find((segment) => !segment.used);
      if (!next) return;
      next.used = true;
      at = next.edges[0].join() === at.join() ? next.edges[1] : next.edges[0];
      path.push(at);
    }
  };
  const paths = [];
  for (const segment of segments) {
    if (segment.used) continue;
    segment.used = true;
    const forward = [segment.edges[0], segment.edges[1]];
    follow(segment.edges[1], forward);
    const closed = forward.length > 2 && forward[0].join() === forward.at(-1).join();
    if (closed) {
      paths.push({ points: forward.slice(0, -1), closed });
      continue;
    }
    const backward = [];
    follow(segment.edges[0], backward);
    paths.push({ points: [...backward.reverse(), ...forward], closed: false });
  }
  return paths;
}
