// A view in a few hundred characters that stay as they are in a URL; address.py reads them.

const CAMERA = { surface: "s", preset: "p", rotation: "r", zoom: "z", pan: "m", framing: "w" };
const CHOICES = {
  threshold: "t", range: "g", tables: "c", opacity: "o", reliability: "f", groups: "k", labels: "l",
};
const SCALE = { threshold: "t", range: "g", table: "n" };

/**
 * Write what State.toView gives.
 * @param usual the view as at first; of the shared camera only what differs from it is written
 */
export function writeView(view, usual = {}) {
  const known = new Set(items(CAMERA, usual));
  const out = items(CAMERA, view).filter((item) => !known.has(item));
  out.push(...items(CHOICES, view));
  for (const [number, camera] of Object.entries(view.own || {}).sort()) {
    out.push(`v${number}`, ...items(CAMERA, camera));
  }
  for (const [number, scale] of Object.entries(view.scales || {}).sort()) {
    out.push(`b${number}`, ...items(SCALE, scale));
  }
  return out.join("~");
}

const items = (letters, values) =>
  Object.keys(letters).filter((key) => key in values).map((key) => letters[key] + write(key, values[key]));

function write(key, value) {
  if (key === "preset") return value.slice(0, 3);
  if (key === "table") return shortName(value);
  if (key === "labels") return value ? "1" : "0";
  if (key === "framing") return value === "whole" ? "1" : "0";
  if (key === "groups") return value.map(shortName).join("_");
  if (key === "tables") {
    return Object.entries(value).sort().map(([kind, name]) => `${kind.slice(0, 2)}.${shortName(name)}`).join("_");
  }
  return [value].flat().map(short).join("_");
}

function short(value) {
  if (Math.abs(value) >= 1000) return String(Number(value.toPrecision(7)));
  const text = String(Number(value.toFixed(4)));
  return text === "-0" ? "0" : text.replace(/^(-?)0\./, "$1.");
}

const shortName = (name) =>
  name.replace(/[^A-Za-z0-9 ]/gu, (character) => `.${character.codePointAt(0).toString(16)}.`).replaceAll(" ", "-");
