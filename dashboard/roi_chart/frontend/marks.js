// The data themselves: dots, rings and bars with their intervals, ceilings, and absences.

import { box, line, round, shade, text } from "./shapes.js";
import { mix } from "./theme.js";
import { intervalOf, valueOf } from "./words.js";

/** A series' colour; in a cell, a single bar series takes the ROI's hue. */
export function seriesColour(data, theme, index, cell) {
  const [, role, mark, colour] = data.series[index];
  if (colour !== null) return shade(data, theme, colour);
  if (mark === "bar" && data.series.length === 1) {
    if (cell === null) return theme.soft;
    const hue = shade(data, theme, data.rois[cell >> 1][2]);
    // Right is lighter, beside the letters L and R.
    return cell & 1 ? mix(hue, theme.paper, 0.62) : hue;
  }
  return role === "predicted" ? theme.accent : theme.ink;
}

export function drawMarks(data, layout, theme, id) {
  const offsets = offsetsOf(data, layout);
  return layout.cells
    .map((column) => drawCell(data, layout, theme, id, column, offsets))
    .join("");
}

/** Measured and predicted share one line and a stem; models stand next to each other. */
function offsetsOf(data, layout) {
  const joined = isJoined(data);
  const n = data.series.length;
  const step = Math.min(7, (layout.column * 0.72) / Math.max(1, n));
  return data.series.map((_, i) => (joined ? 0 : (i - (n - 1) / 2) * step));
}

const isJoined = (data) =>
  data.series.length === 2 &&
  data.series.every(([, role, mark]) => mark !== "bar" && (role === "measured" || role === "predicted"));

function drawCell(data, layout, theme, id, column, offsets) {
  const { cell, mid } = column;
  const n = data.n[cell];
  if (n === null) return "";
  if (n === 0) return drawAbsence(data, layout, theme, column);
  const parts = [drawCeiling(data, layout, theme, id, column)];
  if (isJoined(data)) parts.push(drawStem(data, layout, theme, column));
  // The last series first: what was measured lies on top.
  for (let i = data.series.length - 1; i >= 0; i--) {
    const mark = data.values[i][cell];
    const at = mid + offsets[i];
    if (mark === null) parts.push(drawUndefined(data, layout, theme, at));
    else parts.push(drawMark(data, layout, theme, i, cell, at, mark));
  }
  return `<g data-cell="${cell}">${parts.join("")}</g>`;
}

const baseline = (data) => Math.min(data.axis[3], Math.max(data.axis[2], 0));

/** The word, at the end of the axis: no mark and no bar, so that nobody reads a zero. */
function drawAbsence(data, layout, theme, { cell, mid }) {
  const both = data.n[cell ^ 1] === 0;
  if (both && cell & 1) return ""; // said once for both hemispheres
  const along = both ? (mid + layout.cells[cell + 1].mid) / 2 : mid;
  const [x, y] = layout.at(along, layout.up(data.axis[2]));
  const style = `fill="${theme.faint}" font-size="9" data-absent="${cell}"`;
  if (layout.lying) return text(x + 6, y + 3, "absent", style);
  return text(x + 3, y - 5, "absent", `${style} transform="rotate(-90 ${round(x + 3)} ${round(y - 5)})"`);
}

function drawUndefined(data, layout, theme, at) {
  const [x, y] = layout.at(at, layout.up(baseline(data)));
  return `<path d="M${round(x - 2)} ${round(y - 2)}l4 4m0 -4l-4 4" stroke="${theme.faint}" fill="none" stroke-width="1"/>`;
}

function drawStem(data, layout, theme, { cell, mid }) {
  const values = data.values.map((marks) => valueOf(marks[cell]));
  if (values.some((v) => v === null)) return "";
  const [a, b] = values.map(layout.up);
  return line(layout, mid, a, mid, b, `stroke="${theme.accent}" stroke-opacity="0.45" stroke-width="1.4"`);
}

function drawCeiling(data, layout, theme, id, { cell, start, end }) {
  const ceiling = data.ceilings[cell];
  if (ceiling === null) return "";
  const up = layout.up(ceiling);
  const beyond = layout.lying ? 4 : -4;
  return (
    box(layout, start + 1, end - 1, up, up + beyond, `fill="url(#${id})"`) +
    line(layout, start + 1, up, end - 1, up, `stroke="${theme.ink}" stroke-width="1.1"`)
  );
}

function drawMark(data, layout, theme, index, cell, at, mark) {
  const value = valueOf(mark);
  const interval = intervalOf(mark);
  const colour = seriesColour(data, theme, index, cell);
  const kind = data.series[index][2];
  const up = layout.up(value);
  const size = Math.min(3.4, layout.column * 0.34);
  const whisker = interval ? drawInterval(layout, theme, at, interval, kind === "bar" ? null : colour) : "";
  if (kind === "bar") {
    const half = Math.min(5, (layout.column * 0.36) / Math.max(1, data.series.length * 0.8));
    return box(layout, at - half, at + half, layout.up(baseline(data)), up, `fill="${colour}"`) + whisker;
  }
  const [x, y] = layout.at(at, up);
  const outside = value < data.axis[2] || value > data.axis[3];
  if (outside) return arrow(layout, x, y, value > data.axis[3], size, colour);
  const paint =
    kind === "ring"
      ? `fill="${theme.paper}" stroke="${colour}" stroke-width="1.6"`
      : `fill="${colour}"`;
  return `${whisker}<circle cx="${round(x)}" cy="${round(y)}" r="${round(kind === "ring" ? size - 0.4 : size)}" ${paint}/>`;
}

/** On a bar the line has a halo: the bar may be as dark, or as light, as the line. */
function drawInterval(layout, theme, at, interval, colour) {
  const [low, high] = interval.map(layout.up);
  if (colour) return line(layout, at, low, at, high, `stroke="${colour}" stroke-width="0.9" stroke-opacity="0.6"`);
  return (
    line(layout, at, low, at, high, `stroke="${theme.paper}" stroke-width="2.2" stroke-opacity="0.6"`) +
    line(layout, at, low, at, high, `stroke="${theme.ink}" stroke-width="1"`)
  );
}

/** The value lies beyond the axis: an arrowhead at its end, pointing on. */
function arrow(layout, x, y, beyond, size, colour) {
  const way = beyond ? 1 : -1;
  const [dx, dy] = layout.lying ? [way * size * 1.4, 0] : [0, -way * size * 1.4];
  const [sx, sy] = layout.lying ? [0, size] : [size, 0];
  return `<path d="M${round(x - sx)} ${round(y - sy)}L${round(x + sx)} ${round(y + sy)}L${round(x + dx)} ${round(y + dy)}Z" fill="${colour}"/>`;
}
