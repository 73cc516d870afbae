// Numbers as people read them.

/** A number as printed on a scale: short, with a true minus sign. */
export function formatNumber(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** The shortest decimal that reads back as the same float32. */
export function exactFloat32(value) {
  if (!Number.isFinite(value)) return "no value";
  for (let digits = 6; digits <= 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text.replace("-", "−");
  }
  return String(value);
}
