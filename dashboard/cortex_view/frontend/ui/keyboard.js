// Keys on the brains: everything the mouse can do.

import { FLAT, FOLDED, INFLATED, PRESETS } from "../pure/camera.js";

export class Keyboard {
  constructor(viewer, canvas) {
    this.viewer = viewer;
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { viewer, viewer: { navigation: go } } = this;
    const step = 0.12;
    const pixels = 24;
    const actions = {
      ArrowLeft: () => (event.shiftKey ? go.panBy(pixels, 0) : go.turn(-step, 0)),
      ArrowRight: () => (event.shiftKey ? go.panBy(-pixels, 0) : go.turn(step, 0)),
      ArrowUp: () => (event.shiftKey ? go.panBy(0, pixels) : go.turn(0, step)),
      ArrowDown: () => (event.shiftKey ? go.panBy(0, -pixels) : go.turn(0, -step)),
      "+": () => go.zoomAt(null, null, 1.2),
      "=": () => go.zoomAt(null, null, 1.2),
      "-": () => go.zoomAt(null, null, 1 / 1.2),
      0: () => go.reset(),
      p: () => go.glide({ surface: FOLDED }),
      i: () => go.glide({ surface: INFLATED }),
      f: () => go.glide({ surface: FLAT }),
    };
    actions.u = () => go.setLocked(viewer.state.active, !viewer.state.isLocked(viewer.state.active));
    actions.n = () => viewer.pointing.step(1);
    actions.b = () => viewer.pointing.step(-1);
    actions.Enter = () => viewer.pointing.pickHere(event.shiftKey);
    actions.v = () => {
      viewer.state.active = (viewer.state.active + 1) % viewer.model.count;
      viewer.stage.redraw();
    };
    actions.t = () => viewer.toggleTable();
    actions.l = () => {
      viewer.state.labels = !viewer.state.labels;
      viewer.stage.redraw();
      viewer.toolbar.list(viewer.model, viewer.state, viewer.theme);
    };
    PRESETS.forEach((name, i) => {
      actions[i + 1] = () => go.goTo(name);
    });
    const action = actions[event.key];
    if (!action) return;
    // While the brain has the focus its keys are its own, not the app's.
    event.preventDefault();
    event.stopPropagation();
    viewer.motion.stop();
    action();
    viewer.settle();
  }
}
