// The two canvases and what is on them: draws with the next frame when something changed.

import { drawOverlay } from "./draw/overlay.js";
import { createContext, Renderer } from "./draw/renderer.js";
import { make } from "./element.js";

const SLOW_MS = 150; // from a whole picture's drawing to the second frame after it

export class Stage {
  /** @param onDrawn called after each picture, in the same task */
  constructor(onDrawn) {
    this.onDrawn = onDrawn;
    this.canvas = make("canvas.brains", {
      tabindex: "0", role: "application", "aria-roledescription": "cortex viewer",
    });
    this.overlay = make("canvas.overlay", { "aria-hidden": "true" });
    this.element = make("div.stage", {}, this.canvas, this.overlay);
    this.gl = createContext(this.canvas);
    this.renderer = null;
    this.now = null; // what to draw; set by the viewer
    this.uploaded = {};
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.renderer = null;
    });
    this.canvas.addEventListener("webglcontextrestored", () => this.redraw());
    this.resizing = new ResizeObserver(() => this.redraw());
    this.resizing.observe(this.element);
  }

  get width() {
    return this.element.clientWidth;
  }

  get height() {
    return this.element.clientHeight;
  }

  /** Draw with the next frame. */
  redraw() {
    if (this.frame || this.gone) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** Draw text and marks only: pointing at a vertex leaves the cortex as it is. */
  redrawText() {
    if (this.frame || this.textFrame || !this.scene || this.gone) return;
    this.textFrame = requestAnimationFrame(() => {
      this.textFrame = 0;
      const ratio = this.overlay.width / this.width;
      if (ratio) this.#text(this.now().scene(this.width, this.height, ratio));
    });
  }

  draw() {
    const now = this.now?.();
    if (!now || !this.width || !this.height || !this.#upload(now)) return;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    resize(this.canvas, this.width, this.height, ratio);
    resize(this.overlay, this.width, this.height, ratio);
    this.scene = now.scene(this.width, this.height, ratio);
    // Where a whole picture takes long, a moving brain is drawn with fewer triangles.
    this.scene.coarse = Boolean(this.slow && now.stirring);
    this.renderer.draw(this.scene);
    if (!this.scene.coarse) this.#time();
    this.#text(this.scene);
    this.onDrawn();
  }

  #time() {
    const began = performance.now();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.slow = performance.now() - began > SLOW_MS;
      }),
    );
  }

  /** Bring to the graphics card what is not there yet; false while the context is lost. */
  #upload({ model, views, marks }) {
    if (this.gl.isContextLost()) return false;
    const up = this.uploaded;
    if (!this.renderer || up.geometry !== model.geometry) {
      this.renderer?.free();
      this.renderer = new Renderer(this.gl);
      this.renderer.setGeometry(model.geometry);
      this.uploaded = { geometry: model.geometry };
    }
    if (this.uploaded.space !== model.space || this.uploaded.marks !== marks) {
      this.renderer.setSpace(model.space, marks);
    }
    if (this.uploaded.model !== model) {
      model.maps.forEach((values, i) =>
        this.renderer.setValues(i, values, model.reliabilities[i], model.space),
      );
      this.renderer.keepViews(model.count);
    }
    Object.assign(this.uploaded, { space: model.space, marks, model });
    for (const view of views) this.renderer.setTable(view.table, view.rgb);
    return true;
  }

  #text(scene) {
    const context = this.overlay.getContext("2d");
    context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0);
    context.clearRect(0, 0, scene.width, scene.height);
    drawOverlay(context, scene);
  }

  /** A picture of its own size on the brains' canvas; `use` takes it, then the screen comes back. */
  drawOnce(scene, use) {
    resize(this.canvas, scene.width, scene.height, scene.ratio);
    this.renderer.draw(scene);
    const result = use(this.canvas);
    this.draw();
    return result;
  }

  destroy() {
    this.gone = true;
    this.resizing.disconnect();
    this.element.remove();
    // Browsers allow few contexts at once; give this one back now, not at garbage collection.
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function resize(canvas, width, height, ratio) {
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}
