// Colour bars: a line of colours with its ends in numbers; with reliability on, a square of value by
// reliability with both axes in numbers.

import { toCss } from "../pure/colour.js";
import { formatNumber } from "../pure/numbers.js";
import { fade } from "./paint.js";

const INSET = 14;
const BAR = 10;
const SQUARE = 34;
const NUMBER = 11; // size of the square's numbers

/** Pixels that a legend takes more than a bar does. */
export const extraHeight = (views) => (views.some((view) => view.reliability) ? SQUARE + 6 : 0);

/** A view's legend, its lower right corner at (right, bottom) less the usual margins. */
export function drawLegend(context, theme, view, right, bottom, room) {
  if (view.reliability) drawSquare(context, theme, view, right - INSET, bottom - 3, Math.min(120, room * 0.34));
  else drawBar(context, theme, view, right - INSET, bottom - 16, Math.min(110, room * 0.3));
}

function drawBar(context, theme, view, right, y, width) {
  context.font = `400 11.5px ${theme.font}`;
  context.fillStyle = fade(theme, "text", 0.8);
  const high = `${formatNumber(view.range[1])} ${view.unit}`.trim();
  context.textAlign = "right";
  context.fillText(high, right, y + 9);
  const x = right - context.measureText(high).width - 6;
  paintTable(context, theme, view, x - width, y, width, BAR);
  context.fillStyle = fade(theme, "text", 0.8);
  context.fillText(formatNumber(view.range[0]), x - width - 6, y + 9);
}

/** Pixels from a square's left end to the end of its axis of reliability, words and all. */
export function axisWidth(context, theme, view) {
  context.font = `400 ${NUMBER}px ${theme.font}`;
  const { ticks, label } = reliabilityAxis(view);
  const widest = Math.max(...ticks.map(({ text }) => context.measureText(text).width));
  return 6 + widest + 7 + context.measureText(label).width;
}

/** Value to the right, reliability upwards. */
export function drawSquare(context, theme, view, right, bottom, width) {
  const x = right - width;
  const y = bottom - NUMBER - 4 - SQUARE;
  paintSquare(context, theme, view, x, y, width, SQUARE);
  context.font = `400 ${NUMBER}px ${theme.font}`;
  context.fillStyle = fade(theme, "text", 0.8);
  context.textAlign = "left";
  context.fillText(formatNumber(view.range[0]), x, bottom - 1);
  context.textAlign = "right";
  context.fillText(`${formatNumber(view.range[1])} ${view.unit}`.trim(), right, bottom - 1);
  const { ticks, label } = reliabilityAxis(view);
  for (const { at, text } of ticks) {
    context.fillText(text, x - 6, y + SQUARE * (1 - at) + (at > 0.9 ? 8 : at < 0.1 ? 1 : 4));
  }
  context.textAlign = "left";
  context.fillText(label, x - axisWidth(context, theme, view), y + SQUARE / 2 + 4);
}

/** Numbers on the axis of reliability, 0 to 1: its ends, and from where colours are solid. */
export function reliabilityAxis({ reliability, reliabilityLabel }) {
  const solid = reliability[1];
  const ticks = [{ at: 0, text: "0" }, { at: 1, text: "1" }];
  if (solid > 0.28 && solid < 0.72) ticks.push({ at: solid, text: formatNumber(solid) });
  return { ticks, label: reliabilityLabel };
}

/** Fill a rectangle with the colour table; values that are hidden show the cortex's grey. */
export function paintTable(context, theme, view, x, y, width, height) {
  const steps = Math.max(2, Math.round(width));
  const { rgb, kind, range, hidden } = view;
  const entries = kind === "categorical" ? Math.round(range[1] - range[0]) + 1 : 256;
  for (let i = 0; i < steps; i++) {
    const u = i / (steps - 1);
    const value = range[0] + u * (range[1] - range[0]);
    const entry = kind === "categorical"
      ? Math.round(range[0]) + Math.min(entries - 1, Math.floor(u * entries))
      : Math.round(u * 255);
    const grey = hidden && value > hidden[0] && value < hidden[1];
    context.fillStyle = grey
      ? toCss(theme.grey)
      : `rgb(${rgb[entry * 3]} ${rgb[entry * 3 + 1]} ${rgb[entry * 3 + 2]})`;
    context.fillRect(x + (i * width) / steps, y, width / steps + 0.6, height);
  }
  frame(context, theme, x, y, width, height);
}

/** The same, fading downwards into the cortex as the shader does: grey over it, thinner upwards. */
export function paintSquare(context, theme, view, x, y, width, height) {
  paintTable(context, theme, view, x, y, width, height);
  const [from, to] = view.reliability;
  const at = (reliability) => y + height * (1 - reliability);
  const veil = context.createLinearGradient(0, at(to), 0, at(Math.min(from, to - 1e-3)));
  const [r, g, b] = theme.grey.map((value) => Math.round(value * 255));
  veil.addColorStop(0, `rgb(${r} ${g} ${b} / 0)`);
  veil.addColorStop(1, `rgb(${r} ${g} ${b} / 1)`);
  context.fillStyle = veil;
  context.fillRect(x, y, width, height);
  frame(context, theme, x, y, width, height);
}

function frame(context, theme, x, y, width, height) {
  context.strokeStyle = fade(theme, "text", 0.25);
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}
