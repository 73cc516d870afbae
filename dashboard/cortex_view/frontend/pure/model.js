// What Python sent, with the assets it names: maps, scales, titles, the subject's space.

import { roisAt, SIDES } from "./space.js";

export class Model {
  constructor(header, arrays, { geometry, space, tables }) {
    Object.assign(this, { header, geometry, space, tables });
    this.maps = header.maps.map((_, i) => arrays[`map${i}`]);
    this.reliabilities = header.maps.map((_, i) => arrays[`reliability${i}`] || null);
    /** Positions of a region that Python gives back, or null. */
    this.region = arrays.region || null;
    /** What a chart has selected, as Python says: {side, vertex}; null where it says nothing. */
    this.lit = SIDES.some((side) => arrays[`lit_${side}`])
      ? SIDES.flatMap((side) => [...(arrays[`lit_${side}`] || [])].map((vertex) => ({ side, vertex })))
      : null;
    const scales = header.maps.map((map) => JSON.stringify(map.scale));
    /** Per view: whether it has the first view's scale. */
    this.sharesScale = scales.map((scale) => scale === scales[0]);
    /** Views of several scales print a colour bar each. */
    this.ownBars = new Set(scales).size > 1;
    this.scaleKey = scales[0];
  }

  get count() {
    return this.maps.length;
  }

  /** ROI groups: all, and those outlined at first. */
  get groups() {
    const all = this.space.groups.map((group) => group.name);
    return { all, initial: this.space.shown || all };
  }

  /** What is known of a vertex. */
  facts({ side, vertex }) {
    const position = this.space.sides[side].position[vertex];
    const at = (values) => (values && position >= 0 ? values[position] : NaN);
    return {
      side, vertex, position,
      covered: position >= 0,
      rois: roisAt(this.space, side, vertex),
      values: this.maps.map(at),
      reliabilities: this.reliabilities.map(at),
    };
  }

  /** In words, for a screen reader. */
  describe() {
    const names = this.header.maps.map((map) => `${map.title} ${map.subtitle}`.trim()).join("; ");
    return (
      `Cortex, ${this.count} ${this.count === 1 ? "view" : "views"}: ${names}. ` +
      "Arrow keys turn, plus and minus zoom, 1 to 6 choose a side, p, i and f the surface, " +
      "n and b point at the next and the last ROI, Enter picks, t shows a table, " +
      "question mark lists all keys."
    );
  }
}
