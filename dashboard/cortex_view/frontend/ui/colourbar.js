// The colour bar that can be taken hold of: its ends are the range, its inner handles the
// threshold, the curve over it says how the values lie.

import { paintTable } from "../draw/legend.js";
import { make } from "../element.js";
import { axisOf, handlesOf, histogram, moveHandle } from "../pure/axis.js";
import { formatNumber } from "../pure/numbers.js";

const WIDTH = 264;
const CURVE = 34;
const BAR = 14;
const NAMES = {
  low: "Lower end of the range",
  high: "Upper end of the range",
  below: "Threshold, negative side",
  above: "Threshold",
};

export class ColourBar {
  /**
   * @param current the view as it is now: keys come faster than pictures
   * @param choose takes {range} or {threshold}
   * @param done called when a handle is let go
   */
  constructor(current, choose, done) {
    this.current = current;
    this.choose = choose;
    this.done = done;
    this.canvas = make("canvas.axis", { width: WIDTH * 2, height: (CURVE + BAR) * 2, "aria-hidden": "true" });
    this.numbers = make("div.axis-numbers");
    this.element = make("div.colourbar", {}, this.canvas, this.numbers);
    this.handles = {};
    for (const name of Object.keys(NAMES)) this.#handle(name);
  }

  #handle(name) {
    const handle = make(`div.handle.${name === "low" || name === "high" ? "end" : "gate"}`, {
      role: "slider", tabindex: "0", "aria-label": NAMES[name],
      onpointerdown: (event) => {
        event.preventDefault();
        handle.setPointerCapture(event.pointerId);
        handle.focus();
      },
      onpointermove: (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const box = this.canvas.getBoundingClientRect();
        const [low, high] = this.axis;
        this.#move(name, low + ((event.clientX - box.left) / box.width) * (high - low), event.shiftKey);
      },
      onpointerup: () => this.done(),
      onkeydown: (event) => {
        const sign = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (!sign) return;
        event.preventDefault();
        const step = ((this.axis[1] - this.axis[0]) / 100) * sign;
        this.#move(name, handlesOf(this.current())[name] + step, event.shiftKey);
        this.done();
      },
    });
    this.handles[name] = handle;
    this.element.append(handle);
  }

  #move(name, value, alone) {
    this.choose(moveHandle(name, value, this.current(), this.axis, alone));
  }

  /** Show a view's scale over the values of all maps that share it. */
  show(view, maps, given, theme) {
    if (this.first !== maps[0] || this.given !== given.join()) {
      this.first = maps[0];
      this.given = given.join();
      this.axis = null;
    }
    const reaches = (axis) => axis && axis[0] <= view.range[0] && axis[1] >= view.range[1];
    if (!reaches(this.axis)) {
      // Kept while a handle moves: an axis that runs away from the hand cannot be held.
      this.axis = view.kind === "categorical" || view.kind === "cyclic"
        ? given
        : axisOf(maps, given, view.range, view.kind === "diverging");
      this.counts = histogram(maps, this.axis, 66);
    }
    const [low, high] = this.axis;
    const at = (value) => (value - low) / (high - low);
    this.#paint(view, theme, at);
    const places = handlesOf(view);
    for (const [name, handle] of Object.entries(this.handles)) {
      handle.hidden = !(name in places);
      if (handle.hidden) continue;
      handle.style.left = `${at(places[name]) * 100}%`;
      handle.setAttribute("aria-valuemin", low);
      handle.setAttribute("aria-valuemax", high);
      handle.setAttribute("aria-valuenow", places[name]);
      handle.setAttribute("aria-valuetext", `${formatNumber(places[name])} ${view.unit}`.trim());
    }
    const word = view.hidden
      ? `hides ${view.hidden[0] === -Infinity ? "below" : `${formatNumber(view.hidden[0])} to`} ${formatNumber(view.hidden[1])}`
      : "";
    this.numbers.replaceChildren(
      make("span", {}, formatNumber(view.range[0])),
      make("span.hint", {}, word),
      make("span", {}, `${formatNumber(view.range[1])} ${view.unit}`.trim()),
    );
  }

  #paint(view, theme, at) {
    const context = this.canvas.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, WIDTH, CURVE + BAR);
    const top = Math.max(...this.counts) || 1;
    const step = WIDTH / this.counts.length;
    const [r, g, b] = theme.rgb.text.map((v) => Math.round(v * 255));
    context.fillStyle = `rgb(${r} ${g} ${b} / 0.3)`;
    this.counts.forEach((count, i) => {
      const h = Math.sqrt(count / top) * (CURVE - 4);
      context.fillRect(i * step, CURVE - h, step - 1, h);
    });
    // Beyond the range the end colours go on.
    const [x0, x1] = view.range.map((value) => at(value) * WIDTH);
    const { rgb } = view;
    for (const [x, w, entry] of [[0, x0, 0], [x1, WIDTH - x1, 255]]) {
      context.fillStyle = `rgb(${rgb[entry * 3]} ${rgb[entry * 3 + 1]} ${rgb[entry * 3 + 2]})`;
      context.fillRect(x, CURVE, w, BAR);
    }
    paintTable(context, theme, view, x0, CURVE, x1 - x0, BAR);
  }
}
