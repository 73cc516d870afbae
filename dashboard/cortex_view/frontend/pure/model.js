// What Python sent, with the assets it names: maps, scales, titles, the subject's space.

import { roisAt, SIDES } from "./space.js";

export class Model {
  constructor(header, arrays, { geometry, space, tables }) {
    Object.assign(this, { header, geometry, space, tables });
    this.maps = header.maps.map((_, i) => arrays[`map${i}`]);
    const trusts = new Map(); // maps may share one
    /** Per view: reliability 0..1 of each value, or null. */
    this.reliabilities = header.maps.map(({ reliability }) => {
      if (!reliability) return null;
      const { array } = reliability;
      if (!trusts.has(array)) trusts.set(array, Float32Array.from(arrays[array], (step) => step / 255));
      return trusts.get(array);
    });
    const keys = header.maps.map((map) => JSON.stringify(map.scale));
    /** The scales, each once, in the order of the views: {key, views}. */
    this.scales = [...new Set(keys)].map((key) => ({
      key, views: keys.flatMap((other, i) => (other === key ? [i] : [])),
    }));
    /** Per view: the number of its scale. */
    this.scaleOf = keys.map((key) => this.scales.findIndex((scale) => scale.key === key));
    this.counts = header.maps.map((_, i) => arrays[`counts${i}`] || null);
    /** Positions of a region that Python gives back, or null. */
    this.region = arrays.region || null;
    /** What a chart has selected, as Python says: {side, vertex}; null where it says nothing. */
    this.lit = SIDES.some((side) => arrays[`lit_${side}`])
      ? SIDES.flatMap((side) => [...(arrays[`lit_${side}`] || [])].map((vertex) => ({ side, vertex })))
      : null;
    /** Views of several scales print a colour bar each. */
    this.ownBars = this.scales.length > 1;
  }

  get count() {
    return this.maps.length;
  }

  /** ROI groups: all that this brain has, and which of them are outlined at first. */
  get groups() {
    const all = this.space.groups.map((group) => group.name);
    const { shown } = this.space;
    return { all, initial: shown ? all.filter((name) => shown.includes(name)) : all };
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
      counts: this.counts.map((counts) => (counts && position >= 0 ? counts[position] : null)),
    };
  }

  /** In words, for a screen reader. */
  describe() {
    const names = this.header.maps.map((map) => `${map.title} ${map.subtitle}`.trim()).join("; ");
    return (
      `Cortex, ${this.count} ${this.count === 1 ? "view" : "views"}: ${names}. ` +
      "Arrow keys turn, plus and minus zoom, 1 to 6 choose a side, p, i and f the surface, " +
      "n and b point at the next and the previous ROI, Enter picks, t shows a table, " +
      "question mark lists all keys."
    );
  }
}
