// What is under the pointer, in words and numbers.

import { make } from "../element.js";
import { readable } from "../pure/numbers.js";

export class Tooltip {
  constructor(stage) {
    this.stage = stage;
    this.element = make("div.tooltip", { role: "status", hidden: "" });
    stage.append(this.element);
  }

  show([x, y], { side, vertex, rois, covered, values, counts }, views) {
    // Maps that average alike say so once, others each.
    const behind = counts.map((count, i) => behindOf(count, views[i].kind));
    const alike = behind.every((words) => words === behind[0]);
    const rows = views.map((view, i) =>
      make("div.row", {},
        make(`span.dot.${view.role}`),
        make("span.name", {}, view.title),
        make("span.value", {}, covered ? readable(values[i]) : "outside the data"),
        make("span.unit", {}, Number.isFinite(values[i]) ? unitOf(view, alike ? "" : behind[i]) : ""),
      ),
    );
    this.element.replaceChildren(
      make("div.where", {}, make("strong", {}, rois.length ? rois.join(" · ") : "no ROI")),
      make("div.place", {}, `${side} hemisphere, vertex ${vertex}`),
      alike && behind[0] ? make("div.place", {}, behind[0]) : "",
      ...rows,
    );
    this.element.hidden = false;
    const { clientWidth: w, clientHeight: h } = this.stage;
    const { offsetWidth: tw, offsetHeight: th } = this.element;
    const left = x + 16 + tw > w ? Math.max(4, x - tw - 16) : x + 16;
    const top = Math.min(Math.max(4, y + 14), Math.max(4, h - th - 4));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hide() {
    this.element.hidden = true;
  }
}

const unitOf = ({ unit }, behind) => [unit, behind].filter(Boolean).join(" · ");

/** How many measured vertices are behind a value; nothing where it is one vertex's own. */
function behindOf(count, kind) {
  if (!count) return "";
  const vertices = `${count} ${count === 1 ? "vertex" : "vertices"}`;
  return kind === "categorical" ? `the most frequent, ${vertices}` : `mean of ${vertices}`;
}
