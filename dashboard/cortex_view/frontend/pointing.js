// What is pointed at, picked and lit up: here, in Python, and in the page's charts.

export class Pointing {
  constructor(viewer) {
    this.viewer = viewer;
    this.hovered = null; // {side, vertex}
    this.picks = []; // the last is the newest
    this.lit = []; // {side, vertex}: what a chart has selected
    this.glowing = null; // [roi, side or null]
    this.onRoiHover = (event) => this.glow(event.detail);
    this.onLight = (event) => this.light(event.detail);
    window.addEventListener("cortiscope:hover-roi", this.onRoiHover);
    window.addEventListener("cortiscope:light-vertices", this.onLight);
  }

  /** A message came. An app that never marks a vertex leaves the mark where the last click put it. */
  accept(header, before) {
    if (!header.selected && !before?.selected) return;
    this.picks = header.selected ? [{ side: header.selected[0], vertex: header.selected[1] }] : [];
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
    if (this.viewer.model) this.viewer.stage.redrawText();
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

  /** Pick what is pointed at, or what is in the active view's middle. */
  pickHere(more = false) {
    const { activeSight } = this.viewer;
    const { body } = activeSight.cell;
    const at = this.hovered
      ? activeSight.toScreen(this.hovered.side, this.hovered.vertex)
      : [body.x + body.w / 2, body.y + body.h / 2];
    this.pickAt(...at, more);
  }

  /** The pointer is at [x, y] of the stage, or away. */
  hover(at) {
    const { viewer } = this;
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

  /** A click: the nearest vertex of what is there; with `more`, beside those picked before. */
  pickAt(x, y, more = false) {
    const hit = this.viewer.pickAtScreen(x, y);
    if (!hit) return;
    const { side, vertex, position, rois } = this.viewer.model.facts(hit);
    this.picks = [...(more ? this.picks : []), { side, vertex }];
    this.viewer.stage.redrawText();
    this.viewer.setTriggerValue("picked", {
      hemisphere: side, vertex, position: position >= 0 ? position : null, rois,
    });
  }

  destroy() {
    window.removeEventListener("cortiscope:hover-roi", this.onRoiHover);
    window.removeEventListener("cortiscope:light-vertices", this.onLight);
  }
}
