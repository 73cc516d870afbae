// Mouse and touch on the brains: what pure/keys.js lists.

import { Hold } from "./hold.js";

const CLICK_PIXELS = 4;
const DOUBLE_CLICK_MS = 350;

export class Pointer {
  constructor(viewer, canvas) {
    this.viewer = viewer;
    this.canvas = canvas;
    this.pointers = new Map();
    this.lastClick = 0;
    this.hold = new Hold(viewer, canvas);
    const on = (type, handler, options) => canvas.addEventListener(type, handler, options);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event, true));
    on("pointerleave", (event) => {
      // A finger leaves with every tap; what it pointed at stays.
      if (event.pointerType !== "touch") viewer.pointing.hover(null);
    });
    on("contextmenu", (event) => event.preventDefault());
    on("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get busy() {
    return this.pointers.size > 0;
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    const at = this.#at(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    this.viewer.motion.stop();
    this.moved = this.pointers.size > 1;
    this.sideways = false;
    this.start = at;
    const { state } = this.viewer;
    state.active = this.viewer.viewAt(...at);
    this.side = this.viewer.sightAt(...at)?.sideAt(at[0]) || "right";
    this.pan = event.shiftKey || event.button === 2 || state.camera.surface > 1.5;
    this.viewer.pointing.hover(null);
    const { brush } = this.viewer;
    if (this.pointers.size > 1) brush.cancel();
    else if (brush.on && event.button === 0) this.drawn = modeOf(event);
  }

  #move(event) {
    const at = this.#at(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      this.viewer.pointing.hover(at);
      return;
    }
    const dx = at[0] - last[0];
    const dy = at[1] - last[1];
    if (this.pointers.size === 2) this.#pinch(event.pointerId, last, at);
    this.pointers.set(event.pointerId, at);
    const [right, down] = [at[0] - this.start[0], at[1] - this.start[1]];
    if (Math.hypot(right, down) > CLICK_PIXELS) this.moved = true;
    if (!this.moved || this.pointers.size > 1) return;
    // Up or down the browser is about to scroll, unless the gesture is the viewer's.
    this.sideways ||= Math.abs(right) > Math.abs(down);
    if (event.pointerType === "touch" && !this.hold.ours && !this.sideways) return;
    if (this.drawn) this.#draw(at);
    else if (this.pan) this.viewer.navigation.panBy(dx, dy);
    else this.viewer.navigation.turnBy(dx, dy, this.side);
  }

  #draw(at) {
    const { brush, state } = this.viewer;
    if (!brush.line) brush.begin(state.active, this.start, this.drawn);
    brush.extend(at);
  }

  #drawnUp(event, cancelled) {
    const { brush } = this.viewer;
    if (cancelled) brush.cancel();
    else brush.finish();
    // With a finger the next gesture is more likely to turn or to scroll.
    if (event.pointerType === "touch") brush.turn(false);
  }

  #pinch(id, last, at) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, value]) => value);
    const before = Math.hypot(last[0] - other[0], last[1] - other[1]);
    const after = Math.hypot(at[0] - other[0], at[1] - other[1]);
    const middle = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    this.viewer.navigation.zoomAt(...middle, after / Math.max(before, 1));
    this.viewer.navigation.panBy((at[0] - last[0]) / 2, (at[1] - last[1]) / 2);
  }

  #up(event, cancelled = false) {
    const at = this.#at(event);
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) return;
    this.drawn = null;
    if (this.viewer.brush.line) {
      this.#drawnUp(event, cancelled);
      return;
    }
    if (this.moved) {
      this.viewer.settle();
      return;
    }
    if (cancelled || event.button === 2) return;
    const double = event.timeStamp - this.lastClick < DOUBLE_CLICK_MS;
    this.lastClick = double ? 0 : event.timeStamp;
    if (double) this.viewer.navigation.centreOn(...at);
    else this.#tap(event, at);
  }

  #tap(event, at) {
    const { pointing } = this.viewer;
    const hit = pointing.pickAt(...at, event.shiftKey);
    if (event.pointerType !== "touch") return;
    this.hold.tapped(hit);
    // A finger cannot point without touching: a tap says what is there, too.
    pointing.hover(hit ? at : null);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.viewer.navigation.zoomAt(...this.#at(event), Math.exp(-event.deltaY * lines * 0.0015));
    this.viewer.settle();
  }
}

/** Alone a line draws a new region; Shift, Ctrl or Alt adds to it, Alt with Shift takes away. */
const modeOf = ({ shiftKey, altKey, ctrlKey, metaKey }) =>
  shiftKey && altKey ? "remove" : shiftKey || altKey || ctrlKey || metaKey ? "add" : "new";
