// The brush: a region drawn around vertices or grown from one; told to Python when it is done.

import { Echo } from "./pure/echo.js";
import { packNumbers } from "./pure/packing.js";
import {
  emptyRegion, grown, positionsOf, regionAt, regionWithin, shrunk, sizeOf, union, valueCount,
  verticesOf, without,
} from "./pure/region.js";

const STEP = 3; // pixels between two points of the line
const LIVE = 60000; // with more values the region is found when the line is closed

export class Brush {
  constructor(viewer) {
    this.viewer = viewer;
    this.on = false;
    this.region = null; // one byte per value, or null
    this.line = null; // while drawing: {view, points, mode, before}
    this.untold = false; // changed by keys since Python was told
    this.note = ""; // why nothing happened
    this.echo = new Echo();
  }

  /** A message came: another subject's region means nothing; Python may give one back. */
  accept(model, newSpace) {
    if (newSpace) {
      this.line = null;
      this.region = null;
      this.untold = false;
    }
    const { region } = model;
    const text = region && packNumbers(region);
    if (!this.echo.isOrder(text) && !(newSpace && text)) return;
    this.#set(region ? nothingToNull(regionAt(model.space, region)) : null);
  }

  turn(on) {
    this.on = on;
    this.note = "";
    this.#cancel();
    this.viewer.stage.redrawText();
    this.viewer.toolChanged();
  }

  // ---- a line around vertices

  /** @param mode "new", "add" or "remove" */
  begin(view, at, mode) {
    this.note = "";
    this.line = { view, points: [at], mode, before: this.region };
  }

  extend(at) {
    const { points } = this.line;
    const last = points.at(-1);
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) < STEP) return;
    points.push(at);
    if (valueCount(this.viewer.model.space) <= LIVE) this.region = this.#enclosed();
    this.viewer.stage.redraw();
  }

  /** The line is closed: tell Python once. */
  finish() {
    const { before } = this.line;
    const found = this.#enclosed();
    this.line = null;
    const same = before && found && found.every((inside, i) => inside === before[i]);
    if (!found || same) {
      this.note = "no further vertex with data in view there";
      this.#set(before);
    } else {
      this.#set(found);
      this.tell();
    }
  }

  /** Leave the region as it was before the line. */
  cancel() {
    this.#cancel();
    this.viewer.stage.redraw();
  }

  #cancel() {
    if (!this.line) return;
    this.region = this.line.before;
    this.line = null;
  }

  /** The region with what the line encloses so far, or null where that is nothing. */
  #enclosed() {
    const { line: { view, points, mode, before }, viewer } = this;
    const { space } = viewer.model;
    const found = regionWithin(space, viewer.sights()[view], points);
    if (mode !== "new" && before) return nothingToNull((mode === "add" ? union : without)(before, found));
    return mode === "remove" ? null : nothingToNull(found);
  }

  // ---- by keys, from the vertex that is pointed at

  /** One ring more; where there is no region yet, the vertex pointed at. */
  grow() {
    const { space, geometry } = this.viewer.model;
    if (this.region) this.#change(grown(space, geometry, this.region));
    else this.togglePointed();
  }

  shrink() {
    const { space, geometry } = this.viewer.model;
    if (this.region) this.#change(nothingToNull(shrunk(space, geometry, this.region)));
  }

  /** The vertex pointed at joins, or leaves. */
  togglePointed() {
    const { model, pointing: { hovered } } = this.viewer;
    const position = hovered ? model.facts(hovered).position : -1;
    if (position < 0) {
      this.note = hovered ? "this vertex has no data" : "point at a vertex first: n, or x and the arrows";
      this.viewer.toolChanged();
      return;
    }
    const next = this.region ? this.region.slice() : emptyRegion(model.space);
    next[position] = 1 - next[position];
    this.#change(nothingToNull(next));
  }

  #change(region) {
    this.untold = true;
    this.note = "";
    this.#set(region);
  }

  #set(region) {
    this.region = region;
    if (!this.viewer.model) return;
    this.viewer.stage.redraw();
    this.viewer.toolChanged();
  }

  clear() {
    if (!this.region) return;
    this.#set(null);
    this.tell();
  }

  // ---- to Python

  /** One message: the vertices, and their places in the maps' values. */
  tell() {
    const { space } = this.viewer.model;
    const region = this.region || emptyRegion(space);
    const positions = positionsOf(region);
    const { left, right } = verticesOf(space, region);
    const text = packNumbers(positions);
    this.untold = false;
    this.echo.tell(text);
    this.viewer.setTriggerValue("region", {
      positions: text, left: packNumbers(left), right: packNumbers(right),
    });
    this.viewer.toolChanged();
  }
}

const nothingToNull = (region) => (sizeOf(region) ? region : null);
