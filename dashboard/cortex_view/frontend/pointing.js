// What is pointed at, picked and lit up: here, in Python, and in the page's charts.

import { Echo } from "./pure/echo.js";

const MOST_PICKS = 20; // numbers on the cortex stay readable; the oldest goes

export class Pointing {
  constructor(viewer) {
    this.viewer = viewer;
    this.hovered = null; // {side, vertex}
    this.at = null; // and the stage pixel from which
    this.crosshair = false; // whether arrow keys point
    this.picks = []; // the last is the newest
    this.echo = new Echo();
    this.lit = []; // {side, vertex}: what a chart has selected
    this.glowing = null; // [roi, side or null]
    this.onRoiHover = (event) => this.glow(event.detail);
    this.onLight = (event) => this.light(event.detail);
    window.addEventListener("cortiscope:hover-roi", this.onRoiHover);
    window.addEventListener("cortiscope:light-vertices", this.onLight);
  }

  /** A message came. An app that never gives picks leaves them where the clicks put them. */
  accept({ header: { picks }, lit }, before) {
    if (lit || before?.lit) this.lit = lit || [];
    if (!this.echo.isOrder(picks && JSON.stringify(picks))) return;
    this.picks = (picks || []).map(([side, vertex]) => ({ side, vertex }));
  }

  /** A chart points at a ROI: {roi, hemisphere} or nothing. */
  glow(detail) {
    if (!this.viewer.model) return;
    this.glowing = detail?.roi ? [detail.roi, detail.hemisphere || null] : null;
    this.viewer.stage.redraw();
  }

  /** A chart's selection: {vertices: [{hemisphere, vertex}, ...]} or nothing. */
  light(detail) {
    this.lit = (detail?.vertices || []).map(({ hemisphere, vertex }) => ({ side: hemisphere, vertex }));
    if (this.viewer.model) this.viewer.stage.redraw();
  }

  /** Point at the next labelled ROI of the active view, or the one before: the keyboard's hover. */
  step(by) {
    const { stage, state, activeSight } = this.viewer;
    const labels = stage.scene.labels[state.active];
    if (!labels.length) return;
    const key = ({ name, side }) => `${name} ${side}`;
    const at = labels.findIndex((label) => key(label) === this.steppedTo);
    const next = at < 0 ? (by > 0 ? 0 : labels.length - 1) : (at + by + labels.length) % labels.length;
    this.steppedTo = key(labels[next]);
    this.hover(activeSight.toScreen(labels[next].side, labels[next].vertex));
  }

  /** Let the arrow keys point, or turn again. */
  setCrosshair(on) {
    this.crosshair = on;
    if (on && !this.hovered) this.step(1);
    if (on && !this.hovered) this.nudge(0, 0);
    this.viewer.toolChanged();
    this.viewer.stage.redrawText();
  }

  /** Point at the next vertex in a direction [right, down], across gaps and folds; `far` skips some. */
  nudge(right, down, far = false) {
    const { viewer } = this;
    const { body } = viewer.activeSight.cell;
    const [x, y] = this.#place() || this.#anywhere();
    const before = this.hovered;
    for (let step = far ? 24 : 1; step < body.w; step++) {
      const next = [x + right * step, y + down * step];
      if (next[0] < body.x || next[0] > body.x + body.w || next[1] < body.y || next[1] > body.y + body.h) return;
      const hit = viewer.pickAtScreen(...next);
      if (hit && (hit.vertex !== before?.vertex || hit.side !== before?.side)) {
        this.hover(next);
        return;
      }
    }
  }

  /** The pixel pointed at: where the pointer is, or where the vertex went as the brain moved. */
  #place() {
    const { viewer, hovered, at } = this;
    if (!hovered) return null;
    const hit = at && viewer.viewAt(...at) === viewer.state.active ? viewer.pickAtScreen(...at) : null;
    if (hit?.vertex === hovered.vertex && hit.side === hovered.side) return at;
    return viewer.activeSight.toScreen(hovered.side, hovered.vertex);
  }

  /** The middle of the right hemisphere: the view's own middle lies between the two. */
  #anywhere() {
    const sight = this.viewer.activeSight;
    const { box, anchorX } = sight.projection.sides.right;
    return [sight.x + ((box[0] + box[2]) / 2 + anchorX) * sight.scale, sight.y];
  }

  /** Pick what is pointed at, or what is in the middle of a hemisphere. */
  pickHere(more = false) {
    this.pickAt(...(this.#place() || this.#anywhere()), more);
  }

  /** Centre it. */
  centreHere() {
    this.viewer.navigation.centreOn(...(this.#place() || this.#anywhere()));
  }

  /** The pointer is at [x, y] of the stage, or away. */
  hover(at) {
    const { viewer } = this;
    this.at = at;
    const hit = at && viewer.model ? viewer.pickAtScreen(...at) : null;
    const before = this.hovered;
    this.hovered = hit && { side: hit.side, vertex: hit.vertex };
    const facts = hit && viewer.model.facts(hit);
    if (facts) viewer.tooltip.show(at, facts, viewer.views);
    else viewer.tooltip.hide();
    if (before?.vertex === hit?.vertex && before?.side === hit?.side) return;
    window.dispatchEvent(
      new CustomEvent("cortiscope:hover-vertex", {
        detail: facts && {
          hemisphere: facts.side, vertex: facts.vertex, rois: facts.rois, values: facts.values,
        },
      }),
    );
    viewer.stage.redrawText();
  }

  /** New values under a pointer that rests. */
  refresh() {
    const { viewer, hovered, at } = this;
    if (hovered && at) viewer.tooltip.show(at, viewer.model.facts(hovered), viewer.views);
  }

  /**
   * A click: the nearest vertex of what is there. With `more` it joins those picked before, or
   * leaves them. @returns whether there was one
   */
  pickAt(x, y, more = false) {
    const hit = this.viewer.pickAtScreen(x, y);
    if (!hit) return false;
    const same = (pick) => pick.side === hit.side && pick.vertex === hit.vertex;
    const others = more ? this.picks.filter((pick) => !same(pick)) : [];
    const leaves = more && others.length < this.picks.length;
    const picks = leaves ? others : [...others, { side: hit.side, vertex: hit.vertex }];
    this.setPicks(picks.slice(-MOST_PICKS));
    return true;
  }

  /** Mark these, and tell Python in one message. */
  setPicks(picks) {
    const { viewer } = this;
    this.picks = picks;
    this.echo.tell(JSON.stringify(picks.map(({ side, vertex }) => [side, vertex])));
    viewer.stage.redrawText();
    viewer.setTriggerValue("picked", {
      picks: picks.map((pick) => {
        const { side, vertex, position, rois } = viewer.model.facts(pick);
        return { hemisphere: side, vertex, position: position >= 0 ? position : null, rois };
      }),
    });
  }

  destroy() {
    window.removeEventListener("cortiscope:hover-roi", this.onRoiHover);
    window.removeEventListener("cortiscope:light-vertices", this.onLight);
  }
}
