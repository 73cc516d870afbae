// Colours for a 2-D canvas.

/** One of the theme's colours ("text", "background", "accent"), thinned. */
export function fade(theme, name, alpha) {
  const [r, g, b] = theme.rgb[name].map((v) => Math.round(v * 255));
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
