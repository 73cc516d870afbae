// One scale in the toolbar: its bar with numbers, which opens everything about its colours. Where a
// page has several scales it is named after its views, and those step forward while it is open.

import { axisWidth, drawSquare, paintTable } from "../draw/legend.js";
import { make } from "../element.js";
import { formatNumber } from "../pure/numbers.js";
import { legendOf } from "../pure/scales.js";
import { ColourMenu } from "./colourmenu.js";

const WIDTH = 120;
const BAR = 11;
const SQUARE_HEIGHT = 51; // with the numbers below
const MENU_WIDTH = 308; // with its margin
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
    this.menu.element.classList.toggle("left", this.open && this.#coversOwnViews());
    this.viewer.toolbar.update();
    this.viewer.stage.redrawText();
  }

  /** Whether the menu, at the right, would lie on the views that it changes, and others are free. */
  #coversOwnViews() {
    const { model, stage } = this.viewer;
    const cells = stage.scene?.sights.map(({ cell }) => cell) || [];
    const own = cells.filter((_, i) => model.scaleOf[i] === this.scale);
    return model.ownBars && own.every((cell) => cell.x >= MENU_WIDTH) &&
      own.some((cell) => cell.x + cell.w > stage.width - MENU_WIDTH);
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
    this.canvas.toggleAttribute("data-square", Boolean(reliability));
    if (reliability) {
      const width = WIDTH + 2 + Math.ceil(axisWidth(this.canvas.getContext("2d"), theme, view));
      drawSquare(this.#sized(width, SQUARE_HEIGHT), theme, view, width - 1, SQUARE_HEIGHT, WIDTH);
    } else {
      paintTable(this.#sized(WIDTH, BAR), theme, view, 0, 0, WIDTH, BAR);
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
