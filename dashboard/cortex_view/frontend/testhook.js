// What numeric browser tests may ask, as `root.__cortex`.

import { roisAt } from "./assets.js";

export function testHook(viewer) {
  return {
    camera: () => ({ ...viewer.currentView(), rotation: [...viewer.camera.rotation], zoom: viewer.camera.zoom, pan: [...viewer.camera.pan], preset: viewer.camera.preset }),
    setView: (view) => {
      viewer.camera.applyView(view);
      viewer.draw();
    },
    setThreshold: (value) => viewer.setThreshold(value),
    stretchRange: (factor) => viewer.stretchRange(factor),
    /** Seen, and not on the silhouette, where a pixel may show what lies behind. */
    isVisible: (side, vertex) =>
      viewer.isVisible(side, vertex) && viewer.projection.facing(side, vertex) > 0.2,
    /** Stage pixels [x, y] of a vertex in a view. */
    screenPosition: (view, side, vertex) =>
      viewer.projection.toScreen(viewer.cells[view], viewer.camera, side, vertex),
    /** Page pixels of the stage's corner. */
    origin: () => {
      const box = viewer.canvas.getBoundingClientRect();
      return [box.left, box.top];
    },
    pick: (x, y) => viewer.pickAtScreen(x, y),
    valueAt: (view, side, vertex) => {
      const position = viewer.space.sides[side].position[vertex];
      return position < 0 ? null : viewer.maps[view][position];
    },
    roisAt: (side, vertex) => roisAt(viewer.space, side, vertex),
    cells: () => viewer.cells,
    /** Pixels [left, top, right, bottom] that both hemispheres take in a view. */
    extent: (view) => {
      const { projection, camera } = viewer;
      const { scale, x, y } = projection.frame(viewer.cells[view], camera);
      return [
        x - (projection.width / 2) * scale, y - (projection.height / 2) * scale,
        x + (projection.width / 2) * scale, y + (projection.height / 2) * scale,
      ];
    },
    /**
     * The colour of one vertex, [r, g, b] as drawn, with light, sulci and lines off unless
     * `plain` is false. Looks from so near that the pixel holds this vertex only; the camera is
     * put back.
     */
    colourAt: (view, side, vertex, { plain = true } = {}) => {
      const { camera, projection } = viewer;
      const before = { zoom: camera.zoom, pan: camera.pan, plain: viewer.plain };
      viewer.plain = plain;
      camera.zoom = 60;
      camera.pan = [0, 0];
      const cell = viewer.cells[view];
      const { body } = cell;
      const [x, y] = projection.toScreen(cell, camera, side, vertex);
      const ratio = viewer.canvas.width / viewer.stage.clientWidth;
      // Onto a pixel's middle, well inside the view.
      const tx = (Math.floor((body.x + body.w / 2) * ratio) + 0.5) / ratio;
      const ty = (Math.floor((body.y + body.h / 2) * ratio) + 0.5) / ratio;
      camera.pan = [(tx - x) / body.w, (ty - y) / body.w];
      const { clientWidth, clientHeight } = viewer.stage;
      viewer.renderer.draw(viewer.scene(clientWidth, clientHeight, ratio));
      const rgb = viewer.renderer
        .readPixel(Math.floor(tx * ratio), viewer.canvas.height - 1 - Math.floor(ty * ratio))
        .slice(0, 3);
      Object.assign(camera, { zoom: before.zoom, pan: before.pan });
      viewer.plain = before.plain;
      viewer.redraw();
      return rgb;
    },
    grey: () => viewer.theme.grey.map((value) => Math.round(value * 255)),
  };
}
