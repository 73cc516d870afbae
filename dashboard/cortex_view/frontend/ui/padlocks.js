// A padlock in each view's header: closed, the view turns with the others; open, on its own.

import { icon, make } from "../element.js";

const CLOSED = "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5";
const OPEN = "M4 7.5h8v6H4zM5.5 7.5V4.6a2.5 2.5 0 0 1 4.9-.7";

export const PADLOCK_WIDTH = 24; // pixels of a header that belong to it

export class Padlocks {
  constructor(viewer) {
    this.viewer = viewer;
    this.element = make("div.padlocks", { role: "group", "aria-label": "Views that turn on their own" });
    viewer.stage.element.append(this.element);
    this.buttons = [];
  }

  /** Put one at the end of each header; a single view needs none. */
  update() {
    const { views, state, stage } = this.viewer;
    const { sights } = stage.scene;
    const wanted = views.length > 1 ? views.length : 0;
    while (this.buttons.length > wanted) this.buttons.pop().remove();
    while (this.buttons.length < wanted) this.#add(this.buttons.length);
    this.buttons.forEach((button, i) => {
      const locked = state.isLocked(i);
      const { cell } = sights[i];
      button.style.transform = `translate(${Math.round(cell.x + cell.w - 30)}px, ${Math.round(cell.y + 5)}px)`;
      const label = `${views[i].title}, view ${i + 1}: turn on its own`;
      if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
      if (button.getAttribute("aria-pressed") === String(!locked)) return;
      button.setAttribute("aria-pressed", String(!locked));
      button.title = locked ? "Turns with the others; click to turn it on its own" : "Turns on its own; click to follow the others again";
      button.replaceChildren(icon(locked ? CLOSED : OPEN));
    });
  }

  #add(view) {
    const button = make("button.icon.padlock", {
      type: "button",
      onclick: () => this.viewer.navigation.setLocked(view, !this.viewer.state.isLocked(view)),
    });
    this.buttons.push(button);
    this.element.append(button);
  }
}
