// Camera commands, whoever gives them: pointer, keys or toolbar.

import { Camera, presetRotation } from "./pure/camera.js";

export class Navigation {
  constructor(viewer) {
    this.viewer = viewer;
  }

  get state() {
    return this.viewer.state;
  }

  #moved() {
    this.viewer.stir();
  }

  setSurface(value) {
    this.viewer.motion.stop();
    this.state.camera.surface = Math.min(2, Math.max(0, value));
    this.#moved();
  }

  glide(target) {
    this.viewer.motion.glide(this.state.camera, target);
  }

  goTo(preset) {
    const target = { rotation: presetRotation(preset), zoom: 1, pan: [0, 0] };
    // The flat map has one side: asking for another leads back to the inflated brain.
    if (this.state.camera.surface > 1) target.surface = 1;
    this.glide(target);
  }

  /** Back to where the viewer started, all views together, colours as given. */
  reset() {
    const { state, viewer } = this;
    for (const view of [...state.own.keys()]) state.setLocked(view, true);
    state.resetColour();
    const fresh = new Camera();
    fresh.applyView(viewer.givenView || {});
    fresh.recentre();
    state.camera.whole = viewer.givenView?.framing === "whole";
    viewer.refresh();
    this.glide({ rotation: fresh.rotation, surface: fresh.surface, zoom: 1, pan: [0, 0] });
  }

  /** Frame the whole brains, or the vertices with data: the picture glides from where it is. */
  frameWhole(whole) {
    const { state, viewer } = this;
    const { camera } = state;
    if (!viewer.model.space.partial || camera.whole === whole) return;
    viewer.motion.stop();
    const before = viewer.activeSight;
    camera.whole = whole;
    camera.recentre();
    camera.assign({ ...camera, ...viewer.activeSight.matching(before) });
    this.glide({ zoom: 1, pan: [0, 0] });
  }

  /** Lock a view to the others, or give it a camera of its own. */
  setLocked(view, locked) {
    this.viewer.motion.stop();
    this.state.setLocked(view, locked);
    this.state.active = view;
    this.#moved();
    this.viewer.settle();
  }

  turnBy(dx, dy, side) {
    const { body } = this.viewer.activeSight.cell;
    const perPixel = Math.PI / Math.max(200, Math.min(body.w / 2, body.h));
    this.state.camera.drag(dx * perPixel, -dy * perPixel, side);
    this.#moved();
  }

  /** Radians; on the flat map, which has one side, this moves. */
  turn(right, up) {
    if (this.state.camera.surface > 1.5) this.panBy(-right * 200, up * 200);
    else this.state.camera.drag(right, up, "right");
    this.#moved();
  }

  panBy(dx, dy) {
    const { camera } = this.state;
    const { w } = this.viewer.activeSight.cell.body;
    camera.pan = [camera.pan[0] + dx / w, camera.pan[1] + dy / w];
    this.#moved();
  }

  /** Zoom so that what is under (x, y) stays there; without a place, around the middle. */
  zoomAt(x, y, factor) {
    const sight = x === null ? this.viewer.activeSight : this.viewer.sightAt(x, y);
    if (!sight) return;
    const { camera, home } = sight;
    const { body } = sight.cell;
    const zoom = Math.min(60, Math.max(0.5, camera.zoom * factor));
    const share = zoom / camera.zoom;
    const from = x === null ? [0, 0] : [x - home[0], y - home[1]];
    camera.pan = camera.pan.map((value, k) => (from[k] - (from[k] - value * body.w) * share) / body.w);
    camera.zoom = zoom;
    this.#moved();
  }

  centreOn(x, y) {
    const { camera, home, cell: { body } } = this.viewer.sightAt(x, y);
    if (!this.viewer.pickAtScreen(x, y)) {
      this.viewer.motion.glide(camera, { zoom: 1, pan: [0, 0] });
      return;
    }
    const zoom = Math.max(2.5, camera.zoom);
    const share = zoom / camera.zoom;
    const from = [x - home[0], y - home[1]];
    const pan = camera.pan.map((value, k) => ((value * body.w - from[k]) * share) / body.w);
    this.viewer.motion.glide(camera, { zoom, pan });
  }
}
