// Takes up the brush and puts it away.

import { icon, make } from "../element.js";

// A lasso with its end.
const LASSO = "M8 2.5c3.3 0 6 1.6 6 3.7s-2.7 3.7-6 3.7-6-1.6-6-3.7 2.7-3.7 6-3.700zM4.8 9.400c-1.2.7-1.3 1.7-.4 2.2 1 .6.7 1.4-.4 2.2";

export class BrushButton {
  constructor(viewer) {
    this.viewer = viewer;
    this.element = make("button.icon", {
      type: "button", "aria-label": "Brush a region", title: "Brush a region (s)", "aria-pressed": "false",
      onclick: () => {
        viewer.brush.turn(!viewer.brush.on);
        // On a small screen the other controls lie over the brains.
        viewer.toolbar.fold();
      },
    }, icon(LASSO));
  }

  update() {
    this.element.setAttribute("aria-pressed", String(this.viewer.brush.on));
  }
}
