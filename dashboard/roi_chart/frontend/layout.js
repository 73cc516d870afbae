// Where everything stands. "Along" is the axis of ROIs, "up" the axis of values; a chart that lies
// on its side swaps the two, and nothing else knows.

import { tickText } from "./words.js";
import { textWidth } from "./theme.js";

export const NAME_SIZE = 11;
export const SMALL = 10;
const LEAST = 8; // narrowest column that keeps a dot and its neighbour apart
const GROUP_GAP = 12;
const ROI_GAP = 0.45; // of a column

export function layOut(data, width, height, theme) {
  const rois = data.rois.length;
  const gaps = Math.max(0, data.groups.length - 1) * GROUP_GAP;
  // The last ROI of a group is followed by the group's gap instead of its own.
  const units = rois * (2 + ROI_GAP) - data.groups.length * ROI_GAP;
  const lying = (width - 56 - gaps) / units < LEAST && width < 640;
  const names = data.rois.map(([name]) => textWidth(name, NAME_SIZE, theme.font, 600));
  const longest = Math.max(0, ...names);
  return lying
    ? lie(data, width, longest, theme)
    : stand(data, width, height, names, longest, gaps, units, theme);
}

function stand(data, width, height, names, longest, gaps, units, theme) {
  const ticks = ticksOf(data.axis, 4);
  const left = 24 + Math.max(...ticks.map((t) => textWidth(tickText(ticks, t), SMALL, theme.font)));
  const right = 6;
  // A few ROIs do not spread over the whole page: columns have a widest size too.
  const column = Math.max(LEAST, Math.min(26, (width - left - right - gaps) / units));
  const upright = names.every((w) => w + 6 <= column * (2 + ROI_GAP));
  const letters = column >= 7;
  const top = 30;
  const foot = (letters ? 13 : 3) + (upright ? 18 : 8 + longest * 0.66);
  const full = left + right + gaps + units * column;
  const layout = {
    lying: false, upright, letters, ticks, column,
    width: Math.max(width, full), height, left, right, top, foot,
    base: height - foot,
    ...spread(data, left, column, GROUP_GAP),
  };
  layout.up = scale(data.axis, layout.base, top);
  layout.at = (along, up) => [along, up];
  return layout;
}

function lie(data, width, longest, theme) {
  const column = 11;
  const ticks = ticksOf(data.axis, 4);
  const left = longest + 26;
  const top = 40;
  const layout = {
    lying: true, upright: true, letters: true, ticks, column,
    width, left, right: 10, top, foot: 8, base: left,
    ...spread(data, top + 18, column, 30),
  };
  layout.height = layout.end + 10;
  layout.up = scale(data.axis, left, width - 14);
  layout.at = (along, up) => [up, along];
  return layout;
}

/** Columns, one per ROI and hemisphere, and the groups they form. */
function spread(data, start, column, gap) {
  const cells = [];
  const groups = [];
  let along = start;
  data.rois.forEach(([, group], i) => {
    if (groups.length === 0 || groups[groups.length - 1].group !== group) {
      if (groups.length) along += gap - column * ROI_GAP;
      groups.push({ group, start: along, end: along });
    }
    for (const side of [0, 1]) {
      const from = along + side * column;
      cells.push({ cell: 2 * i + side, start: from, end: from + column, mid: from + column / 2 });
    }
    groups[groups.length - 1].end = along + 2 * column;
    along += column * (2 + ROI_GAP);
  });
  return { cells, groups, start, end: along - column * ROI_GAP };
}

function scale([, , low, high], from, to) {
  const place = (value) => from + ((value - low) / (high - low)) * (to - from);
  return (value) => place(Math.min(high, Math.max(low, value)));
}

/** Round numbers inside the axis, about as many as asked for. */
export function ticksOf([, , low, high], about) {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.99);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return ticks;
}

/** The cell under a point, or null. The space between two ROIs belongs to the nearer one. */
export function cellAt(layout, x, y) {
  const along = layout.lying ? y : x;
  if (along < layout.start - 4 || along > layout.end + 4) return null;
  let best = null;
  let least = layout.column * 0.9;
  for (const { cell, mid } of layout.cells) {
    const distance = Math.abs(along - mid);
    if (distance < least) [best, least] = [cell, distance];
  }
  return best;
}
