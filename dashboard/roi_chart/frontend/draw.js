// The chart as SVG text: the same on the screen and in an export.

import { NAME_SIZE, SMALL } from "./layout.js";
import { drawMarks, seriesColour } from "./marks.js";
import { box, line, round, shade, text } from "./shapes.js";
import { mix, textWidth } from "./theme.js";
import { axisTitle, tickText } from "./words.js";

export function drawBody(data, layout, theme, id) {
  return [
    `<defs>${hatch(theme, id)}</defs>`,
    `<g data-layer="back">${drawPillars(data, layout, theme)}</g>`,
    `<g data-layer="marked"></g>`,
    drawAxis(data, layout, theme),
    drawGroups(data, layout, theme),
    drawNames(data, layout, theme),
    drawMarks(data, layout, theme, id),
  ].join("");
}

function hatch(theme, id) {
  return (
    `<pattern id="${id}" width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
    `<line x1="0" y1="0" x2="0" y2="3" stroke="${theme.soft}" stroke-width="0.8"/></pattern>`
  );
}

/** A wash behind each ROI that exists in some hemisphere holds its two hemispheres together. */
function drawPillars(data, layout, theme) {
  const [low, high] = ends(data, layout);
  return data.rois
    .map((_, i) => {
      if (!data.n[2 * i] && !data.n[2 * i + 1]) return "";
      const [left, right] = [layout.cells[2 * i], layout.cells[2 * i + 1]];
      return box(layout, left.start, right.end, low, high, `fill="${theme.wash}"`);
    })
    .join("");
}

export function ends(data, layout) {
  return [layout.up(data.axis[2]), layout.up(data.axis[3])];
}

function drawAxis(data, layout, theme) {
  const parts = [];
  const [low, high] = ends(data, layout);
  for (const tick of layout.ticks) {
    const up = layout.up(tick);
    const zero = Math.abs(tick) < 1e-9;
    if (!zero || !data.axis[4]) {
      parts.push(line(layout, layout.start, up, layout.end, up, `stroke="${theme.line}" stroke-width="0.75"`));
    }
    const [x, y] = layout.lying ? [up, layout.top - 6] : [layout.left - 6, up + 3.5];
    const anchor = layout.lying ? "middle" : "end";
    parts.push(text(x, y, tickText(layout.ticks, tick), `fill="${theme.soft}" font-size="${SMALL}" text-anchor="${anchor}"`));
  }
  if (data.axis[4] && data.axis[2] <= 0 && data.axis[3] >= 0) {
    const up = layout.up(0);
    parts.push(line(layout, layout.start, up, layout.end, up, `stroke="${theme.faint}" stroke-width="1"`));
  }
  const title = axisTitle(data);
  const style = `fill="${theme.soft}" font-size="${SMALL}"`;
  if (layout.lying) {
    parts.push(text(layout.left, 12, title, style));
  } else {
    const y = (low + high) / 2;
    parts.push(text(9, y, title, `${style} text-anchor="middle" transform="rotate(-90 9 ${round(y)})"`));
  }
  return parts.join("");
}

function drawGroups(data, layout, theme) {
  return layout.groups
    .map(({ group, start, end }) => {
      const hue = shade(data, theme, data.rois.find(([, g]) => g === group)[2]);
      const style = `fill="${mix(hue, theme.ink, 0.8)}" font-size="${NAME_SIZE}" font-weight="600"`;
      if (layout.lying) {
        return text(2, start - 7, data.groups[group], style) +
          `<line x1="2" x2="${round(layout.width - 10)}" y1="${round(start - 3)}" y2="${round(start - 3)}" stroke="${hue}" stroke-width="1.5"/>`;
      }
      const y = layout.top - 9;
      const words = shorten(data.groups[group], end - start + 10, theme);
      return text(start, y - 5, words, style) +
        `<line x1="${round(start)}" x2="${round(end)}" y1="${y}" y2="${y}" stroke="${hue}" stroke-width="1.5"/>`;
    })
    .join("");
}

function shorten(words, room, theme) {
  if (textWidth(words, NAME_SIZE, theme.font, 600) <= room) return words;
  let kept = words;
  while (kept.length > 1 && textWidth(`${kept}…`, NAME_SIZE, theme.font, 600) > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function drawNames(data, layout, theme) {
  const parts = [];
  data.rois.forEach(([name], i) => {
    const [left, right] = [layout.cells[2 * i], layout.cells[2 * i + 1]];
    const mid = (left.start + right.end) / 2;
    // An ROI absent on both sides keeps its place, but its name steps back.
    const gone = !data.n[2 * i] && !data.n[2 * i + 1];
    const style = `class="roi-name" data-roi="${i}" fill="${gone ? theme.faint : theme.ink}" font-size="${NAME_SIZE}"`;
    if (layout.lying) {
      parts.push(text(layout.left - 22, mid + 4, name, `${style} text-anchor="end"`));
    } else {
      const y = layout.base + (layout.letters ? 13 : 3);
      if (layout.upright) parts.push(text(mid, y + 13, name, `${style} text-anchor="middle"`));
      else {
        const [x, top] = [round(mid + 4), round(y + 9)];
        parts.push(text(x, top, name, `${style} text-anchor="end" transform="rotate(-40 ${x} ${top})"`));
      }
    }
    if (!layout.letters) return;
    for (const [cell, letter] of [[left, "L"], [right, "R"]]) {
      const [x, y] = layout.lying ? [layout.left - 11, cell.mid + 3] : [cell.mid, layout.base + 10];
      parts.push(text(x, y, letter, `fill="${theme.soft}" font-size="8.5" text-anchor="middle"`));
    }
  });
  return parts.join("");
}

/** The highlights: the ROI pointed at, those under the cortex's pointer, the one in focus. */
export function drawMarked(data, layout, theme, { hovered, linked, focus, cursor }) {
  const [low, high] = ends(data, layout);
  const out = layout.lying ? 0 : -6;
  const around = (cell, attributes) => {
    const { start, end } = layout.cells[cell];
    return box(layout, start + 0.5, end - 0.5, low - (layout.lying ? 0 : -1), high + out, attributes);
  };
  const parts = [];
  const hue = (cell) => shade(data, theme, data.rois[cell >> 1][2]);
  for (const cell of linked) parts.push(around(cell, `fill="${mix(hue(cell), theme.paper, 0.22)}" rx="2"`));
  if (hovered !== null) parts.push(around(hovered, `fill="${mix(hue(hovered), theme.paper, 0.22)}" rx="2"`));
  if (focus !== null) {
    parts.push(around(focus, `fill="${mix(hue(focus), theme.paper, 0.14)}" stroke="${hue(focus)}" stroke-width="1.25" rx="2" data-focus="${focus}"`));
  }
  if (cursor !== null) {
    parts.push(around(cursor, `fill="none" stroke="${theme.accent}" stroke-width="2" rx="2"`));
  }
  return parts.join("");
}

/** The key: each series' mark and name. Returns [svg, width]. */
export function drawKey(data, theme) {
  let x = 0;
  const parts = [];
  data.series.forEach(([name, , mark], i) => {
    const colour = seriesColour(data, theme, i, null);
    if (mark === "bar") parts.push(`<rect x="${x + 2}" y="3" width="5" height="10" fill="${colour}"/>`);
    else if (mark === "ring") parts.push(`<circle cx="${x + 5}" cy="8" r="3.2" fill="${theme.paper}" stroke="${colour}" stroke-width="1.6"/>`);
    else parts.push(`<circle cx="${x + 5}" cy="8" r="3.4" fill="${colour}"/>`);
    parts.push(text(x + 13, 12, name, `fill="${theme.soft}" font-size="12"`));
    x += 13 + textWidth(name, 12, theme.font) + 14;
  });
  if (data.ceilings.some((c) => c !== null)) {
    parts.push(`<line x1="${x}" x2="${x + 11}" y1="8" y2="8" stroke="${theme.ink}" stroke-width="1.2"/>`);
    parts.push(text(x + 15, 12, "noise ceiling", `fill="${theme.soft}" font-size="12"`));
    x += 15 + textWidth("noise ceiling", 12, theme.font) + 14;
  }
  return [parts.join(""), Math.max(0, x - 14)];
}
