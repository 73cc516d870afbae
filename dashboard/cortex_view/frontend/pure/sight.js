// One view as it is seen: its rectangle, its camera and its projection.

export const MARGIN = 0.04; // of the view's size, on each side
export const VEIL = 6; // pixels over which cortex fades out before title and foot

export class Sight {
  constructor(cell, camera, projection) {
    this.cell = cell;
    this.camera = camera;
    this.projection = projection;
    const { body } = cell;
    const { data } = projection;
    /** Whether the vertices with data are framed, not the brains. */
    this.close = Boolean(data) && !camera.whole;
    const { width, height, middle, place } = this.close ? around(data, cell) : overall(projection, body);
    const fit = Math.min(place.w / width, place.h / height);
    /** Pixels per millimetre, and the stage pixel of the brains' middle. */
    this.scale = fit * camera.zoom;
    /** The stage pixel around which a zoom without a place goes. */
    this.home = [place.x + place.w / 2, place.y + place.h / 2];
    this.x = this.home[0] + camera.pan[0] * body.w - middle[0] * this.scale;
    this.y = this.home[1] + camera.pan[1] * body.w + middle[1] * this.scale;
    /** Where cortex is drawn: under the title too if it is framed so closely that it has no end. */
    this.window = this.close ? cell : { ...body, h: cell.y + cell.h - body.y };
  }

  /** Zoom and pan with which a camera of another framing sees what `other` shows. */
  matching(other) {
    const { camera, home, scale, cell: { body } } = this;
    const at = (value, k) => value - home[k];
    const share = other.scale / (scale / camera.zoom);
    const still = [this.x - camera.pan[0] * body.w, this.y - camera.pan[1] * body.w];
    // The middle's distance from home grows with the scale.
    const grown = still.map((value, k) => (at(value, k) * other.scale) / scale);
    return { zoom: share, pan: [(at(other.x, 0) - grown[0]) / body.w, (at(other.y, 1) - grown[1]) / body.w] };
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

/** Whole brains, in the body less its margins. */
function overall({ width, height }, body) {
  const [mx, my] = [body.w * MARGIN, body.h * MARGIN];
  const place = { x: body.x + mx, y: body.y + my, w: body.w - 2 * mx, h: body.h - 2 * my };
  return { width, height, middle: [0, 0], place };
}

/** The data with their margin; above and below, title and foot lie in it. */
function around([left, bottom, right, top], { body }) {
  const mx = body.w * MARGIN;
  const place = { x: body.x + mx, y: body.y + VEIL, w: body.w - 2 * mx, h: Math.max(8, body.h - 2 * VEIL) };
  return { width: right - left, height: top - bottom, middle: [(left + right) / 2, (bottom + top) / 2], place };
}
