// One viewer: wires what Python sent (model), what the person chose (state) and what is on screen
// (stage) together. Every part holds one of them; none knows Streamlit but this.

import { AddressBar } from "./address.js";
import { Brush } from "./brush.js";
import { make } from "./element.js";
import { Motion } from "./motion.js";
import { Navigation } from "./navigation.js";
import { Pointing } from "./pointing.js";
import { Publisher } from "./publisher.js";
import { contains } from "./pure/cells.js";
import { unpack } from "./pure/container.js";
import { Model } from "./pure/model.js";
import { pickVertex } from "./pure/picking.js";
import { markBits } from "./pure/region.js";
import { describeViews } from "./pure/scales.js";
import { Scenes } from "./pure/scene.js";
import { canonical, State } from "./pure/state.js";
import { Stage } from "./stage.js";
import { testHook } from "./testhook.js";
import { readTheme } from "./theme.js";
import { BrushButton } from "./ui/brushbutton.js";
import { Help } from "./ui/help.js";
import { Keyboard } from "./ui/keyboard.js";
import { Padlocks } from "./ui/padlocks.js";
import { Pointer } from "./ui/pointer.js";
import { RegionLine } from "./ui/regionline.js";
import { Table } from "./ui/table.js";
import { Toolbar } from "./ui/toolbar.js";
import { Tooltip } from "./ui/tooltip.js";

const REST_MS = 120;

export class Viewer {
  /**
   * @param offline whether this is a standalone file, which cannot make another
   * @param bundle the text of the module that holds this, where it cannot be fetched
   */
  constructor(root, assets, { offline = false, left = new Map(), bundle = null } = {}) {
    this.root = root;
    this.offline = offline;
    this.bundle = bundle;
    this.left = left;
    this.assets = assets;
    this.state = new State();
    this.scenes = new Scenes();
    this.publisher = new Publisher();
    this.address = new AddressBar(this);
    this.motion = new Motion(() => this.stage.draw(), () => this.settle());
    this.navigation = new Navigation(this);
    this.model = null;
    this.views = [];
    this.plain = false;
    this.painted = 0;
    this.stage = new Stage(() => this.#drawn());
    this.stage.now = () => this.now();
    this.pointing = new Pointing(this);
    this.brush = new Brush(this);
    this.brushButton = new BrushButton(this);
    this.help = new Help(this);
    this.toolbar = new Toolbar(this);
    this.note = make("div.note", { hidden: "", role: "alert" });
    root.append(this.stage.element, this.toolbar.element, this.note);
    this.padlocks = new Padlocks(this);
    this.table = new Table(this);
    this.tooltip = new Tooltip(this.stage.element);
    this.regionLine = new RegionLine(this);
    if (!this.stage.gl) {
      this.#fail(
        "This browser offers no WebGL2, which drawing the brain needs. Current versions of " +
          "Firefox, Chrome, Edge and Safari do; hardware acceleration may be switched off.",
      );
      return;
    }
    this.pointer = new Pointer(this, this.stage.canvas);
    this.keyboard = new Keyboard(this, this.stage.canvas);
    root.__cortex = testHook(this);
  }

  /** Called by Streamlit with each message, and when the theme changes. */
  async update({ data, setStateValue, setTriggerValue }) {
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    if (!this.stage.gl || !data) return;
    const { header, arrays } = unpack(data);
    const turn = (this.turnNumber = (this.turnNumber || 0) + 1);
    try {
      const assets = await this.assets.all(header);
      // A later message may have overtaken this one while it was fetching.
      if (turn !== this.turnNumber || this.gone) return;
      this.message = data;
      this.#accept(new Model(header, arrays, assets));
    } catch (error) {
      this.#fail(error.message);
      throw error;
    }
  }

  #accept(model) {
    const before = this.model;
    const theme = readTheme(this.root);
    const newTheme = JSON.stringify(theme) !== JSON.stringify(this.theme);
    const newSpace = model.space !== before?.space;
    const { header } = model;
    if (header.id === before?.header.id && !newTheme && !newSpace) return;
    this.theme = theme;
    this.model = model;
    this.root.style.height = `${header.height}px`;
    before?.scales.forEach(({ key }, i) => {
      if (key !== model.scales[i]?.key) this.state.forgetRange(i);
    });
    if (before && model.geometry !== before.geometry) this.scenes.clear();
    if (newSpace) this.state.meetGroups(model.groups);
    this.pointing.accept(model, before);
    this.brush.accept(model, newSpace);
    this.address.accept(header.address);
    // A view from Python counts once; what only echoes a published one changes nothing.
    let order = this.publisher.order(header.view);
    if (order && this.address.isEcho(order)) order = null;
    const left = before ? null : this.left.get(header.key);
    // Back on a page: as it was left, unless Python asks for something new.
    if (left && (!order || canonical(order) === left.given)) order = left.view;
    if (order) this.state.applyView(order);
    this.state.keepViews(model.count);
    this.#describe();
    if (newSpace || newTheme || order) this.toolbar.list(model, this.state, theme);
    this.root.dataset.state = "ready";
    this.root.dataset.theme = theme.name;
    this.note.hidden = true;
    if (newSpace) this.pointing.hover(null);
    else this.pointing.refresh();
    this.stage.canvas.setAttribute("aria-label", model.describe());
    this.stage.redraw();
  }

  #describe() {
    this.views = describeViews(this.model, this.state, this.theme);
  }

  /** A camera is being moved; a moment after the last move the picture is drawn whole. */
  stir() {
    clearTimeout(this.stirring);
    this.stirring = setTimeout(() => {
      this.stirring = 0;
      this.stage.redraw();
    }, REST_MS);
    this.stage.redraw();
  }

  toggleTable() {
    this.table.toggle();
    this.toolbar.update();
  }

  /** The brush was taken up or put away, or its region changed. */
  toolChanged() {
    this.root.dataset.tool = this.brush.on ? "brush" : this.pointing.crosshair ? "crosshair" : "";
    this.brushButton.update();
    this.regionLine.update();
  }

  /** What the region and the charts' selections mark, as bits per vertex; anew when they change. */
  get marks() {
    const { model, brush: { region }, pointing: { lit } } = this;
    const key = [model.space, region, lit];
    if (!key.every((part, i) => part === this.marked?.key[i])) {
      this.marked = { key, bits: markBits(model, region, lit) };
    }
    return this.marked.bits;
  }

  /** A choice of colours, range or threshold changed. */
  refresh() {
    this.#describe();
    this.stage.redraw();
  }

  /** What there is to draw, or null before the first message. */
  now() {
    if (!this.model) return null;
    const now = {
      model: this.model,
      state: this.state,
      views: this.views,
      theme: this.theme,
      pointing: this.pointing,
      scaleAtHand: this.toolbar.scaleAtHand,
      brush: this.brush,
      marks: this.marks,
      plain: this.plain,
      moving: Boolean(this.pointer?.busy || this.motion.running),
    };
    now.stirring = now.moving || Boolean(this.stirring);
    now.scene = (width, height, ratio) => this.scenes.make(now, width, height, ratio);
    return now;
  }

  /** Say that this frame is drawn, and with the next one that it is on screen. */
  #drawn() {
    this.toolbar.update();
    this.padlocks.update();
    this.table.update();
    this.address.soon();
    this.regionLine.update();
    performance.mark("cortiscope:drawn");
    const { id } = this.model.header;
    requestAnimationFrame(() => {
      this.painted += 1;
      this.root.dataset.painted = String(this.painted);
      this.root.dataset.payload = id;
      performance.mark("cortiscope:painted");
    });
  }

  /** After an interaction: labels hidden behind the cortex go, and Python may hear of the view. */
  settle() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.stage.redraw(), REST_MS);
    if (!this.model?.header.publish) return;
    this.publisher.soon(() => this.currentView(), this.setStateValue);
  }

  currentView() {
    return this.state.toView(this.model.groups);
  }

  get givenView() {
    return this.publisher.givenView;
  }

  // ---- where things are

  /** Sights of all views, with cameras as they are now. */
  sights() {
    if (!this.model || !this.stage.width) return [];
    return this.scenes.sights(this.now(), this.stage.width, this.stage.height);
  }

  get activeSight() {
    return this.sights()[this.state.active];
  }

  viewAt(x, y) {
    return Math.max(0, this.sights().findIndex(({ cell }) => contains(cell, x, y)));
  }

  sightAt(x, y) {
    return this.sights()[this.viewAt(x, y)];
  }

  /** {side, vertex, z, front} under a stage pixel, or null. */
  pickAtScreen(x, y) {
    const sight = this.sightAt(x, y);
    if (!sight || y < sight.cell.body.y) return null;
    const hit = pickVertex(sight.projection, ...sight.fromScreen(x, y));
    return hit && hit.front ? hit : null;
  }

  // ---- end

  #fail(message) {
    this.note.textContent = message;
    this.note.hidden = false;
    this.root.dataset.state = "failed";
  }

  destroy() {
    this.gone = true;
    if (this.model) {
      this.left.set(this.model.header.key, { view: this.currentView(), given: this.publisher.given });
    }
    this.motion.stop();
    this.publisher.destroy();
    this.address.destroy();
    clearTimeout(this.resting);
    clearTimeout(this.stirring);
    this.pointing.destroy();
    this.pointer?.hold.destroy();
    this.toolbar.destroy();
    this.stage.destroy();
    for (const part of [this.toolbar.element, this.note]) part.remove();
  }
}
