// The page's colours, and what the cortex and the ROI lines make of them.

const KINDS = ["diverging", "sequential", "categorical"];

const parsed = new Map();

/** [r, g, b] 0..1 of any CSS colour. */
export function parseColour(text) {
  if (!parsed.has(text)) {
    const context = parseColour.context || (parseColour.context = scratch());
    context.fillStyle = "#000";
    context.fillStyle = text;
    context.clearRect(0, 0, 1, 1);
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    parsed.set(text, [r / 255, g / 255, b / 255]);
  }
  return parsed.get(text);
}

function scratch() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  return canvas.getContext("2d", { willReadFrequently: true });
}

export const toCss = (rgb) => `rgb(${rgb.map((v) => Math.round(v * 255)).join(" ")})`;

/** Read Streamlit's theme from its CSS variables. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const value = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const background = value("background-color", "#ffffff");
  const dark = lightness(parseColour(background)) < 0.5;
  return {
    name: dark ? "dark" : "light",
    background,
    text: value("text-color", dark ? "#fafafa" : "#31333f"),
    accent: value("primary-color", "#c2410c"),
    font: value("font", "system-ui, sans-serif"),
    // Gyri, sulci, and their mean, which is the diverging tables' zero (colour.py).
    gyri: greyOf(dark ? 0.49 : 0.9),
    sulci: greyOf(dark ? 0.37 : 0.79),
    grey: greyOf(dark ? 0.43 : 0.85),
  };
}

/** (256 x 3) Uint8Array of one table out of all (colour.py: kinds x themes). */
export function tableOf(tables, kind, theme) {
  const index = KINDS.indexOf(kind) * 2 + (theme === "dark" ? 1 : 0);
  return tables.subarray(index * 768, index * 768 + 768);
}

/** A ROI's colour, moved in lightness until it stands out from the cortex. */
export function lineColour(hex, theme) {
  const [L, a, b] = toOklab(parseColour(hex));
  const target = theme === "dark" ? Math.max(L, 0.82) : Math.min(L, 0.5);
  return fromOklab([target, a, b]);
}

const greyOf = (L) => fromOklab([L, 0, 0]);
const lightness = (rgb) => toOklab(rgb)[0];
const toLinear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const toGamma = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);

function toOklab(rgb) {
  const [r, g, b] = rgb.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((v) => toGamma(Math.min(1, Math.max(0, v))));
}
