// ROI means as a table over the stage: the same maps without a canvas.

import { make } from "../element.js";
import { roiMeans } from "../pure/means.js";
import { formatNumber } from "../pure/numbers.js";

export class Table {
  constructor(viewer) {
    this.viewer = viewer;
    this.element = make("div.table-panel", { hidden: "", tabindex: "0", role: "region", "aria-label": "Means of each ROI" });
    viewer.stage.element.append(this.element);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" && event.key !== "t") return;
      event.stopPropagation();
      viewer.toggleTable();
      viewer.stage.canvas.focus();
    });
  }

  get open() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = !this.element.hidden;
    this.model = null;
    this.update();
    if (this.open) this.element.focus();
  }

  /** Fill it anew when the maps changed. */
  update() {
    const { model, views } = this.viewer;
    if (!this.open || model === this.model) return;
    this.model = model;
    const head = (text) => make("th", { scope: "col" }, text);
    const rows = roiMeans(model).map(({ name, side, n, means }) =>
      make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, side), make("td.number", {}, String(n)),
        ...means.map((mean) => make("td.number", {}, Number.isFinite(mean) ? formatNumber(mean) : "no value"))),
    );
    const titles = views.map(({ title, unit }) => head(unit ? `${title} (${unit})` : title));
    this.element.replaceChildren(
      make("table", {}, make("caption", {}, "Mean over the vertices of each ROI; NaN left out"),
        make("thead", {}, make("tr", {}, head("ROI"), head("hemisphere"), head("vertices"), ...titles)),
        make("tbody", {}, ...rows)),
    );
  }
}
