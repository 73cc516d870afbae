// Whose a finger's gesture is: the brain's or the page's.
//
// A page must scroll on a phone, also where the viewer fills the screen. One finger up or down
// scrolls, sideways it turns. A tap on the brain takes hold of it: fingers that come down on it then
// turn it in every direction, those beside it still scroll. A tap beside it, or elsewhere, lets go.
// Two fingers and the brush are always the viewer's.

export class Hold {
  constructor(viewer, canvas) {
    this.viewer = viewer;
    this.canvas = canvas;
    this.held = false;
    this.ours = false; // the gesture under way
    canvas.addEventListener("touchstart", (event) => this.#start(event), { passive: false });
    canvas.addEventListener("touchmove", (event) => this.#move(event), { passive: false });
    this.onOutside = (event) => {
      if (!event.composedPath().includes(canvas)) this.#set(false);
    };
    window.addEventListener("pointerdown", this.onOutside);
  }

  #at({ touches: [touch] }) {
    const box = this.canvas.getBoundingClientRect();
    return [touch.clientX - box.left, touch.clientY - box.top];
  }

  #start(event) {
    const onBrain = event.touches.length === 1 && Boolean(this.viewer.pickAtScreen(...this.#at(event)));
    this.ours = event.touches.length > 1 || this.viewer.brush.on || (this.held && onBrain);
  }

  /** Said before the browser begins to scroll, it does not. */
  #move(event) {
    if (this.ours && event.cancelable) event.preventDefault();
  }

  /** A tap: on the brain it takes hold, beside it lets go. */
  tapped(onBrain) {
    this.#set(onBrain);
  }

  #set(held) {
    if (held === this.held) return;
    this.held = held;
    this.viewer.stage.element.dataset.held = String(held);
  }

  destroy() {
    window.removeEventListener("pointerdown", this.onOutside);
  }
}
