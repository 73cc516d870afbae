// Without WebGL2: a picture that the app's server draws, the side and the surface to
// choose, and the table of ROI means. Speaks to Python for each choice, which no other part does.

import { icon, make } from "./element.js";
import { PRESETS } from "./pure/camera.js";
import { unpack } from "./pure/container.js";
import { Model } from "./pure/model.js";
import { formatNumber } from "./pure/numbers.js";
import { describeViews } from "./pure/scales.js";
import { State } from "./pure/state.js";
import { readTheme } from "./theme.js";
import { Table } from "./ui/table.js";

const SURFACES = ["folded", "inflated", "flat"];
const AFTER_MS = 300; // a window that is being dragged asks once
const NEAR = 12; // pixels of width that are not worth another picture
const TABLE = "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6";

export class StillViewer {
  constructor(root, assets) {
    this.root = root;
    this.assets = assets;
    this.chosen = {}; // {preset, surface}, once chosen here
    this.picture = make("img.still", { alt: "", hidden: "" });
    this.element = make("div.stage.still-stage", {}, this.picture);
    this.note = make("p.still-note", { role: "status" },
      "No WebGL2 in this browser, so the server draws this picture and it does not turn. " +
        "Current Firefox, Chrome, Edge and Safari offer it; hardware acceleration may be switched off.");
    this.bar = this.#controls();
    root.append(this.note, this.element, this.bar);
    // What the table needs of a viewer.
    this.stage = { element: this.element, canvas: this.tableButton };
    this.views = [];
    this.table = new Table(this);
    this.resizing = new ResizeObserver(() => this.#askSoon());
    this.resizing.observe(this.element);
  }

  #controls() {
    const button = (kind, name, label, choice) =>
      make(`button.${kind}`, {
        type: "button", "aria-label": label, title: label, "aria-pressed": "false", "data-name": name,
        onclick: () => {
          // The flat map has one side: asking for another leads back to the inflated brain.
          if (choice.preset && this.surface > 1) this.chosen.surface = 1;
          Object.assign(this.chosen, choice);
          this.#mark();
          this.#ask();
        },
      }, kind === "preset" ? name.slice(0, 3) : name);
    this.tableButton = make("button.icon", {
      type: "button", "aria-label": "Means of each ROI as a table", title: "Means of each ROI as a table",
      "aria-pressed": "false", onclick: () => this.toggleTable(),
    }, icon(TABLE));
    return make("div.bar", { role: "group", "aria-label": "Cortex view controls" },
      make("div.presets", { role: "group", "aria-label": "Surface" },
        ...SURFACES.map((name, surface) => button("surface-choice", name, `${name} surface`, { surface }))),
      make("div.presets", { role: "group", "aria-label": "View from" },
        ...PRESETS.map((preset) => button("preset", preset, `${preset} view`, { preset }))),
      make("div.buttons", {}, this.tableButton),
    );
  }

  /** The side and the surface shown: what was chosen here, else what the app asked for. */
  get surface() {
    return this.chosen.surface ?? this.header?.view?.surface ?? 1;
  }

  get preset() {
    const { view } = this.header || {};
    return this.chosen.preset ?? view?.preset ?? "ventral";
  }

  async update({ data, setStateValue }) {
    if (!data) return;
    this.setStateValue = setStateValue;
    const { header, arrays } = unpack(data);
    this.header = header;
    this.theme = readTheme(this.root);
    this.root.style.height = `${header.height}px`;
    this.root.dataset.theme = this.theme.name;
    this.root.dataset.state = arrays.still ? "ready" : "waiting";
    this.#mark();
    // A change of theme brings the old message once more; its picture is there already.
    if (arrays.still && data !== this.message) this.#show(arrays.still);
    this.message = data;
    this.#ask();
    // The table has the same numbers as with WebGL2.
    const assets = await this.assets.all(header);
    if (this.gone || header !== this.header) return;
    this.model = new Model(header, arrays, assets);
    this.views = describeViews(this.model, new State(), this.theme);
    this.table.update();
  }

  #show(bytes) {
    const { id } = this.header;
    const before = this.address;
    this.address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    this.picture.onload = () => {
      this.root.dataset.payload = id;
      this.root.dataset.painted = String(Number(this.root.dataset.painted || 0) + 1);
    };
    this.picture.src = this.address;
    this.picture.alt = this.#words();
    this.picture.hidden = false;
    if (before) URL.revokeObjectURL(before);
  }

  /** What the picture shows, for those who do not see it. */
  #words() {
    const { maps, focus } = this.header;
    const names = maps.map(({ title, subtitle, scale, simulated }) =>
      `${title}${subtitle ? `, ${subtitle}` : ""}${simulated ? ` (${this.header.stamp})` : ""}, ` +
      `colours from ${formatNumber(scale.low)} to ${formatNumber(scale.high)} ${scale.unit}`.trim());
    const surface = SURFACES[Math.round(this.surface)];
    const side = surface === "flat" ? "" : `, ${this.preset} view`;
    const raised = focus ? ` ${focus.filter(Boolean).join(" ")} is brought forward.` : "";
    return `Both hemispheres, ${surface} surface${side}: ${names.join("; ")}.${raised} The numbers of each ROI are in the table.`;
  }

  #mark() {
    for (const each of this.bar.querySelectorAll("[data-name]")) {
      const { name } = each.dataset;
      const on = SURFACES.includes(name) ? SURFACES[Math.round(this.surface)] === name : this.surface < 1.5 && this.preset === name;
      each.setAttribute("aria-pressed", String(on));
    }
    this.tableButton.setAttribute("aria-pressed", String(this.table?.open ?? false));
  }

  #askSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#ask(), AFTER_MS);
  }

  /** Tell Python once what picture is wanted; again only when that changes. */
  #ask() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!this.setStateValue || this.gone || !width || !height) return;
    const rgb = (name) => this.theme.rgb[name].map((value) => Math.round(value * 255));
    const wanted = {
      width, height,
      ratio: window.devicePixelRatio > 1 ? 2 : 1,
      theme: this.theme.name,
      background: rgb("background"), text: rgb("text"),
      ...this.chosen,
    };
    const { asked } = this;
    if (asked && Math.abs(asked.width - width) < NEAR && Math.abs(asked.height - height) < NEAR) {
      Object.assign(wanted, { width: asked.width, height: asked.height });
    }
    if (JSON.stringify(wanted) === JSON.stringify(asked)) return;
    this.asked = wanted;
    this.setStateValue("still", wanted);
  }

  toggleTable() {
    if (!this.model) return;
    this.table.toggle();
    this.#mark();
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.waiting);
    this.resizing.disconnect();
    if (this.address) URL.revokeObjectURL(this.address);
    for (const part of [this.note, this.element, this.bar]) part.remove();
  }
}
