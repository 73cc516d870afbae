// The flat map as SVG: brains as a picture, outlines, labels, bar and words as vectors.

import { borderPaths } from "../pure/borders.js";
import { FLAT } from "../pure/camera.js";
import { lineColour, toCss } from "../pure/colour.js";
import { placeLabels } from "../pure/labels.js";
import { DIMMED, standsOut } from "../pure/scene.js";
import { formatNumber } from "../pure/numbers.js";
import { legendOf } from "../pure/scales.js";
import { SIDES } from "../pure/space.js";
import { extraHeight, reliabilityAxis } from "./legend.js";
import { captionBoxes, captions, veils } from "./overlay.js";
import { trimmedHeight } from "./picture.js";

const RATIO = 3;
const FOOT = 40;
const STOPS = 128; // of a colour bar's gradient

/** @returns a Blob; the flat map is drawn whatever surface is on screen. */
export function composeSvg(viewer) {
  const { stage, state, model, theme, views } = viewer;
  const { width } = stage;
  const cameras = [...new Set(model.maps.map((_, i) => state.cameraOf(i)))];
  const before = cameras.map(({ surface }) => surface);
  cameras.forEach((camera) => (camera.surface = FLAT));
  const height = trimmedHeight(viewer);
  const scene = { ...viewer.now().scene(width, height, RATIO), scaleAtHand: null };
  // The outlines come as lines, so the picture goes without.
  const bare = { ...scene, look: { ...scene.look, shown: [0, 0], raised: { ...scene.raised, left: [0, 0], right: [0, 0] } } };
  const picture = stage.drawOnce(bare, (canvas) => canvas.toDataURL("image/png"));
  const parts = scene.sights.map((sight, i) => viewParts(scene, sight, i, model, state));
  cameras.forEach((camera, i) => (camera.surface = before[i]));
  stage.redraw();
  const foot = model.ownBars ? 12 : FOOT + extraHeight(views);
  const bars = model.ownBars
    ? scene.sights.map(({ cell }, i) => legend(views[i], cell.x + cell.w - 14, cell.y + cell.h, theme, i))
    : [legend(legendOf(views), width - 14, height + foot - 12, theme, 0)];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + foot}" width="${width}" height="${height + foot}" font-family="${escape(theme.font)}" fill="${escape(theme.text)}">
<title>${escape(model.header.maps.map((map) => map.title).join(", "))}</title>
<rect width="100%" height="100%" fill="${escape(theme.background)}"/>
<image href="${picture}" width="${width}" height="${height}"/>
${parts.join("\n")}
${bars.join("\n")}
</svg>`;
  return new Blob([svg], { type: "image/svg+xml" });
}

function viewParts({ labels, views, theme, look: { raised } }, sight, i, model, state) {
  const { cell } = sight;
  const clip = `view${i}`;
  const lines = [];
  for (const side of SIDES) {
    const mesh = model.geometry[side];
    const { masks } = model.space.sides[side];
    model.space.names.forEach(({ name, group, colour }, bit) => {
      const roi = { side, bit };
      if (!state.shownGroups.has(group) && !raised.has(roi)) return;
      const d = borderPaths(mesh.faces, mesh.nFlat, masks, bit).map(({ points, closed }) => {
        const steps = points.map(([a, b]) => {
          const [p, q] = [sight.toScreen(side, a), sight.toScreen(side, b)];
          return `${round((p[0] + q[0]) / 2)} ${round((p[1] + q[1]) / 2)}`;
        });
        return `M${steps.join("L")}${closed ? "Z" : ""}`;
      });
      if (!d.length) return;
      const label = escape(`${name} ${side}`);
      lines.push(`<path id="${clip}-${label.replace(/\s+/g, "-")}" d="${d.join("")}" stroke="${toCss(lineColour(colour, theme.name))}"${emphasis(raised, roi)}><title>${label}</title></path>`);
    });
  }
  const measure = document.createElement("canvas").getContext("2d");
  measure.font = `600 12.5px ${theme.font}`;
  const placed = placeLabels(labels[i], sight, {
    widthOf: (name) => measure.measureText(name).width, height: 16.5, taken: captionBoxes(sight), hints: new Map(),
  });
  const leaders = placed.filter(({ leader }) => leader).map(({ label, leader: [x1, y1, x2, y2] }) =>
    `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${toCss(label.colour)}"${standsOut(raised, label) ? "" : ` opacity="${DIMMED}"`}/>`);
  const names = placed.map(({ label, x, y }) => `<text x="${round(x)}" y="${round(y + 4)}" fill="${toCss(label.colour)}"${standsOut(raised, label) ? "" : ` opacity="${DIMMED}"`}>${escape(label.name)}</text>`);
  const sides = captions(sight).map(({ text, x, y }) => `<text x="${round(x)}" y="${round(y)}">${escape(text)}</text>`);
  const { body } = cell;
  const view = views[i];
  const accent = escape(view.role === "predicted" ? theme.accent : theme.text);
  // Filled for measured, open for predicted, as on screen.
  const marked = view.role === "measured" || view.role === "predicted";
  const mark = marked ? `<circle cx="${cell.x + 18}" cy="${cell.y + 17.5}" r="3.6" stroke="${accent}" stroke-width="1.6" fill="${view.role === "measured" ? accent : "none"}"/>` : "";
  const ground = escape(theme.background);
  const veil = sight.close
    ? veils(sight).map(([y, h, upper], k) =>
      `<linearGradient id="${clip}-veil${k}" x1="0" x2="0" y1="${upper ? 0 : 1}" y2="${upper ? 1 : 0}"><stop stop-color="${ground}"/><stop offset=".7" stop-color="${ground}" stop-opacity=".9"/><stop offset="1" stop-color="${ground}" stop-opacity="0"/></linearGradient><rect x="${cell.x}" y="${y}" width="${cell.w}" height="${h}" fill="url(#${clip}-veil${k})"/>`).join("")
    : "";
  return `<g>${veil}${mark}<text x="${cell.x + (marked ? 29 : 14)}" y="${cell.y + 22}" font-size="14" font-weight="600" fill="${accent}">${escape(view.title)}<tspan dx="10" font-weight="400" font-size="12.5" fill="${escape(theme.text)}" fill-opacity=".7">${escape([view.subtitle, view.stamp].filter(Boolean).join(" · "))}</tspan></text>
<clipPath id="${clip}"><rect x="${body.x}" y="${body.y}" width="${body.w}" height="${body.h}"/></clipPath>
<g clip-path="url(#${clip})"><g fill="none" stroke-width="1.5" stroke-linejoin="round">${lines.join("\n")}</g>
<g stroke-width="1">${leaders.join("\n")}</g>
<g font-size="12.5" font-weight="600" text-anchor="middle" paint-order="stroke" stroke="${escape(theme.background)}" stroke-opacity=".88" stroke-width="3.5" stroke-linejoin="round">${names.join("\n")}</g></g>
<g font-size="12" text-anchor="middle" fill-opacity=".7">${sides.join("")}</g></g>`;
}

/** How an outline differs while a ROI is brought forward, as on screen. */
const emphasis = (raised, roi) =>
  !raised.any ? "" : raised.has(roi) ? ' stroke-width="2.8"' : ' stroke-opacity="0.3"';

/** A colour bar whose right end, number and unit included, is at x; or the square of reliability. */
function legend(view, right, bottom, theme, i) {
  const low = formatNumber(view.range[0]);
  const high = `${formatNumber(view.range[1])} ${view.unit}`.trim();
  if (!view.reliability) {
    const x = right - 120 - 8 - high.length * 6.5;
    const y = bottom - 18;
    return `<g id="scale${i}" font-size="11.5"><text x="${round(x - 6)}" y="${y + 9}" text-anchor="end">${low}</text>${swatches(view, x, y, 120, 10, theme, i)}<text x="${round(x + 126)}" y="${y + 9}">${escape(high)}</text></g>`;
  }
  const [w, h] = [120, 36];
  const x = right - w;
  const y = bottom - 14 - h;
  const [from, to] = view.reliability;
  const { ticks, label } = reliabilityAxis(view);
  const numbers = ticks.map(({ at, text }) =>
    `<text x="${x - 6}" y="${round(y + h * (1 - at) + (at > 0.9 ? 8 : at < 0.1 ? 1 : 4))}" text-anchor="end">${text}</text>`);
  const grey = toCss(theme.grey);
  // Offsets count downwards from 1 at the top of the square.
  const veil = `<linearGradient id="veil${i}" x1="0" y1="0" x2="0" y2="1"><stop offset="${round(1 - to)}" stop-color="${grey}" stop-opacity="0"/><stop offset="${round(1 - from)}" stop-color="${grey}"/></linearGradient>`;
  return `<g id="scale${i}" font-size="11">${veil}${swatches(view, x, y, w, h, theme, i)}<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="url(#veil${i})"/>
${numbers.join("")}<text x="${x - 30}" y="${y + h / 2 + 4}" text-anchor="end">${escape(label)}</text>
<text x="${x}" y="${bottom - 2}">${low}</text><text x="${right}" y="${bottom - 2}" text-anchor="end">${escape(high)}</text></g>`;
}

/** A rectangle of the colour table: categories side by side, anything else as one gradient. */
function swatches({ kind, range, rgb, hidden }, x, y, width, height, theme, i) {
  const css = (entry) => `rgb(${rgb[entry * 3]} ${rgb[entry * 3 + 1]} ${rgb[entry * 3 + 2]})`;
  if (kind === "categorical") {
    const n = Math.round(range[1] - range[0]) + 1;
    return Array.from({ length: n }, (_, k) =>
      `<rect x="${round(x + (k * width) / n)}" y="${y}" width="${round(width / n)}" height="${height}" fill="${css(Math.round(range[0]) + k)}"/>`).join("");
  }
  const stops = Array.from({ length: STOPS }, (_, k) => {
    const u = k / (STOPS - 1);
    const value = range[0] + u * (range[1] - range[0]);
    const grey = hidden && value > hidden[0] && value < hidden[1];
    return `<stop offset="${round(u * 100)}%" stop-color="${grey ? toCss(theme.grey) : css(Math.round(u * 255))}"/>`;
  });
  return `<linearGradient id="table${i}">${stops.join("")}</linearGradient><rect x="${x}" y="${y}" width="${width}" height="${height}" fill="url(#table${i})"/>`;
}

const round = (value) => Math.round(value * 100) / 100;

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
