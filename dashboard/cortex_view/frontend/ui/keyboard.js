// Keys on the brains: everything the mouse can do (pure/keys.js lists them).

import { FLAT, FOLDED, INFLATED, PRESETS } from "../pure/camera.js";

const TURN = 0.12; // radians a key press
const MOVE = 24; // pixels

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keyboard {
  constructor(viewer, canvas) {
    this.viewer = viewer;
    this.actions = this.#actions();
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Key -> what it does, given the event; false leaves the key to the page. */
  #actions() {
    const { viewer } = this;
    const { navigation: go, pointing, brush } = viewer;
    const actions = {
      "+": () => go.zoomAt(null, null, 1.2),
      "=": () => go.zoomAt(null, null, 1.2),
      "-": () => go.zoomAt(null, null, 1 / 1.2),
      0: () => go.reset(),
      w: () => go.frameWhole(!viewer.state.camera.whole),
      p: () => go.glide({ surface: FOLDED }),
      i: () => go.glide({ surface: INFLATED }),
      f: () => go.glide({ surface: FLAT }),
      c: () => pointing.centreHere(),
      n: () => pointing.step(1),
      b: () => pointing.step(-1),
      x: () => pointing.setCrosshair(!pointing.crosshair),
      // A region grown by keys is finished first.
      Enter: ({ shiftKey }) => (brush.untold && !shiftKey ? brush.tell() : pointing.pickHere(shiftKey)),
      s: () => brush.turn(!brush.on),
      g: () => brush.grow(),
      G: () => brush.shrink(),
      a: () => brush.togglePointed(),
      Escape: () => this.#leave(),
      u: () => go.setLocked(viewer.state.active, !viewer.state.isLocked(viewer.state.active)),
      v: () => {
        viewer.state.active = (viewer.state.active + 1) % viewer.model.count;
        viewer.stage.redraw();
      },
      t: () => viewer.toggleTable(),
      l: () => {
        viewer.state.labels = !viewer.state.labels;
        viewer.stage.redraw();
        viewer.toolbar.list(viewer.model, viewer.state, viewer.theme);
      },
      "?": () => viewer.help.toggle(),
    };
    for (const [key, [right, down]] of Object.entries(ARROWS)) {
      actions[key] = ({ shiftKey }) => {
        if (pointing.crosshair) pointing.nudge(right, down, shiftKey);
        else if (shiftKey) go.panBy(-right * MOVE, -down * MOVE);
        else go.turn(right * TURN, -down * TURN);
      };
    }
    PRESETS.forEach((name, i) => {
      actions[i + 1] = () => go.goTo(name);
    });
    return actions;
  }

  /** One thing at a time: the line being drawn, the tool, the region, the picks. */
  #leave() {
    const { brush, pointing } = this.viewer;
    if (brush.line) brush.cancel();
    else if (pointing.crosshair) pointing.setCrosshair(false);
    else if (brush.on) brush.turn(false);
    else if (brush.region) brush.clear();
    else if (pointing.picks.length) pointing.setPicks([]);
    else return false;
    return true;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.viewer.model) return;
    const action = this.actions[event.key];
    if (!action) return;
    this.viewer.motion.stop();
    if (action(event) === false) return;
    // While the brain has the focus its keys are its own, not the app's.
    event.preventDefault();
    event.stopPropagation();
    this.viewer.settle();
  }
}
