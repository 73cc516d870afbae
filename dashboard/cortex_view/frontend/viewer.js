// One viewer: keeps camera, choices and data together, and draws when something changed.

import { loadGeometry, loadSpace, loadTables, roisAt, SIDES } from "./assets.js";
import { Camera, presetRotation, slerp } from "./camera.js";
import { lineColour, parseColour, readTheme, tableOf } from "./colour.js";
import { unpack } from "./container.js";
import { Controls, make } from "./controls.js";
import { createContext, Renderer } from "./gl.js";
import { layoutCells, Projection } from "./layout.js";
import { chooseLabels, drawOverlay } from "./overlay.js";
import { isVisible, pickVertex } from "./picking.js";
import { composePicture } from "./picture.js";
import { Pointer } from "./pointer.js";
import { testHook } from "./testhook.js";
import { Tooltip } from "./tooltip.js";

const PUBLISH_AFTER_MS = 350;
const REST_MS = 120;
const EASE_MS = 420;

export class Viewer {
  constructor(root) {
    this.root = root;
    this.camera = new Camera();
    this.views = [];
    this.threshold = 0; // in the first view's unit
    this.stretch = 1; // of the given range
    this.showLabels = true;
    this.shownGroups = new Set();
    this.published = [];
    this.painted = 0;
    this.plain = false;
    this.#build();
  }

  #build() {
    const { root } = this;
    this.canvas = make("canvas.brains", {
      tabindex: "0", role: "application",
      "aria-roledescription": "cortex viewer",
    });
    this.overlay = make("canvas.overlay", { "aria-hidden": "true" });
    this.stage = make("div.stage", {}, this.canvas, this.overlay);
    this.controls = new Controls(this);
    this.note = make("div.note", { hidden: "", role: "alert" });
    this.root.append(this.stage, this.controls.element, this.note);
    this.tooltip = new Tooltip(this.stage);
    this.gl = createContext(this.canvas);
    if (!this.gl) {
      this.#fail(
        "This browser offers no WebGL2, which drawing the brain needs. Current versions of " +
          "Firefox, Chrome, Edge and Safari do; hardware acceleration may be switched off.",
      );
      return;
    }
    this.pointer = new Pointer(this, this.canvas);
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.renderer = null;
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.#upload();
      this.redraw();
    });
    this.resizing = new ResizeObserver(() => this.redraw());
    this.resizing.observe(this.stage);
    this.onRoiHover = (event) => this.glowRoi(event.detail);
    window.addEventListener("cortiscope:hover-roi", this.onRoiHover);
    root.__cortex = testHook(this);
  }

  /** Called by Streamlit with each message, and when the theme changes. */
  async update({ data, setStateValue, setTriggerValue }) {
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    if (!this.gl || !data) return;
    const { header, arrays } = unpack(data);
    const turn = (this.turnNumber = (this.turnNumber || 0) + 1);
    try {
      const [geometry, tables] = await Promise.all([
        loadGeometry(header.geometry),
        loadTables(header.tables),
      ]);
      const space = await loadSpace(header.space, geometry);
      // A later message may have overtaken this one while it was fetching.
      if (turn !== this.turnNumber || this.gone) return;
      this.#accept(header, arrays, geometry, tables, space);
    } catch (error) {
      this.#fail(error.message);
      throw error;
    }
  }

  #accept(header, arrays, geometry, tables, space) {
    const newSpace = space !== this.space;
    const firstTime = !this.header;
    const oldThemes = this.theme && JSON.stringify(this.theme);
    this.theme = readTheme(this.root);
    const newTheme = oldThemes !== JSON.stringify(this.theme);
    if (header.id === this.header?.id && !newTheme && !newSpace) return;
    this.root.style.height = `${header.height}px`;
    const oldScale = JSON.stringify(this.header?.maps[0].scale);
    const selectedBefore = this.header?.selected;
    Object.assign(this, { header, tables, space });
    if (oldScale !== JSON.stringify(header.maps[0].scale)) this.stretch = 1;
    if (geometry !== this.geometry) {
      this.geometry = geometry;
      this.projection = new Projection(geometry);
      this.renderer = null;
    }
    if (firstTime) this.shownGroups = new Set(space.shown || space.groups.map((g) => g.name));
    this.maps = header.maps.map((_, i) => arrays[`map${i}`]);
    this.ownBars = new Set(header.maps.map((map) => JSON.stringify(map.scale))).size > 1;
    // An app that never marks a vertex leaves the mark where the last click put it.
    if (header.selected || selectedBefore) {
      this.selected = header.selected && { side: header.selected[0], vertex: header.selected[1] };
    }
    this.#applyHeaderView(header.view);
    this.#describeViews();
    if (this.renderer) this.#uploadMaps(newSpace);
    else this.#upload();
    if (newSpace || newTheme) this.controls.listRois(space, this.theme);
    this.root.dataset.state = "ready";
    this.root.dataset.theme = this.theme.name;
    this.note.hidden = true;
    this.hover(null);
    this.canvas.setAttribute("aria-label", this.#describe());
    this.redraw();
  }

  /** A view from Python counts once; what only echoes a published one changes nothing. */
  #applyHeaderView(view) {
    if (!view) return;
    const text = canonical(view);
    if (text === this.headerView) return;
    this.headerView = text;
    if (this.published.includes(text)) return;
    this.camera.applyView(view);
    if (view.threshold !== undefined) this.threshold = view.threshold;
    if (view.groups) this.shownGroups = new Set(view.groups);
    if (view.labels !== undefined) this.showLabels = view.labels;
    if (this.controls && this.space) this.controls.listRois(this.space, this.theme);
  }

  /** What each view needs for drawing and printing, after data, range, threshold or theme. */
  #describeViews() {
    this.views = this.header.maps.map((map) => {
      const { kind, low, high, unit } = map.scale;
      const stretch = kind === "categorical" ? 1 : this.stretch;
      // A view with another unit keeps all its values: the threshold is the first view's.
      const same = JSON.stringify(map.scale) === JSON.stringify(this.header.maps[0].scale);
      return {
        title: map.title,
        subtitle: map.subtitle,
        role: map.role,
        stamp: map.simulated ? this.header.stamp : "",
        kind,
        unit,
        range: [low * stretch, high * stretch],
        threshold: same ? this.threshold : 0,
        table: `${kind}-${this.theme.name}`,
        rgb: tableOf(this.tables, kind, this.theme.name),
      };
    });
  }

  #describe() {
    const names = this.views.map((view) => `${view.title} ${view.subtitle}`.trim()).join("; ");
    return (
      `Cortex, ${this.views.length} ${this.views.length === 1 ? "view" : "views"}: ${names}. ` +
      "Arrow keys turn, plus and minus zoom, 1 to 6 choose a side, p, i and f the surface."
    );
  }

  #upload() {
    if (!this.geometry || this.gl.isContextLost()) return;
    this.renderer = new Renderer(this.gl);
    this.renderer.setGeometry(this.geometry);
    this.#uploadMaps(true);
  }

  #uploadMaps(newSpace) {
    if (newSpace) this.renderer.setSpace(this.space);
    this.maps.forEach((values, i) => this.renderer.setValues(i, values, this.space));
    this.renderer.keepViews(this.maps.length);
    for (const view of this.views) this.renderer.setTable(view.table, view.rgb);
  }

  // ---- drawing

  /** Draw with the next frame. */
  redraw() {
    if (this.frame || this.gone) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.renderer || !this.header) return;
    const width = this.stage.clientWidth;
    const height = this.stage.clientHeight;
    if (!width || !height) return;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    resize(this.canvas, width, height, ratio);
    resize(this.overlay, width, height, ratio);
    const scene = this.scene(width, height, ratio);
    this.renderer.draw(scene);
    this.#drawText(scene);
    this.controls.update();
    this.#announce();
  }

  /** Draw text and marks only: pointing at a vertex leaves the cortex as it is. */
  redrawText() {
    if (this.frame || this.textFrame || !this.renderer || !this.header) return;
    this.textFrame = requestAnimationFrame(() => {
      this.textFrame = 0;
      const ratio = this.overlay.width / this.stage.clientWidth;
      this.#drawText(this.scene(this.stage.clientWidth, this.stage.clientHeight, ratio));
    });
  }

  #drawText(scene) {
    const context = this.overlay.getContext("2d");
    context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0);
    context.clearRect(0, 0, scene.width, scene.height);
    drawOverlay(context, scene);
  }

  /** Everything a picture of this moment needs. */
  scene(width, height, ratio) {
    this.cells = layoutCells(width, height, this.views.length, this.ownBars);
    this.projection.update(this.camera);
    return {
      width, height, ratio,
      cells: this.cells,
      projection: this.projection,
      camera: this.camera,
      views: this.views,
      theme: this.theme,
      labels: this.#labels(),
      ownBars: this.ownBars,
      selected: this.selected,
      hovered: this.hovered,
      look: this.#look(),
    };
  }

  /** Labels in sight. Looking what hides behind what takes a while, so only at rest, and once. */
  #labels() {
    const moving = Boolean(this.pointer?.pointers.size || this.animation);
    const shown = this.space.rois.map((roi) => (this.#labelShown(roi) ? 1 : 0)).join("");
    const key = [this.projection.key, this.theme.name, this.header.space, moving, shown].join("|");
    if (key !== this.labelKey) {
      this.labelKey = key;
      this.labelled = chooseLabels(
        this.space, this.projection, (roi) => this.#labelShown(roi), this.theme, !moving,
      );
    }
    return this.labelled;
  }

  #labelShown(roi) {
    const raised = this.raisedBits();
    if (raised.any && raised.has(roi)) return true;
    return this.showLabels && this.shownGroups.has(roi.group);
  }

  #look() {
    const shown = [0, 0];
    const roiColours = new Float32Array(64 * 3);
    this.space.names.forEach(({ group, colour }, bit) => {
      if (this.shownGroups.has(group)) shown[bit >> 5] |= 1 << (bit & 31);
      roiColours.set(lineColour(colour, this.theme.name), bit * 3);
    });
    return {
      gyri: this.theme.gyri,
      sulci: this.theme.sulci,
      grey: this.theme.grey,
      halo: parseColour(this.theme.background),
      plain: this.plain,
      shown: shown.map((bits) => bits >>> 0),
      raised: this.raisedBits(),
      roiColours,
    };
  }

  /** The focused and the pointed-at ROI, as bits per hemisphere. */
  raisedBits() {
    const out = { left: [0, 0], right: [0, 0], any: false };
    const wanted = [this.header.focus, this.glowing].filter(Boolean);
    for (const [name, side] of wanted) {
      const bit = this.space.names.findIndex((roi) => roi.name === name);
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

  /** Say that this frame is drawn, and with the next one that it is on screen. */
  #announce() {
    performance.mark("cortiscope:drawn");
    const { id } = this.header;
    requestAnimationFrame(() => {
      this.painted += 1;
      this.root.dataset.painted = String(this.painted);
      this.root.dataset.payload = id;
      performance.mark("cortiscope:painted");
    });
  }

  // ---- camera

  setSurface(value) {
    this.stopAnimation();
    this.camera.surface = Math.min(2, Math.max(0, value));
    this.redraw();
  }

  goTo(preset) {
    const target = { rotation: presetRotation(preset), zoom: 1, pan: [0, 0] };
    // The flat map has one side: asking for another leads back to the inflated brain.
    if (this.camera.surface > 1) target.surface = 1;
    this.animateTo(target);
  }

  resetView() {
    this.threshold = 0;
    this.stretch = 1;
    const fresh = new Camera();
    const given = this.headerView ? JSON.parse(this.headerView) : {};
    fresh.applyView(given);
    fresh.recentre();
    this.#describeViews();
    this.animateTo({ rotation: fresh.rotation, surface: fresh.surface, zoom: 1, pan: [0, 0] });
  }

  /** Glide to a camera state; at once where motion is unwanted. */
  animateTo(target) {
    this.stopAnimation();
    const { camera } = this;
    const start = { rotation: camera.rotation, surface: camera.surface, zoom: camera.zoom, pan: camera.pan };
    const end = { ...start, ...target };
    const place = (t) => {
      const ease = t * t * (3 - 2 * t);
      const mix = (a, b) => (t === 1 ? b : a + (b - a) * ease);
      camera.rotation = t === 1 ? end.rotation : slerp(start.rotation, end.rotation, ease);
      camera.surface = mix(start.surface, end.surface);
      camera.zoom = mix(start.zoom, end.zoom);
      camera.pan = [0, 1].map((k) => mix(start.pan[k], end.pan[k]));
    };
    const still = navigator.webdriver || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) {
      place(1);
      this.redraw();
      this.settle();
      return;
    }
    const began = performance.now();
    const step = (now) => {
      const t = Math.min(1, Math.max(0, (now - began) / EASE_MS));
      place(t);
      this.animation = t < 1 ? requestAnimationFrame(step) : 0;
      this.draw();
      if (t === 1) this.settle();
    };
    this.animation = requestAnimationFrame(step);
  }

  stopAnimation() {
    if (this.animation) cancelAnimationFrame(this.animation);
    this.animation = 0;
  }

  turnBy(dx, dy, side) {
    const { body } = this.cells[0];
    const perPixel = Math.PI / Math.max(200, Math.min(body.w / 2, body.h));
    this.camera.drag(dx * perPixel, -dy * perPixel, side);
    this.redraw();
  }

  turn(right, up) {
    if (this.camera.surface > 1.5) this.panBy(-right * 200, up * 200);
    else this.camera.drag(right, up, "right");
    this.redraw();
  }

  panBy(dx, dy) {
    const { w } = this.cells[0].body;
    this.camera.pan = [this.camera.pan[0] + dx / w, this.camera.pan[1] + dy / w];
    this.redraw();
  }

  /** Zoom so that what is under (x, y) stays there; without a place, around the middle. */
  zoomAt(x, y, factor) {
    if (!this.cells) return;
    const { camera } = this;
    const { body } = this.cellAt(x, y);
    const zoom = Math.min(60, Math.max(0.5, camera.zoom * factor));
    const share = zoom / camera.zoom;
    const from = x === null ? [0, 0] : [x - body.x - body.w / 2, y - body.y - body.h / 2];
    camera.pan = camera.pan.map((value, k) => (from[k] - (from[k] - value * body.w) * share) / body.w);
    camera.zoom = zoom;
    this.redraw();
  }

  centreOn(x, y) {
    const { body } = this.cellAt(x, y);
    if (!this.pickAtScreen(x, y)) {
      this.animateTo({ zoom: 1, pan: [0, 0] });
      return;
    }
    const zoom = Math.max(2.5, this.camera.zoom);
    const share = zoom / this.camera.zoom;
    const from = [x - body.x - body.w / 2, y - body.y - body.h / 2];
    const pan = this.camera.pan.map((value, k) => ((value * body.w - from[k]) * share) / body.w);
    this.animateTo({ zoom, pan });
  }

  /** After an interaction: labels hidden behind the cortex go, and Python may hear of the view. */
  settle() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.redraw(), REST_MS);
    if (!this.header?.publish) return;
    clearTimeout(this.publishing);
    this.publishing = setTimeout(() => this.#publish(), PUBLISH_AFTER_MS);
  }

  #publish() {
    const view = this.currentView();
    const text = canonical(view);
    if (this.published.at(-1) === text) return;
    this.published.push(text);
    if (this.published.length > 50) this.published.shift();
    this.setStateValue("view", view);
  }

  currentView() {
    const view = this.camera.toView();
    if (this.threshold > 0) view.threshold = Number(this.threshold.toPrecision(4));
    const all = this.space.groups.map((group) => group.name);
    const initial = this.space.shown || all;
    const groups = all.filter((name) => this.shownGroups.has(name));
    if (groups.join() !== initial.join()) view.groups = groups;
    if (!this.showLabels) view.labels = false;
    return view;
  }

  // ---- choices

  thresholdLimit() {
    const [view] = this.views;
    return view ? Math.max(Math.abs(view.range[0]), Math.abs(view.range[1])) : 1;
  }

  setThreshold(value) {
    this.threshold = value;
    this.#describeViews();
    this.redraw();
  }

  stretchRange(factor) {
    this.stretch = factor;
    this.#describeViews();
    this.redraw();
  }

  showGroup(name, on) {
    if (on) this.shownGroups.add(name);
    else this.shownGroups.delete(name);
    this.redraw();
    this.settle();
  }

  setLabels(on) {
    this.showLabels = on;
    this.redraw();
    this.settle();
  }

  /** A chart points at a ROI: {roi, hemisphere} or nothing. */
  glowRoi(detail) {
    if (!this.header) return;
    this.glowing = detail?.roi ? [detail.roi, detail.hemisphere || null] : null;
    this.redraw();
  }

  // ---- pointing

  cellAt(x, y) {
    const inside = ({ x: left, y: top, w, h }) => x >= left && x < left + w && y >= top && y < top + h;
    return this.cells.find(inside) || this.cells[0];
  }

  sideAt(x, y) {
    if (!this.cells) return "right";
    const cell = this.cellAt(x, y);
    return x < this.projection.frame(cell, this.camera).x ? "left" : "right";
  }

  pickAtScreen(x, y) {
    if (!this.cells) return null;
    const cell = this.cellAt(x, y);
    if (y < cell.body.y) return null;
    this.projection.update(this.camera);
    const hit = pickVertex(this.projection, ...this.projection.fromScreen(cell, this.camera, x, y));
    return hit && hit.front ? hit : null;
  }

  #facts({ side, vertex }) {
    const position = this.space.sides[side].position[vertex];
    return {
      side, vertex, position,
      covered: position >= 0,
      rois: roisAt(this.space, side, vertex),
      values: this.maps.map((values) => (position >= 0 ? values[position] : NaN)),
    };
  }

  hover(at) {
    const hit = at && this.header ? this.pickAtScreen(...at) : null;
    const before = this.hovered;
    this.hovered = hit && { side: hit.side, vertex: hit.vertex };
    if (hit) {
      const facts = this.#facts(hit);
      this.tooltip.show(at, facts, this.views.map((view, i) => ({ ...view, valueHere: facts.values[i] })));
    } else {
      this.tooltip.hide();
    }
    if (before?.vertex === hit?.vertex && before?.side === hit?.side) return;
    const detail = hit ? this.#facts(hit) : null;
    window.dispatchEvent(
      new CustomEvent("cortiscope:hover-vertex", {
        detail: detail && {
          hemisphere: detail.side, vertex: detail.vertex, rois: detail.rois, values: detail.values,
        },
      }),
    );
    this.redrawText();
  }

  pickAt(x, y) {
    const hit = this.pickAtScreen(x, y);
    if (!hit) return;
    const { side, vertex, position, rois } = this.#facts(hit);
    this.selected = { side, vertex };
    this.redrawText();
    this.setTriggerValue("picked", {
      hemisphere: side, vertex, position: position >= 0 ? position : null, rois,
    });
  }

  isVisible(side, vertex) {
    this.projection.update(this.camera);
    return isVisible(this.projection, side, vertex);
  }

  // ---- output and end

  async savePicture() {
    const blob = await composePicture(this);
    const link = make("a", { href: URL.createObjectURL(blob), download: "cortex.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  #fail(message) {
    this.note.textContent = message;
    this.note.hidden = false;
    this.root.dataset.state = "failed";
  }

  destroy() {
    this.gone = true;
    this.stopAnimation();
    clearTimeout(this.publishing);
    clearTimeout(this.resting);
    this.resizing?.disconnect();
    window.removeEventListener("cortiscope:hover-roi", this.onRoiHover);
    this.controls.destroy();
    for (const part of [this.stage, this.controls.element, this.note]) part.remove();
    // Browsers allow few contexts at once; give this one back now, not at garbage collection.
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function canonical(value) {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort())
      : part,
  );
}

export function resize(canvas, width, height, ratio) {
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}
