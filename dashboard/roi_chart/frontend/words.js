// Every number and sentence the chart says, so that tooltip, table and export say the same.

export const HEMISPHERES = ["left", "right"];

export function number(value) {
  if (value === null || value === undefined) return "";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = size.toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Tick labels share the decimals their step needs: -1, 0, 1 but 0.25, 0.50. */
export function tickText(ticks, value) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(value) || 1;
  const digits = [0, 1, 2].find((d) => Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) ?? 3;
  return Math.abs(value) < 1e-9 ? "0" : value.toFixed(digits).replace("-", "−");
}

export const valueOf = (mark) => (Array.isArray(mark) ? mark[0] : mark);
export const intervalOf = (mark) => (Array.isArray(mark) ? [mark[1], mark[2]] : null);

export function axisTitle(data) {
  const [label, unit] = data.axis;
  return unit ? `${label} (${unit})` : label;
}

/** What is known about one cell, as [label, text] lines. */
export function facts(data, cell) {
  const unit = data.axis[1] ? ` ${data.axis[1]}` : "";
  if (data.n[cell] === null) return [["", "not given"]];
  if (data.n[cell] === 0) return [["", "absent in this hemisphere: no vertices, so no value"]];
  const lines = data.series.map(([name], i) => {
    const mark = data.values[i][cell];
    if (mark === null) return [name, "not defined"];
    const interval = intervalOf(mark);
    const range = interval ? ` (95 % interval ${number(interval[0])} to ${number(interval[1])})` : "";
    return [name, `${number(valueOf(mark))}${unit}${range}`];
  });
  const ceiling = data.ceilings[cell];
  if (ceiling !== null) lines.push(["noise ceiling", `${number(ceiling)}${unit}`]);
  if (data.notes[cell]) lines.push(["", data.notes[cell]]);
  return lines;
}

export function place(data, cell) {
  const [roi, group] = data.rois[cell >> 1];
  const hemisphere = HEMISPHERES[cell & 1];
  const n = data.n[cell];
  return { roi, hemisphere, n, group: data.groups[group], title: `${roi}, ${hemisphere} hemisphere` };
}

/** One cell as a sentence, for people who hear the chart. */
export function sentence(data, cell) {
  const { title, group, n } = place(data, cell);
  const size = n ? `, ${n} vertices` : "";
  const said = facts(data, cell).map(([label, text]) => (label ? `${label} ${text}` : text));
  return `${title}, ${group}${size}: ${said.join("; ")}`;
}
