// From values to colours, as the shader does it (draw/shaders.js): range, table, threshold.

/** What each view needs for drawing and printing. */
export function describeViews(model, state, theme) {
  return model.header.maps.map((map, i) => {
    const { kind, low, high, unit, label } = map.scale;
    const chosen = state.coloursOf(model.scaleOf[i], kind);
    const range = chosen.range && kind !== "categorical" ? chosen.range : [low, high];
    const table = tableOf(model.tables, kind, chosen.table);
    return {
      title: map.title,
      subtitle: map.subtitle,
      role: map.role,
      stamp: map.simulated ? model.header.stamp : "",
      kind, unit, label, range,
      scale: model.scaleOf[i],
      hidden: hiddenBand(kind, chosen.threshold),
      table: `${table.name}-${theme.name}`,
      rgb: table[theme.name],
      opacity: state.opacity,
      reliability: model.reliabilities[i] ? state.reliability : null,
      reliabilityLabel: map.reliability?.label || "",
    };
  });
}

/** The view whose legend stands for a scale: one that fades, where one does. */
export const legendOf = (views, scale = 0) =>
  views.find((view) => view.scale === scale && view.reliability) || views.find((view) => view.scale === scale);

/** The chosen table of a kind, or its first. */
export function tableOf(tables, kind, name) {
  const fitting = tables.filter((table) => table.kind === kind);
  return fitting.find((table) => table.name === name) || fitting[0];
}

/** Values strictly between [low, high] are not shown; null hides nothing. */
export function hiddenBand(kind, threshold) {
  if (kind === "categorical" || kind === "cyclic") return null;
  if (Array.isArray(threshold)) return threshold[0] < threshold[1] ? threshold : null;
  if (!(threshold > 0)) return null;
  return kind === "diverging" ? [-threshold, threshold] : [-Infinity, threshold];
}

/** Entry 0..255 of the table for a value. */
export function entryOf(kind, [low, high], value) {
  if (kind === "categorical") return Math.floor(value + 0.5) & 255;
  const u = (value - low) / (high - low);
  if (kind === "cyclic") return Math.min(255, Math.floor((u - Math.floor(u)) * 256));
  return Math.floor(Math.min(1, Math.max(0, u)) * 255 + 0.5);
}

/** [r, g, b] 0..255 of a value in a view, or null where it is not shown. */
export function colourOf(view, value) {
  if (!Number.isFinite(value)) return null;
  if (view.hidden && value > view.hidden[0] && value < view.hidden[1]) return null;
  const entry = entryOf(view.kind, view.range, value) * 3;
  return [...view.rgb.subarray(entry, entry + 3)];
}
