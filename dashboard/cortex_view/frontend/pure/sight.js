// One view as it is seen: its rectangle, its camera and its projection.

export const MARGIN = 0.04; // of the view's size, on each side

export class Sight {
  constructor(cell, camera, projection) {
    this.cell = cell;
    this.camera = camera;
    this.projection = projection;
    const { body } = cell;
    const fit = Math.min(
      (body.w * (1 - 2 * MARGIN)) / projection.width,
      (body.h * (1 - 2 * MARGIN)) / projection.height,
    );
    /** Pixels per millimetre, and the stage pixel of the brains' middle. */
    this.scale = fit * camera.zoom;
    this.x = body.x + body.w / 2 + camera.pan[0] * body.w;
    this.y = body.y + body.h / 2 + camera.pan[1] * body.w;
  }

  /** Stage pixel [x, y] of a vertex. */
  toScreen(side, vertex) {
    const { xyz, anchorX } = this.projection.sides[side];
    return [
      this.x + (xyz[vertex * 3] + anchorX) * this.scale,
      this.y - (xyz[vertex * 3 + 1] + this.projection.anchorY) * this.scale,
    ];
  }

  /** View millimetres [x, y] of a stage pixel, before a hemisphere's anchor. */
  fromScreen(px, py) {
    return [(px - this.x) / this.scale, -(py - this.y) / this.scale - this.projection.anchorY];
  }

  /** The hemisphere on whose half of the view a stage pixel lies. */
  sideAt(px) {
    return px < this.x ? "left" : "right";
  }
}
