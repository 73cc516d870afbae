// Everything about one scale's colours in a menu behind its bar in the toolbar.

import { paintTable } from "../draw/legend.js";
import { make } from "../element.js";
import { ColourBar } from "./colourbar.js";

export class ColourMenu {
  /** @param scale its number */
  constructor(viewer, scale) {
    this.viewer = viewer;
    this.scale = scale;
    this.head = make("div.menu-title");
    this.bar = new ColourBar(() => this.view, (choice) => this.#chooseColours(choice), () => viewer.settle());
    this.tables = make("div.tables", { role: "radiogroup", "aria-label": "Colour table" });
    this.opacity = this.#slider("opacity", "Opacity of the data", (value) => ({ opacity: value }));
    this.reliability = this.#slider(
      "fade below", "Fade values less reliable than",
      (value) => ({ reliability: value > 0 ? [0, value] : null }),
    );
    this.trust = make("div.trust", {}, this.reliability.element, make("span.trust-label"));
    this.element = make("div.menu-list.colour-menu", {},
      this.head,
      this.bar.element,
      this.tables,
      this.opacity.element,
      this.trust,
      make("button.plain", {
        type: "button",
        onclick: () => {
          viewer.state.resetColour();
          viewer.refresh();
          viewer.settle();
        },
      }, "Colours as given"),
    );
  }

  /** The first view of this scale. */
  get view() {
    return this.viewer.views.find(({ scale }) => scale === this.scale);
  }

  #chooseColours(choice) {
    this.viewer.state.chooseColours(this.scale, this.view.kind, choice);
    this.viewer.refresh();
  }

  #slider(word, label, choice) {
    const input = make("input", {
      type: "range", min: 0, max: 1, step: 0.01, "aria-label": label,
      oninput: () => this.#choose(choice(Number(input.value))),
      onchange: () => this.viewer.settle(),
    });
    const output = make("output");
    return { input, output, element: make("label.row", {}, make("span.word", {}, word), input, output) };
  }

  #choose(choice) {
    Object.assign(this.viewer.state, choice);
    this.viewer.refresh();
  }

  /** Show the viewer's state; called with every picture, so only while the menu is open. */
  update() {
    const { model, views, state, theme } = this.viewer;
    const { view } = this;
    const { views: numbers } = model.scales[this.scale];
    const { low, high } = model.header.maps[numbers[0]].scale;
    this.head.textContent = numbers.map((i) => views[i].title).join(" · ");
    this.head.hidden = !model.ownBars;
    this.bar.show(view, numbers.map((i) => model.maps[i]), [low, high], theme);
    this.#listTables(view);
    this.#set(this.opacity, state.opacity, `${Math.round(state.opacity * 100)} %`);
    const faded = state.reliability ? state.reliability[1] : 0;
    this.#set(this.reliability, faded, faded ? faded.toFixed(2) : "off");
    const trusted = numbers.find((i) => model.reliabilities[i]);
    this.trust.hidden = trusted === undefined;
    if (trusted !== undefined) this.trust.lastChild.textContent = views[trusted].reliabilityLabel;
  }

  #set({ input, output }, value, text) {
    input.value = value;
    input.style.setProperty("--fill", `${value * 100}%`);
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  }

  #listTables(view) {
    const { model, theme } = this.viewer;
    const fitting = model.tables.filter((table) => table.kind === view.kind);
    const key = `${view.kind}|${theme.name}|${view.table}`;
    if (key === this.tablesKey) return;
    this.tablesKey = key;
    const held = this.tables.contains(this.tables.getRootNode().activeElement);
    this.tables.replaceChildren(...fitting.map((table) => {
      const on = view.table === `${table.name}-${theme.name}`;
      const sample = make("canvas", { width: 120, height: 12, "aria-hidden": "true" });
      const plain = { ...view, rgb: table[theme.name], hidden: null };
      paintTable(sample.getContext("2d"), theme, plain, 0, 0, 120, 12);
      return make("button.table", {
        type: "button", role: "radio", "aria-checked": String(on),
        onclick: () => {
          this.#chooseColours({ table: table === fitting[0] ? null : table.name });
          this.viewer.settle();
        },
      }, sample, make("span", {}, table.name));
    }));
    if (held) this.tables.querySelector('[aria-checked="true"]')?.focus();
  }
}
