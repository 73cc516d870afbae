// A small line over the brains: what the region holds, or how to draw one.

import { icon, make } from "../element.js";
import { readable } from "../pure/numbers.js";
import { regionMeans } from "../pure/region.js";

const CLOSE = "M4 4l8 8M12 4l-8 8";

export class RegionLine {
  constructor(viewer) {
    this.viewer = viewer;
    this.text = make("div.region-text", { role: "status" });
    this.clear = make("button.icon", {
      type: "button", "aria-label": "Clear the region", title: "Clear the region (Esc)",
      onclick: () => {
        viewer.brush.clear();
        viewer.stage.canvas.focus();
      },
    }, icon(CLOSE));
    this.element = make("div.region-line", { hidden: "" }, this.text, this.clear);
    viewer.stage.element.append(this.element);
  }

  /** Show region and tool as they are; a drawing that changed neither costs nothing. */
  update() {
    const { model, brush, pointing, views } = this.viewer;
    const now = [model, brush.region, brush.on, brush.note, brush.untold, Boolean(brush.line), pointing.crosshair];
    if (this.shown && now.every((value, i) => value === this.shown[i])) return;
    this.shown = now;
    const hint = this.#hint();
    this.element.hidden = !brush.region && !hint;
    this.clear.hidden = !brush.region;
    if (this.element.hidden) return;
    const parts = brush.region ? describe(regionMeans(model, brush.region), views) : [];
    if (hint) parts.push(make("span.hint", {}, hint));
    this.text.replaceChildren(...parts);
  }

  #hint() {
    const { brush, pointing } = this.viewer;
    if (brush.note) return brush.note;
    if (brush.untold) return "Enter: done";
    if (pointing.crosshair) return "arrows point · g grows a region · x ends";
    if (!brush.on || brush.line) return "";
    return brush.region ? "Shift: add · Alt + Shift: remove · s: done" : "draw around vertices · Esc: leave";
  }
}

function describe({ n, left, right, means, counts }, views) {
  const sides = left && right ? `${left} left, ${right} right` : left ? "left" : "right";
  const shown = views.map((view, i) =>
    make("span.mean", {},
      make(`span.dot.${view.role}`),
      make("span.name", {}, `${view.title} `),
      make("strong", {}, readable(means[i])),
      make("span.unit", {}, Number.isFinite(means[i]) ? ` ${view.unit}` : ""),
      // Where a map has holes, its mean is over fewer.
      counts[i] < n ? make("span.unit", {}, ` (of ${counts[i]})`) : "",
    ),
  );
  const unit = n === 1 ? "vertex" : "vertices";
  return [make("span.count", {}, make("strong", {}, `${n} ${unit}`), ` ${sides}`), make("span.unit", {}, "mean"), ...shown];
}
