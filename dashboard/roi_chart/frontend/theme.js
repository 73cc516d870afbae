// Streamlit's theme as plain colours. Plain, because an exported file has no theme to look up.

const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any CSS colour as [r, g, b]. */
export function rgb(colour, fallback = "#888888") {
  probe.fillStyle = fallback;
  probe.fillStyle = colour || fallback;
  probe.clearRect(0, 0, 1, 1);
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** A share of one colour in another, as #rrggbb. */
export function mix(colour, other, share) {
  const a = rgb(colour);
  const b = rgb(other);
  const channel = (i) => Math.round(a[i] * share + b[i] * (1 - share));
  return `#${[0, 1, 2].map((i) => channel(i).toString(16).padStart(2, "0")).join("")}`;
}

export function readTheme(root) {
  const style = getComputedStyle(root);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const paper = read("--st-background-color", "#ffffff");
  const ink = read("--st-text-color", "#31333f");
  const [r, g, b] = rgb(paper);
  return {
    paper: mix(paper, paper, 1),
    ink: mix(ink, ink, 1),
    accent: mix(read("--st-primary-color", "#ff4b4b"), paper, 1),
    soft: mix(ink, paper, 0.68), // secondary text
    faint: mix(ink, paper, 0.42), // marks that only say "nothing here"
    line: mix(ink, paper, 0.12),
    wash: mix(ink, paper, 0.035),
    font: read("--st-font", "sans-serif"),
    dark: 0.2126 * r + 0.7152 * g + 0.0722 * b < 110,
  };
}

/** Width of a text in pixels. */
export function textWidth(text, size, font, weight = 400) {
  probe.font = `${weight} ${size}px ${font}`;
  return probe.measureText(text).width;
}
