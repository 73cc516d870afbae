// Mouse and touch on the brains.
//
// Drag turns (on the flat map: moves), shift- or right-drag moves, wheel and pinch zoom to the
// pointer, a click picks (with shift one
// more), a double click centres. One finger up or down still scrolls the page.

const CLICK_PIXELS = 4;
const DOUBLE_CLICK_MS = 350;

export class Pointer {
  constructor(viewer, canvas) {
    this.viewer = viewer;
    this.canvas = canvas;
    this.pointers = new Map();
    this.lastClick = 0;
    const on = (type, handler, options) => canvas.addEventListener(type, handler, options);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event, true));
    on("pointerleave", () => viewer.pointing.hover(null));
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
    this.start = at;
    const { state } = this.viewer;
    state.active = this.viewer.viewAt(...at);
    this.side = this.viewer.sightAt(...at)?.sideAt(at[0]) || "right";
    this.pan = event.shiftKey || event.button === 2 || state.camera.surface > 1.5;
    this.viewer.pointing.hover(null);
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
    if (Math.hypot(at[0] - this.start[0], at[1] - this.start[1]) > CLICK_PIXELS) this.moved = true;
    if (!this.moved || this.pointers.size > 1) return;
    if (this.pan) this.viewer.navigation.panBy(dx, dy);
    else this.viewer.navigation.turnBy(dx, dy, this.side);
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
    if (this.moved) {
      this.viewer.settle();
      return;
    }
    if (cancelled || event.button === 2) return;
    const double = event.timeStamp - this.lastClick < DOUBLE_CLICK_MS;
    this.lastClick = double ? 0 : event.timeStamp;
    if (double) this.viewer.navigation.centreOn(...at);
    else this.viewer.pointing.pickAt(...at, event.shiftKey);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.viewer.navigation.zoomAt(...this.#at(event), Math.exp(-event.deltaY * lines * 0.0015));
    this.viewer.settle();
  }
}
