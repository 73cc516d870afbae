// Which vertices share an edge: made once per mesh, when first asked.

const kept = new WeakMap();

/** {starts, items}: the neighbours of vertex v are items[starts[v]..starts[v + 1]], each once. */
export function neighboursOf(mesh) {
  if (!kept.has(mesh)) kept.set(mesh, collect(mesh));
  return kept.get(mesh);
}

function collect({ n, faces }) {
  const room = new Uint32Array(n + 1);
  for (let i = 0; i < faces.length; i++) room[faces[i] + 1] += 2;
  for (let v = 0; v < n; v++) room[v + 1] += room[v];
  const loose = new Uint32Array(faces.length * 2);
  const ends = room.slice(0, n);
  const add = (v, other) => {
    // An inner edge belongs to two faces.
    for (let i = room[v]; i < ends[v]; i++) if (loose[i] === other) return;
    loose[ends[v]++] = other;
  };
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f], faces[f + 1], faces[f + 2]];
    add(a, b); add(a, c); add(b, a); add(b, c); add(c, a); add(c, b);
  }
  const starts = new Uint32Array(n + 1);
  for (let v = 0; v < n; v++) starts[v + 1] = starts[v] + ends[v] - room[v];
  const items = new Uint32Array(starts[n]);
  for (let v = 0; v < n; v++) items.set(loose.subarray(room[v], ends[v]), starts[v]);
  return { starts, items };
}
