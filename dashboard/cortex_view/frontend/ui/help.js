// The list of gestures and keys, over the stage.

import { make } from "../element.js";
import { KEYS, MOUSE, TOUCH } from "../pure/keys.js";

export class Help {
  constructor(viewer) {
    this.viewer = viewer;
    this.button = make("button.icon.help-button", {
      type: "button", "aria-label": "Keys and gestures", title: "Keys and gestures (?)", "aria-expanded": "false",
      onclick: () => this.toggle(),
    }, "?");
    this.element = make("div.help-panel", { hidden: "", tabindex: "0", role: "region", "aria-label": "Keys and gestures" });
    viewer.stage.element.append(this.element);
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape" || event.key === "?") this.toggle();
    });
  }

  toggle() {
    const { element } = this;
    if (!element.childNodes.length) this.#fill();
    element.hidden = !element.hidden;
    this.button.setAttribute("aria-expanded", String(!element.hidden));
    if (element.hidden) this.viewer.stage.canvas.focus();
    else element.focus();
  }

  #fill() {
    const touched = matchMedia("(pointer: coarse)").matches;
    const gestures = touched ? [["Fingers", TOUCH]] : [["Mouse", MOUSE]];
    const keys = KEYS.map(([title, rows]) => [title, rows.map(([, print, words]) => [print, words])]);
    const group = ([title, rows], isKeys) =>
      make("section", {}, make("h4", {}, title),
        make("dl", {}, ...rows.flatMap(([print, words]) => [make("dt", {}, ...(isKeys ? caps(print) : [print])), make("dd", {}, words)])));
    this.element.replaceChildren(
      ...gestures.map((part) => group(part, false)), ...keys.map((part) => group(part, true)),
      make("p", {}, "Keys act while the brains have the focus: click there, or press Tab."),
    );
  }
}

/** Keys look like keys; words between them do not. */
const caps = (print) => print.split(" ").map((part) => (part === "to" ? " to " : make("kbd", {}, part)));
