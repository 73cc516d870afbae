// What the person looking has chosen: cameras, threshold, range, tables, outlines. Plain data with
// a short written form, so that it can stay in a URL or in a saved file.

import { Camera } from "./camera.js";

export class State {
  constructor() {
    this.shared = new Camera();
    this.own = new Map(); // view -> its camera, once unlocked
    this.active = 0; // the view that toolbar and keys speak to
    this.shownGroups = new Set();
    this.metGroups = new Set();
    this.labels = true;
    this.resetColour();
  }

  resetColour() {
    this.threshold = 0; // in the first view's unit; [below, above] where the sides differ
    this.range = null; // as given, or [low, high]
    this.tables = {}; // kind -> name, where another than the first is wanted
    this.scales = {}; // number of a further scale -> {threshold, range, table}
    this.opacity = 1; // of the data over the cortex
    this.reliability = null; // or [from, to]: where a reliable value becomes solid
  }

  // ---- colours

  /** {threshold, range, table} chosen for a scale of a kind. */
  coloursOf(scale, kind) {
    const table = this.tables[kind];
    if (scale === 0) return { threshold: this.threshold, range: this.range, table };
    return { threshold: 0, range: null, table, ...this.scales[scale] };
  }

  /** Choose {threshold}, {range} or {table} (null: the first) for a scale of a kind. */
  chooseColours(scale, kind, { table, ...choice }) {
    if (scale > 0) {
      this.scales = { ...this.scales, [scale]: { ...this.scales[scale], ...choice, ...(table !== undefined && { table }) } };
      return;
    }
    Object.assign(this, choice);
    if (table === undefined) return;
    const { [kind]: _, ...others } = this.tables;
    this.tables = table === null ? others : { ...others, [kind]: table };
  }

  /** A scale is another now: its range is no longer of use. */
  forgetRange(scale) {
    if (scale === 0) this.range = null;
    else if (this.scales[scale]) this.scales[scale] = { ...this.scales[scale], range: null };
  }

  // ---- outlines

  /** Another brain: ROI groups that it brings are outlined as at first, what was chosen of others stays. */
  meetGroups({ all, initial }) {
    for (const name of all.filter((group) => !this.metGroups.has(group))) {
      this.metGroups.add(name);
      if (initial.includes(name)) this.shownGroups.add(name);
    }
  }

  // ---- cameras

  cameraOf(view) {
    return this.own.get(view) || this.shared;
  }

  /** The camera that toolbar and keys move. */
  get camera() {
    return this.cameraOf(this.active);
  }

  isLocked(view) {
    return !this.own.has(view);
  }

  /** Give a view a camera of its own, or let it follow the others again. */
  setLocked(view, locked) {
    if (locked) this.own.delete(view);
    else if (this.isLocked(view)) this.own.set(view, this.shared.copy());
  }

  /** Forget the cameras of views that are no longer there. */
  keepViews(count) {
    for (const view of [...this.own.keys()]) if (view >= count) this.own.delete(view);
    this.active = Math.min(this.active, count - 1);
  }

  // ---- written form

  /** Short and JSON-able; what is as at first is left out. `groups`: {all, initial}, in order. */
  toView(groups) {
    const view = this.shared.toView();
    if (this.own.size) {
      view.own = Object.fromEntries(
        [...this.own].sort(([a], [b]) => a - b).map(([i, camera]) => [String(i), this.#ownView(camera)]),
      );
    }
    Object.assign(view, written(this));
    const further = Object.entries(this.scales).map(([i, chosen]) => [i, written(chosen)]);
    const told = further.filter(([, chosen]) => Object.keys(chosen).length);
    if (told.length) view.scales = Object.fromEntries(told);
    if (Object.keys(this.tables).length) view.tables = { ...this.tables };
    if (this.opacity !== 1) view.opacity = short(this.opacity);
    if (this.reliability) view.reliability = this.reliability.map(short);
    const shown = groups.all.filter((name) => this.shownGroups.has(name));
    if (shown.join() !== groups.initial.join()) view.groups = shown;
    if (!this.labels) view.labels = false;
    return view;
  }

  /** An own camera begins as the shared one: what differs from that is written even if it is usual. */
  #ownView(camera) {
    const view = camera.toView();
    if (this.shared.zoom !== 1) view.zoom ??= 1;
    if (this.shared.pan[0] || this.shared.pan[1]) view.pan ??= [0, 0];
    if (view.zoom !== undefined || view.pan || this.shared.whole !== camera.whole) view.framing = camera.framing;
    return view;
  }

  applyView(view) {
    this.shared.applyView(view);
    if (view.own) {
      this.own = new Map(
        Object.entries(view.own).map(([i, part]) => {
          const camera = this.shared.copy();
          camera.applyView(part);
          return [Number(i), camera];
        }),
      );
    }
    for (const name of ["threshold", "range", "opacity", "reliability", "labels"]) {
      if (view[name] !== undefined) this[name] = view[name];
    }
    if (view.tables) this.tables = { ...view.tables };
    if (view.scales) this.scales = { ...view.scales };
    if (view.groups) this.shownGroups = new Set(view.groups);
  }
}

const short = (value) => Number(value.toPrecision(4));

/** What was chosen of {threshold, range, table}. */
function written({ threshold, range, table }) {
  const out = {};
  if (Array.isArray(threshold)) out.threshold = threshold.map(short);
  else if (threshold > 0) out.threshold = short(threshold);
  if (range) out.range = range.map(short);
  if (table) out.table = table;
  return out;
}

/** One text for equal values, whatever the order of their keys. */
export function canonical(value) {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort())
      : part,
  );
}
