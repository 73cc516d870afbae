// The shapes of the chart as SVG text: boxes, lines and words in its own coordinates.

export const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

export const round = (value) => Math.round(value * 100) / 100;

export const shade = (data, theme, index) => data.colours[index][theme.dark ? 1 : 0];

/** A rectangle given by its ends along the ROIs and along the values. */
export function box(layout, from, to, low, high, attributes) {
  const [x1, y1] = layout.at(from, low);
  const [x2, y2] = layout.at(to, high);
  return (
    `<rect x="${round(Math.min(x1, x2))}" y="${round(Math.min(y1, y2))}" ` +
    `width="${round(Math.abs(x2 - x1))}" height="${round(Math.abs(y2 - y1))}" ${attributes}/>`
  );
}

export function line(layout, a1, u1, a2, u2, attributes) {
  const [x1, y1] = layout.at(a1, u1);
  const [x2, y2] = layout.at(a2, u2);
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

export function text(x, y, words, attributes) {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(words)}</text>`;
}
