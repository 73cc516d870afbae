// The views' rectangles on the stage.

const TITLE = 38;
const TITLE_NARROW = 44;
const FOOT = 20;
const FOOT_WITH_BAR = 38;
const FOOT_WITH_SQUARE = 72;

/**
 * Split the stage into n equal cells so that brains (about 2:1) become largest.
 * @param legend what each view prints below its brains: "bar", "square" or nothing
 */
export function layoutCells(width, height, n, legend = null) {
  const foot = legend === "square" ? FOOT_WITH_SQUARE : legend === "bar" ? FOOT_WITH_BAR : FOOT;
  let best = null;
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    const w = width / columns;
    const h = height / rows;
    const size = Math.min(w / 2, h - TITLE - foot);
    if (!best || size > best.size + 1) best = { size, columns, w, h };
  }
  const title = best.w < 420 ? TITLE_NARROW : TITLE;
  return Array.from({ length: n }, (_, i) => {
    const x = (i % best.columns) * best.w;
    const y = Math.floor(i / best.columns) * best.h;
    return {
      x, y, w: best.w, h: best.h, foot,
      body: { x, y: y + title, w: best.w, h: Math.max(20, best.h - title - foot) },
    };
  });
}

export const contains = ({ x, y, w, h }, px, py) => px >= x && px < x + w && py >= y && py < y + h;

/**
 * A text within a width: of words joined by " · " the middle goes first, since a model's end (its
 * layer) tells it from others as much as its beginning; of other texts the end.
 */
export function shortened(text, width, measure) {
  if (measure(text) <= width) return text;
  const joined = text.includes(" · ");
  for (let kept = text.length - 1; kept > 1; kept--) {
    const head = joined ? Math.floor(kept * 0.4) : kept;
    const end = joined ? text.slice(text.length - (kept - head)).trimStart() : "";
    const short = `${text.slice(0, head).trimEnd()}…${end}`;
    if (measure(short) <= width) return short;
  }
  return "…";
}
