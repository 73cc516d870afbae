// Files to take away: self-contained, with title, definition and stamp in them.

import { drawBody, drawKey } from "./draw.js";
import { layOut } from "./layout.js";
import { escape, text } from "./shapes.js";
import { textWidth } from "./theme.js";
import { HEMISPHERES, intervalOf, valueOf } from "./words.js";

const PAD = 16;
// The page's font does not travel with a file; these three have one set of widths, on any machine.
const FONT = "Helvetica, Arial, Liberation Sans, sans-serif";

export function fileName(data, ending) {
  const words = `${data.title} ${data.stamp}`.toLowerCase();
  return `${words.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 80)}.${ending}`;
}

/** The whole figure as an SVG document. */
export function toSvg(data, screen, width) {
  const theme = { ...screen, font: FONT };
  const layout = layOut(data, width, data.height, theme);
  const full = layout.width + 2 * PAD;
  const definition = wrap(data.definition, layout.width, 12, theme.font);
  const [key, keyWidth] = drawKey(data, theme);
  const stampWidth = data.stamp ? textWidth(data.stamp, 11, theme.font, 600) + 14 : 0;
  const titleWidth = textWidth(data.title, 15, theme.font, 600);
  // The key moves below the title where both do not fit side by side.
  const below = titleWidth + keyWidth + stampWidth + 48 > layout.width;
  const parts = [text(PAD, 30, data.title, `fill="${theme.ink}" font-size="15" font-weight="600"`)];
  if (data.stamp) {
    const x = full - PAD - stampWidth;
    parts.push(
      `<rect x="${x}" y="17" width="${stampWidth}" height="18" rx="4" fill="none" stroke="${theme.soft}"/>`,
      text(x + 7, 30, data.stamp, `fill="${theme.ink}" font-size="11" font-weight="600"`),
    );
  }
  let y = 30;
  parts.push(`<g transform="translate(${below ? PAD : PAD + titleWidth + 24} ${below ? y + 8 : y - 12})">${key}</g>`);
  if (below) y += 20;
  for (const words of definition) {
    y += 17;
    parts.push(text(PAD, y, words, `fill="${theme.soft}" font-size="12"`));
  }
  y += 12;
  parts.push(`<g transform="translate(${PAD} ${y})">${drawBody(data, layout, theme, "ceiling")}</g>`);
  const height = y + layout.height + PAD / 2;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${full}" height="${height}" viewBox="0 0 ${full} ${height}" ` +
    `font-family="${escape(theme.font)}" style="font-variant-numeric:tabular-nums">` +
    `<title>${escape(data.title)}</title><desc>${escape(`${data.definition} ${data.stamp}`)}</desc>` +
    `<rect width="100%" height="100%" fill="${theme.paper}"/>${parts.join("")}</svg>`
  );
}

function wrap(words, room, size, font) {
  const lines = [];
  let current = "";
  for (const word of words.split(/\s+/)) {
    const longer = current ? `${current} ${word}` : word;
    if (current && textWidth(longer, size, font) > room) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return current ? [...lines, current] : lines;
}

export async function toPng(svg, scale = 2) {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * scale;
    canvas.height = image.naturalHeight * scale;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The values shown; title, definition and stamp in comment lines. */
export function toCsv(data) {
  const head = [data.title, data.definition, data.stamp].filter(Boolean).map((t) => `# ${t.replace(/\s+/g, " ")}`);
  const names = data.series.flatMap(([name]) => [name, `${name} low`, `${name} high`]);
  const rows = [["roi", "group", "hemisphere", "n_vertices", ...names, "noise ceiling", "note"]];
  data.n.forEach((n, cell) => {
    if (n === null) return;
    const [roi, group] = data.rois[cell >> 1];
    const values = data.series.flatMap((_, i) => {
      const mark = data.values[i][cell];
      return mark === null ? ["", "", ""] : [valueOf(mark), ...(intervalOf(mark) || ["", ""])];
    });
    const note = n === 0 ? "absent" : data.notes[cell] || "";
    rows.push([roi, data.groups[group], HEMISPHERES[cell & 1], n, ...values, data.ceilings[cell] ?? "", note]);
  });
  return `${[...head, ...rows.map((row) => row.map(quote).join(","))].join("\n")}\n`;
}

const quote = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads the link after the click; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
