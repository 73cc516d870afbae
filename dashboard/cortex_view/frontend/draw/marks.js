// Marks on the brains: picked vertices with their numbers, the vertex pointed at, the brush's line.

/** A ring around a vertex, faint where the brain hides it. @returns its pixel, or null off the view */
export function drawMark(context, scene, sight, { side, vertex }, radius, width, colour) {
  const { theme } = scene;
  const { cell: { body }, projection } = sight;
  if (projection.flat && !projection.geometry[side].inFlat[vertex]) return null;
  const [x, y] = sight.toScreen(side, vertex);
  if (x < body.x || x > body.x + body.w || y < body.y) return null;
  context.globalAlpha = projection.facing(side, vertex) > 0 ? 1 : 0.3;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width + 2.5;
  context.strokeStyle = theme.background;
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.globalAlpha = 1;
  return [x, y];
}

/** Rings; several are numbered, in the order in which they were picked. */
export function drawPicks(context, scene, sight) {
  const { picks, theme } = scene;
  picks.forEach((pick, i) => {
    const at = drawMark(context, scene, sight, pick, 6.5, 2.5, theme.accent);
    if (!at || picks.length < 2) return;
    const [x, y] = [at[0] + 10, at[1] - 10];
    context.globalAlpha = sight.projection.facing(pick.side, pick.vertex) > 0 ? 1 : 0.3;
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.fillStyle = theme.accent;
    context.strokeStyle = theme.background;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
    context.font = `600 11px ${theme.font}`;
    context.textAlign = "center";
    context.fillStyle = readable(theme);
    context.fillText(String(i + 1), x, y + 3.9);
    context.globalAlpha = 1;
  });
}

/** The boxes [left, top, right, bottom] they take in a view: a ROI's name goes beside them. */
export function pickBoxes({ picks }, sight) {
  const { flat, geometry } = sight.projection;
  return picks
    .filter(({ side, vertex }) => !flat || geometry[side].inFlat[vertex])
    .map(({ side, vertex }) => {
      const [x, y] = sight.toScreen(side, vertex);
      return picks.length < 2 ? [x - 8, y - 8, x + 8, y + 8] : [x - 8, y - 18, x + 18, y + 8];
    });
}

/** White or black, whichever stands out on the accent. */
function readable({ rgb: { accent } }) {
  const [r, g, b] = accent.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
}

/** Hairs that say the arrow keys point. */
export function drawCross(context, { theme }, sight, { side, vertex }) {
  const [x, y] = sight.toScreen(side, vertex);
  for (const [width, colour] of [[4, theme.background], [1.5, theme.text]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * 8, y + dy * 8);
      context.lineTo(x + dx * 18, y + dy * 18);
    }
    context.stroke();
  }
}

/** The brush's line, closed by a thinner one. */
export function drawLine(context, { theme }, { cell: { body } }, points) {
  context.save();
  context.beginPath();
  context.rect(body.x, body.y, body.w, body.h);
  context.clip();
  context.lineJoin = context.lineCap = "round";
  for (const [width, colour] of [[4.5, theme.background], [2, theme.text]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
  }
  context.lineWidth = 1;
  context.setLineDash([3, 4]);
  context.beginPath();
  context.moveTo(...points.at(-1));
  context.lineTo(...points[0]);
  context.stroke();
  context.restore();
}
