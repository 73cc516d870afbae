// The page's colours: what Streamlit's theme says, and the cortex's own greys under it.

import { greyOf, lightness } from "./pure/colour.js";

/** Read Streamlit's theme from its CSS variables; colours come as CSS text and as [r, g, b] 0..1. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const parse = colourParser();
  const background = value("background-color", "#ffffff");
  const dark = lightness(parse(background)) < 0.5;
  const text = value("text-color", dark ? "#fafafa" : "#31333f");
  const accent = value("primary-color", "#c2410c");
  return {
    name: dark ? "dark" : "light",
    background,
    text,
    accent,
    font: value("font", "system-ui, sans-serif"),
    rgb: { background: parse(background), text: parse(text), accent: parse(accent) },
    // Gyri, sulci, and their mean, which is the diverging tables' zero (colour.py).
    gyri: greyOf(dark ? 0.49 : 0.9),
    sulci: greyOf(dark ? 0.37 : 0.79),
    grey: greyOf(dark ? 0.43 : 0.85),
  };
}

/** A function from any CSS colour to [r, g, b]: only the browser knows all its notations. */
function colourParser() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (text) => {
    context.fillStyle = "#000";
    context.fillStyle = text;
    context.clearRect(0, 0, 1, 1);
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return [r / 255, g / 255, b / 255];
  };
}
