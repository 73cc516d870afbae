// Numbers as people read them.

/** A number as printed on a scale: short, with a true minus sign. */
export function formatNumber(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** A value as people read it: four digits, a whole number whole, a true minus sign. */
export function readable(value) {
  if (!Number.isFinite(value)) return "no value";
  const before = value ? Math.floor(Math.log10(Math.abs(value))) + 1 : 1;
  const text = String(Number(value.toFixed(Math.min(Math.max(4 - before, 0), 12))));
  return text.replaceAll("-", "−");
}
