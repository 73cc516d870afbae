// The table of ROI means: what the colours say, for those who do not see them.

/** [{name, side, n, means: one per view}] of all ROIs with data; NaN is left out of means and n. */
export function roiMeans(model) {
  return model.space.rois.flatMap(({ name, side, members }) => {
    const { position } = model.space.sides[side];
    const at = [...members].map((vertex) => position[vertex]).filter((p) => p >= 0);
    if (!at.length) return [];
    const means = model.maps.map((values) => {
      const real = at.map((p) => values[p]).filter(Number.isFinite);
      return real.length ? real.reduce((sum, value) => sum + value, 0) / real.length : NaN;
    });
    return [{ name, side, n: at.length, means }];
  });
}
