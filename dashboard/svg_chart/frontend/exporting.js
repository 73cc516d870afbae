// The file to take away: of the size and in the colours on screen, with nothing left to look up.

const FONT = "Helvetica, Arial, Liberation Sans, sans-serif";

/** The chart as an SVG document. */
export function toSvg(root, { plot, beside }, data) {
  const style = getComputedStyle(root);
  const dark = style.colorScheme.includes("dark");
  const frame = plot.getBoundingClientRect();
  const [top, right, bottom, left] = data.margins;
  const [width, height] = [frame.width + left + right, frame.height + top + bottom].map(Math.round);
  const written = [placed(plot, left, top, frame), placed(beside, 0, top, { width: left, height: frame.height })];
  const inner = written
    .map((own) => new XMLSerializer().serializeToString(own))
    .join("")
    .replace(/light-dark\(([^,()]+),([^,()]+)\)/g, dark ? "$2" : "$1");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="${FONT}" font-size="11" color="${style.color}" fill="${style.color}">` +
    `<rect width="100%" height="100%" fill="${style.getPropertyValue("--st-background-color").trim() || "#ffffff"}"/>${inner}</svg>`
  );
}

/** A copy at a place of its own, without links. */
function placed(svg, x, y, { width, height }) {
  const own = svg.cloneNode(true);
  own.removeAttribute("style");
  for (const [name, value] of Object.entries({ x, y, width, height })) own.setAttribute(name, value);
  for (const link of own.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  return own;
}

export function download(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  // The browser reads the link after the click; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
