// The one line of controls under the brains. Holds no state of its own: it shows the viewer's
// and calls back. Where there is little room, surface and colours stay and the rest is a sheet.

import { icon, make } from "../element.js";
import { FLAT, FOLDED, INFLATED, PRESETS } from "../pure/camera.js";
import { lineColour, toCss } from "../pure/colour.js";
import { formatNumber } from "../pure/numbers.js";
import { SaveMenu } from "./savemenu.js";
import { ScaleControl } from "./scalecontrol.js";

const SNAP = 0.04; // of the slider: nobody means 1.98
const MORE = "M3 8h.01M8 8h.01M13 8h.01";
const TABLE = "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6";
const WHOLE = "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5";
const RESET = "M3 8a5 5 0 1 0 1.6-3.7M3 2.8v2.6h2.6";

export class Toolbar {
  constructor(viewer) {
    this.viewer = viewer;
    this.element = make("div.bar", { role: "group", "aria-label": "Cortex view controls" });
    this.scales = [];
    this.scaleList = make("div.scales");
    this.more = make("button.icon.more", {
      type: "button", "aria-label": "More controls", title: "More controls", "aria-expanded": "false",
      onclick: () => this.#showMore(this.more.getAttribute("aria-expanded") !== "true"),
    }, icon(MORE));
    this.rest = make("div.rest", {},
      this.#presets(), this.#rois(), this.#threshold(), this.#buttons());
    this.element.append(this.#surface(), this.scaleList, this.more, this.rest);
    this.closeOnOutside = (event) => {
      const path = event.composedPath();
      if (!path.includes(this.rest) && !path.includes(this.more)) this.#showMore(false);
      for (const details of this.element.querySelectorAll("details[open]")) {
        if (!path.includes(details)) details.open = false;
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
      } else if (event.key === "Escape" && this.more.getAttribute("aria-expanded") === "true") {
        this.#showMore(false);
        this.more.focus();
      }
    });
  }

  /** Close the sheet of further controls, where there is one. */
  fold() {
    this.#showMore(false);
  }

  #showMore(on) {
    this.more.setAttribute("aria-expanded", String(on));
    this.element.dataset.more = String(on);
    // No higher than the brains: what leaves the viewer cannot be reached.
    this.rest.style.maxHeight = `${this.viewer.stage.height}px`;
  }

  #surface() {
    const { viewer } = this;
    this.surfaceInput = make("input", {
      type: "range", min: 0, max: 2, step: 0.01, "aria-label": "Surface, from folded over inflated to flat",
      oninput: () => {
        const value = Number(this.surfaceInput.value);
        const exact = Math.round(value);
        viewer.navigation.setSurface(Math.abs(value - exact) < SNAP ? exact : value);
      },
      onchange: () => viewer.settle(),
    });
    this.surfaceNames = [["folded", FOLDED], ["inflated", INFLATED], ["flat", FLAT]].map(
      ([name, value]) =>
        make("button.tick", { type: "button", title: `${name} (${name === "folded" ? "p" : name[0]})`, onclick: () => viewer.navigation.glide({ surface: value }) }, name),
    );
    return make("div.surface", {}, this.surfaceInput, make("div.ticks", {}, ...this.surfaceNames));
  }

  #presets() {
    this.presetButtons = PRESETS.map((name, i) =>
      make("button.preset", {
        type: "button", "aria-label": `${name} view`, title: `${name} view (${i + 1})`,
        "aria-pressed": "false", onclick: () => this.viewer.navigation.goTo(name),
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
        this.#choose({ threshold: share * this.#limit() });
      },
      onchange: () => this.viewer.settle(),
    });
    this.thresholdText = make("output");
    this.threshold = make("label.threshold", {}, make("span.word", {}, "threshold"), this.thresholdInput, this.thresholdText);
    return this.threshold;
  }

  #buttons() {
    const { viewer } = this;
    this.tableButton = make("button.icon", {
      type: "button", "aria-label": "Means of each ROI as a table", title: "Means of each ROI as a table (t)",
      "aria-pressed": "false", onclick: () => viewer.toggleTable(),
    }, icon(TABLE));
    this.wholeButton = make("button.icon.whole", {
      type: "button", "aria-label": "Whole brain", title: "Whole brain (w)", "aria-pressed": "false",
      onclick: () => viewer.navigation.frameWhole(!viewer.state.camera.whole),
    }, icon(WHOLE));
    return make("div.buttons", {},
      viewer.brushButton.element,
      this.tableButton,
      new SaveMenu(viewer).element,
      this.wholeButton,
      make("button.icon", { type: "button", "aria-label": "Reset the view", title: "Reset the view (0)", onclick: () => viewer.navigation.reset() }, icon(RESET)),
      viewer.help.button,
    );
  }

  /** Rebuild the ROI menu: when the subject or the theme changes. */
  list({ space }, state, theme) {
    const change = (what) => {
      what();
      this.viewer.stage.redraw();
      this.viewer.settle();
    };
    const row = (label, checked, colour, apply) => {
      const input = make("input", { type: "checkbox", onchange: () => change(() => apply(input.checked)) });
      input.checked = checked;
      const swatch = colour ? make("span.swatch", { style: `background:${colour}` }) : "";
      return make("label.choice", {}, input, swatch, label);
    };
    this.roiMenu.hidden = space.groups.length === 0;
    this.roiList.replaceChildren(
      ...space.groups.map(({ name, colour }) =>
        row(name, state.shownGroups.has(name), toCss(lineColour(colour, theme.name)), (on) => (on ? state.shownGroups.add(name) : state.shownGroups.delete(name))),
      ),
      make("hr"),
      row("labels", state.labels, null, (on) => (state.labels = on)),
    );
  }

  /** Show the viewer's state. */
  update() {
    const { viewer } = this;
    const { camera } = viewer.state;
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
    this.tableButton.setAttribute("aria-pressed", String(viewer.table.open));
    // Data that cover the cortex leave nothing else to frame.
    this.wholeButton.hidden = !viewer.model?.space.partial;
    this.wholeButton.setAttribute("aria-pressed", String(camera.whole));
    this.#updateScales();
  }

  #updateScales() {
    const { viewer } = this;
    if (!viewer.views.length) return;
    while (this.scales.length > viewer.model.scales.length) this.scales.pop().element.remove();
    while (this.scales.length < viewer.model.scales.length) {
      const control = new ScaleControl(viewer, this.scales.length);
      this.scales.push(control);
      this.scaleList.append(control.element);
    }
    for (const control of this.scales) control.update();
    // Each of several scales has its threshold in its own menu.
    this.threshold.hidden = viewer.model.ownBars;
    this.#updateThreshold();
  }

  #updateThreshold() {
    const { viewer } = this;
    const { unit, kind, hidden } = viewer.views[0];
    const { threshold } = viewer.state;
    const size = Array.isArray(threshold) ? Math.max(...threshold.map(Math.abs)) : threshold;
    const share = this.#limit() ? size / this.#limit() : 0;
    this.thresholdInput.value = share;
    this.thresholdInput.style.setProperty("--fill", `${Math.min(1, share) * 100}%`);
    this.thresholdInput.disabled = kind === "categorical" || kind === "cyclic";
    const text = hidden ? `${formatNumber(size)} ${unit}`.trim() : "off";
    this.thresholdText.textContent = text;
    this.thresholdInput.setAttribute("aria-valuetext", text);
  }

  /** The number of the scale whose menu is open, or null. */
  get scaleAtHand() {
    const open = this.scales.find((control) => control.open);
    return open ? open.scale : null;
  }

  #choose(choice) {
    Object.assign(this.viewer.state, choice);
    this.viewer.refresh();
  }

  /** The largest value of the first view's colours. */
  #limit() {
    const view = this.viewer.views[0];
    return view ? Math.max(Math.abs(view.range[0]), Math.abs(view.range[1])) : 1;
  }

  destroy() {
    window.removeEventListener("pointerdown", this.closeOnOutside);
  }
}
