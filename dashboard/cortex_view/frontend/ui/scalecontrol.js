// One scale in the toolbar: its bar with numbers, which opens everything about its colours. Where a
// page has several scales it is named after its views, and those step forward while it is open.

import { drawSquare, paintTable } from "../draw/legend.js";
import { make } from "../element.js";
import { formatNumber } from "../pure/numbers.js";
import { legendOf } from "../pure/scales.js";
import { ColourMenu } from "./colourmenu.js";

const WIDTH = 120;
const BAR = 11;
const SQUARE_WIDTH = 264; // the square with the numbers of both its axes
const SQUARE_HEIGHT = 51;
const NAME = "Colours, range and threshold";

export class ScaleControl {
  constructor(viewer, scale) {
    this.viewer = viewer;
    this.scale = scale;
    this.names = make("span.scale-names");
    this.low = make("span.number");
    this.high = make("span.number");
    this.unit = make("span.unit");
    this.canvas = make("canvas.colours", { "aria-hidden": "true" });
    this.summary = make("summary.scale", { title: NAME, "aria-label": NAME },
      this.names, this.low, this.canvas, this.high, this.unit);
    this.menu = new ColourMenu(viewer, scale);
    this.element = make("details.menu.right.scale-menu", { ontoggle: () => this.#toggled() }, this.summary, this.menu.element);
  }

  get open() {
    return this.element.open;
  }

  #toggled() {
    this.viewer.toolbar.update();
    this.viewer.stage.redrawText();
  }

  /** Show the viewer's state. */
  update() {
    const { views, model, theme } = this.viewer;
    const view = legendOf(views, this.scale);
    const { range, unit, reliability } = view;
    this.names.textContent = model.ownBars
      ? model.scales[this.scale].views.map((i) => views[i].title).join(" · ")
      : "";
    for (const part of [this.low, this.high, this.unit]) part.hidden = Boolean(reliability);
    this.low.textContent = formatNumber(range[0]);
    this.high.textContent = formatNumber(range[1]);
    this.unit.textContent = unit;
    const of = model.ownBars ? ` of ${this.names.textContent}` : "";
    const faded = reliability ? `, faded below ${formatNumber(reliability[1])} (${view.reliabilityLabel})` : "";
    this.summary.setAttribute("aria-label", NAME + of);
    this.summary.title = `${NAME}${of}: ${formatNumber(range[0])} to ${formatNumber(range[1])} ${unit}${faded}`;
    const [width, height] = reliability ? [SQUARE_WIDTH, SQUARE_HEIGHT] : [WIDTH, BAR];
    const context = this.#sized(width, height);
    if (reliability) {
      context.textBaseline = "alphabetic";
      drawSquare(context, theme, view, width - 2, height, WIDTH);
    } else {
      paintTable(context, theme, view, 0, 0, width, height);
    }
    if (this.open) this.menu.update();
  }

  #sized(width, height) {
    const ratio = Math.max(2, window.devicePixelRatio || 1);
    const { canvas } = this;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
  }
}
