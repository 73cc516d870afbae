// One chart on the page: its elements, what is pointed at, and what it tells others.

import { drawBody, drawKey, drawMarked } from "./draw.js";
import { download, fileName, toCsv, toPng, toSvg } from "./exporting.js";
import { cellAt, layOut } from "./layout.js";
import { readTheme } from "./theme.js";
import { facts, HEMISPHERES, place, sentence } from "./words.js";

const FRAME = `
  <div class="head">
    <span class="title"></span><svg class="key" height="16" aria-hidden="true"></svg>
    <span class="room"></span><span class="stamp"></span>
  </div>
  <p class="definition"></p>
  <div class="stage">
  <span class="exports">
    <button type="button" data-as="svg" title="Download as SVG">SVG</button>
    <button type="button" data-as="png" title="Download as PNG, twice the size">PNG</button>
    <button type="button" data-as="csv" title="Download the values as CSV">CSV</button>
  </span>
  <div class="plot" tabindex="0" role="group" aria-roledescription="chart" data-arrow-keys="own">
    <svg class="drawing" aria-hidden="true"></svg>
  </div>
  </div>
  <div class="tip" popover="manual"></div>
  <div class="hidden" aria-live="polite"></div>
  <table class="hidden"></table>`;

let counter = 0;

export class RoiChart {
  constructor(root) {
    this.root = root;
    this.id = `ceiling-${++counter}`;
    this.picks = 0;
    this.hovered = null;
    this.cursor = null;
    this.linked = [];
    root.innerHTML = FRAME;
    this.parts = Object.fromEntries(
      ["title", "key", "stamp", "definition", "plot", "drawing", "tip"].map((name) => [name, root.querySelector(`.${name}`)]),
    );
    [this.parts.live, this.parts.table] = root.querySelectorAll(".hidden");
    this.leaving = new AbortController();
    this.listen(this.leaving.signal);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(root);
  }

  destroy() {
    this.leaving.abort();
    this.sizes.disconnect();
    if (this.hovered !== null) this.announce(null);
  }

  update(data, pick) {
    this.data = data;
    this.pick = pick;
    if (this.cursor !== null && this.cursor >= data.n.length) this.cursor = null;
    if (this.hovered !== null && this.hovered >= data.n.length) this.hover(null);
    const { title, stamp, definition, plot } = this.parts;
    title.textContent = data.title;
    stamp.textContent = data.stamp;
    stamp.hidden = !data.stamp;
    definition.textContent = data.definition;
    plot.setAttribute(
      "aria-label",
      `${data.title}. ${data.definition} ${data.stamp} Left and right arrow keys move between ROIs, Enter picks one.`,
    );
    this.fillTable();
    this.draw();
    this.root.dataset.state = "ready";
  }

  resize() {
    if (this.data && this.root.clientWidth !== this.width) this.draw();
  }

  draw() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const { drawing, key } = this.parts;
    this.theme = readTheme(this.root);
    this.layout = layOut(this.data, this.width, this.data.height, this.theme);
    const { width, height } = this.layout;
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    // One assignment, painted in one frame: the old marks are there until the new ones are.
    drawing.innerHTML = drawBody(this.data, this.layout, this.theme, this.id);
    this.root.dataset.orientation = this.layout.lying ? "lying" : "standing";
    const [marks, room] = drawKey(this.data, this.theme);
    key.innerHTML = marks;
    key.setAttribute("width", Math.ceil(room) + 4);
    this.mark();
    if (this.hovered !== null) this.fillTip(this.hovered);
  }

  mark() {
    const { hovered, linked, cursor, data } = this;
    const layer = this.parts.drawing.querySelector('[data-layer="marked"]');
    if (!layer) return;
    const state = { hovered, linked: linked.filter((c) => c < data.n.length), focus: data.focus, cursor: this.hasFocus ? cursor : null };
    layer.innerHTML = drawMarked(data, this.layout, this.theme, state);
    const strong = new Set([hovered, data.focus, ...state.linked].filter((c) => c !== null).map((c) => c >> 1));
    for (const name of this.parts.drawing.querySelectorAll(".roi-name")) {
      name.setAttribute("font-weight", strong.has(Number(name.dataset.roi)) ? 600 : 400);
    }
    this.root.dataset.marked = state.linked.map((c) => `${data.rois[c >> 1][0]} ${HEMISPHERES[c & 1]}`).join(", ");
  }

  listen(signal) {
    const { plot, drawing } = this.parts;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(plot, "pointermove", (event) => this.hover(this.cellUnder(event), event));
    on(plot, "pointerleave", () => this.hover(null));
    on(drawing, "click", (event) => {
      const cell = this.cellUnder(event);
      if (cell === null) return;
      this.cursor = cell;
      this.choose(cell);
    });
    on(plot, "keydown", (event) => this.press(event));
    on(plot, "focus", () => {
      // A click focuses too; the ring is for those who came by keyboard.
      this.hasFocus = plot.matches(":focus-visible");
      if (this.hasFocus && this.cursor === null) this.cursor = this.data?.focus ?? 0;
      this.mark();
    });
    on(plot, "blur", () => {
      this.hasFocus = false;
      this.hover(null);
      this.mark();
    });
    for (const button of this.root.querySelectorAll(".exports button")) {
      on(button, "click", () => this.save(button.dataset.as));
    }
    on(window, "cortiscope:hover-vertex", ({ detail }) => this.link(detail?.rois, detail?.hemisphere));
    on(window, "cortiscope:hover-roi", ({ detail }) => {
      if (detail?.source === this.id) return;
      this.link(detail ? [detail.roi] : [], detail?.hemisphere);
    });
  }

  cellUnder(event) {
    if (!this.layout) return null;
    const frame = this.parts.drawing.getBoundingClientRect();
    return cellAt(this.layout, event.clientX - frame.left, event.clientY - frame.top);
  }

  link(rois, hemisphere) {
    if (!this.data) return;
    const names = new Set(rois || []);
    const linked = this.data.n.flatMap((_, cell) =>
      names.has(this.data.rois[cell >> 1][0]) && (!hemisphere || HEMISPHERES[cell & 1] === hemisphere) ? [cell] : [],
    );
    if (linked.join() === this.linked.join()) return;
    this.linked = linked;
    this.mark();
  }

  hover(cell, event) {
    if (cell !== this.hovered) {
      this.hovered = cell;
      this.announce(cell);
      if (this.layout) this.mark();
      if (cell !== null) this.fillTip(cell);
    }
    this.showTip(event);
  }

  announce(cell) {
    const detail = cell === null ? null : { roi: this.data.rois[cell >> 1][0], hemisphere: HEMISPHERES[cell & 1], source: this.id };
    window.dispatchEvent(new CustomEvent("cortiscope:hover-roi", { detail }));
  }

  fillTip(cell) {
    const { tip } = this.parts;
    const { title, group, n } = place(this.data, cell);
    const heading = element("strong", title);
    const under = element("span", n ? `${group} · n = ${n} vertices` : group, "group");
    const list = document.createElement("dl");
    for (const [label, said] of facts(this.data, cell)) {
      if (label) list.append(element("dt", label), element("dd", said));
      else list.append(element("dd", said, "wide"));
    }
    tip.replaceChildren(heading, under, list);
  }

  showTip(event) {
    const { tip } = this.parts;
    if (this.hovered === null) {
      if (tip.matches(":popover-open")) tip.hidePopover();
      return;
    }
    if (!tip.matches(":popover-open")) tip.showPopover();
    const frame = this.parts.drawing.getBoundingClientRect();
    const { mid } = this.layout.cells[this.hovered];
    const x = event ? event.clientX : this.layout.lying ? frame.left + this.layout.left : frame.left + mid;
    const y = event ? event.clientY : this.layout.lying ? frame.top + mid : frame.top + this.layout.top;
    const left = x + 16 + tip.offsetWidth > innerWidth ? x - 16 - tip.offsetWidth : x + 16;
    const top = Math.min(y + 12, innerHeight - tip.offsetHeight - 8);
    tip.style.left = `${Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  }

  press(event) {
    if (!this.data || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.data.n.length - 1;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
    let next = this.cursor ?? this.data.focus ?? 0;
    // Up and down only where the ROIs stand below each other: elsewhere they scroll the page.
    const upDown = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (event.key in steps && (!upDown || this.layout.lying)) next += this.cursor === null ? 0 : steps[event.key];
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(next);
      return;
    } else if (event.key === "Escape") {
      this.hover(null);
      return;
    } else return;
    event.preventDefault();
    this.hasFocus = true;
    this.cursor = Math.min(last, Math.max(0, next));
    this.parts.live.textContent = sentence(this.data, this.cursor);
    this.scrollTo(this.cursor);
    this.hover(this.cursor);
    this.mark();
  }

  scrollTo(cell) {
    const { plot } = this.parts;
    const { mid } = this.layout.cells[cell];
    if (plot.scrollWidth > plot.clientWidth) plot.scrollLeft = mid - plot.clientWidth / 2;
  }

  choose(cell) {
    if (this.data.n[cell] === null) return;
    const { roi, hemisphere } = place(this.data, cell);
    this.picks += 1;
    this.pick({ roi, hemisphere, count: this.picks });
  }

  async save(as) {
    const name = fileName(this.data, as);
    if (as === "csv") {
      download(new Blob([this.data.csv ?? toCsv(this.data)], { type: "text/csv" }), name);
      return;
    }
    const svg = toSvg(this.data, this.theme, Math.max(720, this.width));
    download(as === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await toPng(svg), name);
  }

  fillTable() {
    const { data } = this;
    const head = ["ROI", "values"].map((name) => element("th", name));
    const rows = data.n.flatMap((n, cell) => {
      if (n === null) return [];
      const row = document.createElement("tr");
      const [name, said] = sentence(data, cell).split(/: (.*)/s);
      row.append(element("th", name), element("td", said));
      return [row];
    });
    const first = document.createElement("tr");
    first.append(...head);
    this.parts.table.replaceChildren(element("caption", `${data.title}. ${data.definition}`), first, ...rows);
  }
}

function element(tag, words, name) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (name) made.className = name;
  return made;
}
