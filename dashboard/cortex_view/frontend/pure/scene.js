// Everything a picture of one moment needs, gathered: on screen, in a file, at any size.

import { layoutCells } from "./cells.js";
import { lineColour } from "./colour.js";
import { chooseLabels } from "./labels.js";
import { Projection } from "./projection.js";
import { Sight } from "./sight.js";
import { SIDES } from "./space.js";

/** Makes scenes; keeps one projection per camera and the labels chosen for it. */
export class Scenes {
  constructor() {
    this.kept = new Map(); // camera -> {projection, labels, labelKey}
  }

  /** Projections of another geometry are of no use. */
  clear() {
    this.kept.clear();
  }

  projectionOf(camera, { geometry, space }) {
    let entry = this.kept.get(camera);
    if (!entry || entry.projection.geometry !== geometry) {
      entry = { projection: new Projection(geometry) };
      this.kept.set(camera, entry);
    }
    entry.projection.update(camera, space);
    return entry;
  }

  /** Sights of all views in a width x height stage. */
  sights({ model, state, views }, width, height) {
    const squares = views.some(({ reliability }) => reliability);
    const legend = model.ownBars ? (squares ? "square" : "bar") : null;
    const cells = layoutCells(width, height, model.count, legend);
    const used = new Set();
    const out = cells.map((cell, i) => {
      const camera = state.cameraOf(i);
      used.add(camera);
      return new Sight(cell, camera, this.projectionOf(camera, model).projection);
    });
    for (const camera of this.kept.keys()) if (!used.has(camera)) this.kept.delete(camera);
    return out;
  }

  /**
   * @param now {model, state, views, theme, pointing: {hovered, picks, glowing, crosshair},
   *   brush: {line}, scaleAtHand, plain, moving}
   */
  make(now, width, height, ratio) {
    const sights = this.sights(now, width, height);
    const raised = raisedBits(now);
    return {
      width, height, ratio, sights, raised,
      views: now.views,
      theme: now.theme,
      ownBars: now.model.ownBars,
      scaleAtHand: now.scaleAtHand ?? null,
      picks: now.pointing.picks,
      line: now.brush.line,
      crosshair: now.pointing.crosshair,
      hovered: now.pointing.hovered,
      labels: sights.map(({ camera }) => this.#labels(now, camera, raised)),
      active: now.state.active,
      unlocked: sights.map((_, i) => !now.state.isLocked(i)),
      look: lookOf(now, raised),
    };
  }

  /** Looking what hides behind what takes a while, so only at rest, and once. */
  #labels({ model, state, theme, moving }, camera, raised) {
    const entry = this.projectionOf(camera, model);
    const isShown = (roi) =>
      (raised.any && raised.has(roi)) || (state.labels && state.shownGroups.has(roi.group));
    const shown = model.space.rois.map((roi) => (isShown(roi) ? 1 : 0)).join("");
    const key = [entry.projection.key, theme.name, model.header.space, moving, shown, raised.left, raised.right].join("|");
    if (key !== entry.labelKey) {
      entry.labelKey = key;
      entry.labels = chooseLabels(
        model.space, entry.projection, isShown, (roi) => raised.has(roi), !moving,
      ).map((label) => ({ ...label, colour: lineColour(model.space.names[label.bit].colour, theme.name) }));
    }
    return entry.labels;
  }
}

/** Outlines and greys, the same in all views. */
function lookOf({ model, state, theme, plain }, raised) {
  const shown = [0, 0];
  const roiColours = new Float32Array(64 * 3);
  model.space.names.forEach(({ group, colour }, bit) => {
    if (state.shownGroups.has(group)) shown[bit >> 5] |= 1 << (bit & 31);
    roiColours.set(lineColour(colour, theme.name), bit * 3);
  });
  return {
    gyri: theme.gyri,
    sulci: theme.sulci,
    grey: theme.grey,
    halo: theme.rgb.background,
    ink: theme.rgb.text,
    accent: theme.rgb.accent,
    plain: Boolean(plain),
    shown: shown.map((bits) => bits >>> 0),
    raised,
    roiColours,
  };
}

/** Opacity of names of ROIs while another one is brought forward. */
export const DIMMED = 0.45;

/** Whether a ROI {side, bit} is drawn in full: it is brought forward, or none is. */
export const standsOut = (raised, roi) => !raised.any || Boolean(raised.has(roi));

/** The focused and the pointed-at ROI, as bits per hemisphere. */
export function raisedBits({ model, pointing }) {
  const out = { left: [0, 0], right: [0, 0], any: false };
  const wanted = [model.header.focus, pointing.glowing].filter(Boolean);
  for (const [name, side] of wanted) {
    const bit = model.space.names.findIndex((roi) => roi.name === name);
    if (bit < 0) continue;
    out.any = true;
    for (const each of SIDES) {
      if (!side || side === each) out[each][bit >> 5] |= 1 << (bit & 31);
    }
  }
  for (const side of SIDES) out[side] = out[side].map((bits) => bits >>> 0);
  out.has = (roi) => (out[roi.side][roi.bit >> 5] >>> (roi.bit & 31)) & 1;
  return out;
}
