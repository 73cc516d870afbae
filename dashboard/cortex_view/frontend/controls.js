// The one line of controls under the brains. Holds no state of its own: it shows the viewer's
// and calls back.

import { FLAT, FOLDED, INFLATED, PRESETS } from "./camera.js";
import { lineColour, toCss } from "./colour.js";
import { formatNumber, paintTable } from "./overlay.js";

const ICONS = {
  picture: "M8 2v8m0 0L4.8 6.8M8 10l3.2-3.2M2.5 11v2.5h11V11",
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.8v2.6h2.6",
};

/** Create an element: tag.class, attributes, children. */
export function make(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export class Controls {
  constructor(viewer) {
    this.viewer = viewer;
    this.element = make("div.bar", { role: "group", "aria-label": "Cortex view controls" });
    this.element.append(
      this.#surface(),
      this.#presets(),
      this.#rois(),
      this.#threshold(),
      make("span.space"),
      this.#scale(),
      this.#buttons(),
    );
    this.closeOnOutside = (event) => {
      for (const details of this.element.querySelectorAll("details[open]")) {
        if (!event.composedPath().includes(details)) details.open = false;
      }
    };
    window.addEventListener("pointerdown", this.closeOnOutside);
    this.element.addEventListener("keydown", (event) => {
      // The app's own keys (next image) must not fire while a slider or a menu has the focus; after
      // a click on a button they must.
      if (event.target.closest("input, details")) event.stopPropagation();
      const open = event.target.closest("details[open]");
      if (event.key === "Escape" && open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    });
  }

  #surface() {
    const { viewer } = this;
    this.surfaceInput = make("input", {
      type: "range", min: 0, max: 2, step: 0.01, "aria-label": "Surface, from folded over inflated to flat",
      oninput: () => viewer.setSurface(Number(this.surfaceInput.value)),
      onchange: () => viewer.settle(),
    });
    this.surfaceNames = [["folded", FOLDED], ["inflated", INFLATED], ["flat", FLAT]].map(
      ([name, value]) =>
        make("button.tick", { type: "button", title: `${name} (${name === "folded" ? "p" : name[0]})`, onclick: () => viewer.animateTo({ surface: value }) }, name),
    );
    return make("div.surface", {}, this.surfaceInput, make("div.ticks", {}, ...this.surfaceNames));
  }

  #presets() {
    this.presetButtons = PRESETS.map((name, i) =>
      make("button.preset", {
        type: "button", "aria-label": `${name} view`, title: `${name} view (${i + 1})`,
        "aria-pressed": "false", onclick: () => this.viewer.goTo(name),
      }, name.slice(0, 3)),
    );
    return make("div.presets", { role: "group", "aria-label": "View from" }, ...this.presetButtons);
  }

  #rois() {
    this.roiList = make("div.menu-list");
    this.roiMenu = make("details.menu", {}, make("summary", {}, "ROIs"), this.roiList);
    return this.roiMenu;
  }

  #threshold() {
    this.thresholdInput = make("input", {
      type: "range", min: 0, max: 1, step: 0.005, "aria-label": "Threshold: hide values smaller than",
      oninput: () => {
        const share = Number(this.thresholdInput.value);
        this.viewer.setThreshold(share * this.viewer.thresholdLimit());
      },
      onchange: () => this.viewer.settle(),
    });
    this.thresholdText = make("output");
    return make("label.threshold", {}, make("span.word", {}, "threshold"), this.thresholdInput, this.thresholdText);
  }

  #scale() {
    this.barLow = make("span.number");
    this.barHigh = make("span.number");
    this.barUnit = make("span.unit");
    this.bar = make("canvas.colours", { width: 240, height: 22, "aria-hidden": "true" });
    this.rangeInput = make("input", {
      type: "range", min: -1, max: 1, step: 0.01, "aria-label": "Range of the colours",
      oninput: () => this.viewer.stretchRange(2 ** Number(this.rangeInput.value)),
    });
    this.rangeText = make("span.hint");
    const summary = make("summary.scale", { title: "Change the range of the colours", "aria-label": "Range of the colours" },
      this.barLow, this.bar, this.barHigh, this.barUnit);
    this.scaleMenu = make("details.menu.right", {}, summary,
      make("div.menu-list", {},
        make("div.menu-title", {}, "Range of the colours"),
        this.rangeInput, this.rangeText,
        make("button.plain", { type: "button", onclick: () => this.viewer.stretchRange(1) }, "as given"),
      ),
    );
    return this.scaleMenu;
  }

  #buttons() {
    const { viewer } = this;
    return make("div.buttons", {},
      make("button.icon", { type: "button", "aria-label": "Save as PNG", title: "Save as PNG", onclick: () => viewer.savePicture() }, icon("picture")),
      make("button.icon", { type: "button", "aria-label": "Reset the view", title: "Reset the view (0)", onclick: () => viewer.resetView() }, icon("reset")),
    );
  }

  /** Rebuild the ROI menu: when the subject or the theme changes. */
  listRois(space, theme) {
    const { viewer } = this;
    const row = (label, checked, colour, change) => {
      const input = make("input", { type: "checkbox", onchange: () => change(input.checked) });
      input.checked = checked;
      const swatch = colour ? make("span.swatch", { style: `background:${colour}` }) : "";
      return make("label.choice", {}, input, swatch, label);
    };
    this.roiMenu.hidden = space.groups.length === 0;
    this.roiList.replaceChildren(
      ...space.groups.map(({ name, colour }) =>
        row(name, viewer.shownGroups.has(name), toCss(lineColour(colour, theme.name)), (on) => viewer.showGroup(name, on)),
      ),
      make("hr"),
      row("labels", viewer.showLabels, null, (on) => viewer.setLabels(on)),
    );
  }

  /** Show the viewer's state. */
  update() {
    const { viewer } = this;
    const { camera } = viewer;
    this.surfaceInput.value = camera.surface;
    this.surfaceInput.style.setProperty("--fill", `${camera.surface * 50}%`);
    const words = ["folded", "inflated", "flat"];
    const nearest = Math.round(camera.surface);
    const exact = Math.abs(camera.surface - nearest) < 0.005;
    this.surfaceInput.setAttribute("aria-valuetext", exact ? words[nearest] : `between ${words[Math.floor(camera.surface)]} and ${words[Math.ceil(camera.surface)]}`);
    this.surfaceNames.forEach((button, i) => button.classList.toggle("on", exact && i === nearest));
    const { preset } = camera;
    const flat = camera.surface > 1.99;
    PRESETS.forEach((name, i) => {
      const on = !flat && name === preset;
      this.presetButtons[i].setAttribute("aria-pressed", String(on));
    });
    this.#updateScale();
  }

  #updateScale() {
    const { viewer } = this;
    const view = viewer.views[0];
    if (!view) return;
    const { threshold, range, unit, kind } = view;
    const share = viewer.thresholdLimit() ? threshold / viewer.thresholdLimit() : 0;
    this.thresholdInput.value = share;
    this.thresholdInput.style.setProperty("--fill", `${share * 100}%`);
    this.thresholdInput.disabled = kind === "categorical";
    const text = threshold > 0 ? `${formatNumber(threshold)} ${unit}`.trim() : "off";
    this.thresholdText.textContent = text;
    this.thresholdInput.setAttribute("aria-valuetext", text);
    this.scaleMenu.hidden = viewer.ownBars;
    this.barLow.textContent = formatNumber(range[0]);
    this.barHigh.textContent = formatNumber(range[1]);
    this.barUnit.textContent = unit;
    this.rangeInput.value = Math.log2(viewer.stretch);
    this.rangeInput.style.setProperty("--fill", `${50 + Math.log2(viewer.stretch) * 50}%`);
    this.rangeText.textContent = `${formatNumber(range[0])} to ${formatNumber(range[1])} ${unit}`;
    const context = this.bar.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, 120, 11);
    paintTable(context, viewer, view, 0, 0, 120, 11);
  }

  destroy() {
    window.removeEventListener("pointerdown", this.closeOnOutside);
  }
}
