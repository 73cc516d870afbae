// The table of ROI means: what the colours say, for those who do not see them.

/**
 * [{name, side, n, means: one per view}] of all ROIs with data; NaN is left out of the means. Where
 * values are means themselves each weighs as much as the vertices behind it, and n counts those.
 */
export function roiMeans(model) {
  return model.space.rois.flatMap(({ name, side, members }) => {
    const { position } = model.space.sides[side];
    const at = [...members].map((vertex) => position[vertex]).filter((p) => p >= 0);
    if (!at.length) return [];
    const weigh = (counts, positions) =>
      positions.reduce((sum, p) => sum + (counts ? counts[p] : 1), 0);
    const means = model.maps.map((values, i) => {
      const counts = model.counts[i];
      const real = at.filter((p) => Number.isFinite(values[p]));
      const sum = real.reduce((total, p) => total + values[p] * (counts ? counts[p] : 1), 0);
      return real.length ? sum / weigh(counts, real) : NaN;
    });
    const n = Math.max(...model.counts.map((counts) => weigh(counts, at)));
    return [{ name, side, n, means }];
  });
}
