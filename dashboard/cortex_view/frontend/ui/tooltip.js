// What is under the pointer, in words and exact numbers.

import { make } from "../element.js";
import { exactFloat32 } from "../pure/numbers.js";

export class Tooltip {
  constructor(stage) {
    this.stage = stage;
    this.element = make("div.tooltip", { role: "status", hidden: "" });
    stage.append(this.element);
  }

  show([x, y], { side, vertex, rois, covered, values, counts }, views) {
    // Maps that average alike say so once, others each.
    const alike = counts.every((count) => count === counts[0]);
    const rows = views.map((view, i) =>
      make("div.row", {},
        make(`span.dot.${view.role}`),
        make("span.name", {}, view.title),
        make("span.value", {}, covered ? exactFloat32(values[i]) : "outside the data"),
        make("span.unit", {}, unitOf(view, covered && Number.isFinite(values[i]), alike ? 0 : counts[i])),
      ),
    );
    this.element.replaceChildren(
      make("div.where", {}, make("strong", {}, rois.length ? rois.join(" · ") : "no ROI")),
      make("div.place", {}, `${side} hemisphere, vertex ${vertex}`),
      alike && counts[0] ? make("div.place", {}, meanOf(counts[0])) : "",
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

const unitOf = (view, real, count) => (real ? [view.unit, meanOf(count)].filter(Boolean).join(" · ") : "");

/** Of how many measured vertices a value is the mean; nothing where it is one vertex's own. */
const meanOf = (count) => (count ? `mean of ${count} ${count === 1 ? "vertex" : "vertices"}` : "");
