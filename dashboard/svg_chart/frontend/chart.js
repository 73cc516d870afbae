// One chart on the page: what is pointed at, what is picked, and the file that it is saved as.

import { download, toSvg } from "./exporting.js";

const FRAME = `
  <div class="area"><svg class="plot" width="100%" height="100%" overflow="visible"></svg></div>
  <svg class="beside" overflow="visible"></svg>
  <button type="button" class="save" title="Download as SVG">SVG</button>
  <div class="ring"></div>
  <div class="tip" popover="manual"></div>`;
const REACH_PX = 14; // how far from a dot it is still the one pointed at
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class SvgChart {
  constructor(root) {
    this.root = root;
    root.innerHTML = FRAME;
    this.parts = Object.fromEntries(["area", "plot", "beside", "save", "ring", "tip"].map((name) => [name, root.querySelector(`.${name}`)]));
    this.leaving = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.leaving.signal });
    on(root, "pointermove", (event) => this.point(event));
    on(root, "pointerleave", () => this.show(null));
    on(this.parts.area, "click", (event) => this.pick(event));
    on(this.parts.plot, "keydown", (event) => (this.data.picks ? this.walkDots(event) : this.walk(event)));
    on(this.parts.plot, "blur", () => this.show(null));
    on(this.parts.save, "click", () => download(toSvg(this.root, this.parts, this.data), `${this.data.filename}.svg`));
  }

  destroy() {
    this.leaving.abort();
  }

  update(data, pick) {
    const { area, plot, beside, save } = this.parts;
    const changed = data.svg !== this.data?.svg;
    this.data = data;
    this.tell = pick;
    this.root.style.height = `${data.height}px`;
    // What scrolls sideways leaves its left margin to what stands there.
    const [top, right, bottom, left] = data.margins;
    area.classList.toggle("scrolls", data.least > 0);
    area.style.marginLeft = data.least ? `${left}px` : "";
    area.style.padding = `${top}px ${right}px ${bottom}px ${data.least ? 0 : left}px`;
    plot.style.minWidth = data.least ? `${data.least}px` : "";
    // Within the plot's corner; names of columns reach over it, but not as far up.
    save.style.top = `${data.links ? 0 : data.margins[0] + 2}px`;
    plot.setAttribute("aria-label", data.words);
    // What holds links is no picture: their names would not be read.
    plot.setAttribute("role", data.links ? "group" : data.picks ? "application" : "img");
    if (data.picks) {
      plot.setAttribute("tabindex", 0);
      plot.setAttribute("data-arrow-keys", "own");
    }
    if (changed) {
      plot.innerHTML = data.svg;
      beside.innerHTML = data.beside;
      this.places = null;
      this.show(null);
      // One stop for the key that goes from control to control; arrows go on from there.
      plot.querySelectorAll("a").forEach((link, k) => link.setAttribute("tabindex", k ? -1 : 0));
    }
    if (changed && data.least) this.bringIn(plot.querySelector(".frame"));
    Object.assign(beside.style, { top: `${top}px`, width: `${left}px`, height: `${plot.clientHeight}px` });
    this.root.dataset.state = "ready";
  }

  /** Scroll sideways to what is framed. */
  bringIn(frame) {
    const { area, plot } = this.parts;
    if (!frame) return;
    const from = frame.getBoundingClientRect().left - plot.getBoundingClientRect().left;
    area.scrollLeft = from - area.clientWidth / 2;
  }

  /** Every dot's place in the square, and what it is, read from the drawing when first needed. */
  dots() {
    this.places ??= [...this.parts.plot.querySelectorAll("[data-dots]")].flatMap((group, g) => {
      const said = this.data.dots[g];
      return [...group.querySelectorAll("path")]
        .flatMap((path) => [...path.getAttribute("d").matchAll(/M(-?\d+) (-?\d+)/g)])
        .map(([, x, y], k) => ({ x: Number(x), y: Number(y), said, k }));
    });
    return this.places;
  }

  /** The dot next to the pointer; null if none is near. */
  nearest(event) {
    const { units } = this.data;
    const frame = this.parts.plot.getBoundingClientRect();
    let best = null;
    let reach = REACH_PX;
    for (const dot of this.dots()) {
      const x = frame.left + (dot.x / units) * frame.width;
      const y = frame.top + (dot.y / units) * frame.height;
      const far = Math.hypot(event.clientX - x, event.clientY - y);
      if (far < reach) [best, reach] = [{ ...dot, left: x, top: y }, far];
    }
    return best;
  }

  point(event) {
    const words = event.target.closest?.("[data-says]")?.dataset.says;
    if (words) return this.show(words, event);
    const dot = this.nearest(event);
    if (dot) return this.show(this.words(dot), event, dot);
    const frame = this.parts.plot.getBoundingClientRect();
    const across = (event.clientX - frame.left) / frame.width;
    const inside = across >= 0 && across < 1 && event.clientY >= frame.top && event.clientY <= frame.bottom;
    const { bins } = this.data;
    this.show(inside && bins.length ? bins[Math.floor(across * bins.length)] : null, event);
  }

  words({ x, y, said, k }) {
    const { units, ends } = this.data;
    const value = (share, low, high) => (low + share * (high - low)).toFixed(2).replace(/^-(0\.00)$/, "$1").replace("-", "−");
    const says = said.says
      .replace("{x}", value(x / units, ends[0], ends[1]))
      .replace("{y}", value(1 - y / units, ends[2], ends[3]));
    return [`${said.label}${said.numbers[k]}`, says, said.captions?.[k]].filter(Boolean).join("\n");
  }

  show(words, event, dot) {
    const { tip, ring, area } = this.parts;
    area.classList.toggle("picks", Boolean(dot && this.data.picks));
    ring.hidden = !dot;
    if (dot) {
      const frame = this.root.getBoundingClientRect();
      ring.style.translate = `${dot.left - frame.left}px ${dot.top - frame.top}px`;
    }
    if (!words) {
      if (tip.matches(":popover-open")) tip.hidePopover();
      return;
    }
    tip.textContent = words;
    if (!tip.matches(":popover-open")) tip.showPopover();
    const { clientX: x, clientY: y } = event;
    const left = x + 14 + tip.offsetWidth > innerWidth ? x - 14 - tip.offsetWidth : x + 14;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.min(y + 12, innerHeight - tip.offsetHeight - 8)}px`;
  }

  pick(event) {
    const dot = this.data.picks && this.nearest(event);
    if (dot) this.tell(dot.said.numbers[dot.k]);
  }

  /** Go from dot to dot by arrow keys, and to what one stands for by Enter. */
  walkDots(event) {
    const way = ARROWS[event.key];
    const dots = this.dots();
    if (!(way || (event.key === "Enter" && this.reached !== undefined)) || !dots.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (!way) return this.tell(this.reached);
    const frame = this.parts.plot.getBoundingClientRect();
    const placed = dots.map((dot) => ({
      ...dot,
      left: frame.left + (dot.x / this.data.units) * frame.width,
      top: frame.top + (dot.y / this.data.units) * frame.height,
    }));
    // Dots are drawn anew when one is picked; the way goes on from it.
    const from = placed.find(({ said, k }) => said.numbers[k] === this.reached) ?? { left: frame.left + frame.width / 2, top: frame.top + frame.height / 2 };
    const far = ({ left, top }) => {
      const along = (left - from.left) * way[0] + (top - from.top) * way[1];
      return along > 0.01 ? along + 3 * Math.abs((left - from.left) * way[1] + (top - from.top) * way[0]) : Infinity;
    };
    const index = placed.reduce((best, dot, k) => (far(dot) < (best < 0 ? Infinity : far(placed[best])) ? k : best), -1);
    if (index < 0) return;
    const dot = placed[index];
    this.reached = dot.said.numbers[dot.k];
    this.show(this.words(dot), { clientX: dot.left, clientY: dot.top }, dot);
  }

  /** Go from link to link by arrow keys: to the next one in the key's direction. */
  walk(event) {
    const way = ARROWS[event.key];
    const here = event.target.closest?.("a");
    if (!way || !here || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const middle = (link) => {
      const { left, right, top, bottom } = link.getBoundingClientRect();
      return [(left + right) / 2, (top + bottom) / 2];
    };
    const from = middle(here);
    const links = [...this.parts.plot.querySelectorAll("a")].filter((link) => link !== here);
    const ranked = links
      .map((link) => {
        const to = middle(link);
        const along = (to[0] - from[0]) * way[0] + (to[1] - from[1]) * way[1];
        const aside = Math.abs((to[0] - from[0]) * way[1]) + Math.abs((to[1] - from[1]) * way[0]);
        return { link, along, far: along + 4 * aside };
      })
      .filter(({ along }) => along > 1)
      .sort((a, b) => a.far - b.far);
    if (!ranked.length) return;
    here.setAttribute("tabindex", -1);
    ranked[0].link.setAttribute("tabindex", 0);
    ranked[0].link.focus();
  }
}
