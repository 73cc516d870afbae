// Pictures at their places, on a canvas: hundreds of them move at once.

import { held, isInside, moved, nextPoint, seen, ticks, unseen, WHOLE, zoomed } from "./plane.js";

const MARGIN = { top: 22, right: 14, bottom: 40, left: 52 }; // px
const SIDE = 34; // px, of a picture at no magnification
const MOST_SIDE = 96; // as large as thumbnails are
const AT_ONCE = 8; // pictures under way
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FRAME = `
  <canvas tabindex="0" role="application" data-arrow-keys="own"></canvas>
  <a class="here" hidden tabindex="-1"></a>
  <div class="tools">
    <button type="button" data-act="lasso" aria-pressed="false" title="Encircle pictures (or hold Shift)">encircle</button>
    <button type="button" data-act="in" title="Larger (wheel)" aria-label="Larger">+</button>
    <button type="button" data-act="out" title="Smaller (wheel)" aria-label="Smaller">−</button>
    <button type="button" data-act="whole" title="Whole map" aria-label="Whole map">⟲</button>
  </div>
  <div class="tip" role="status" hidden></div>`;

export class PictureMap {
  constructor(root) {
    this.root = root;
    root.innerHTML = FRAME;
    this.parts = Object.fromEntries([["canvas", "canvas"], ["here", ".here"], ["tip", ".tip"]].map(([name, at]) => [name, root.querySelector(at)]));
    this.view = WHOLE;
    this.images = new Map(); // index -> Image, loaded or on its way
    this.under = 0;
    this.hovered = -1;
    this.leaving = new AbortController();
    this.listen(this.leaving.signal);
    this.sizes = new ResizeObserver(() => this.soon());
    this.sizes.observe(root);
    // The picture on screen is the one that the address names, whoever went there.
    this.watching = setInterval(() => this.named() !== this.shown && this.soon(), 500);
  }

  destroy() {
    this.leaving.abort();
    this.sizes.disconnect();
    clearInterval(this.watching);
    cancelAnimationFrame(this.waiting);
  }

  update(data, pick, lasso) {
    const other = JSON.stringify([data.base, data.pictures, data.places]);
    if (other !== this.other) {
      this.other = other;
      this.view = WHOLE;
      this.images.clear();
      this.points = Array.from({ length: data.pictures.length / 2 }, (_, k) => [
        data.places[2 * k] / data.steps,
        1 - data.places[2 * k + 1] / data.steps,
      ]);
    }
    Object.assign(this, { data, pick, lasso, chosen: new Set(data.chosen) });
    this.parts.canvas.setAttribute("aria-label", `${data.words} Arrow keys go from picture to picture, Enter to the one marked.`);
    this.hover(-1);
    this.soon();
  }

  name(k) {
    const { splits, pictures } = this.data;
    return `${splits[pictures[2 * k]]}-${pictures[2 * k + 1] + 1}`;
  }

  named() {
    return new URLSearchParams(location.search).get("image");
  }

  image(k) {
    if (!this.images.has(k) && this.under < AT_ONCE) {
      const { base, splits, pictures } = this.data;
      const image = new Image();
      this.images.set(k, image);
      this.under++;
      image.onload = image.onerror = () => {
        this.under--;
        this.soon();
      };
      image.src = new URL(`../${base}/${splits[pictures[2 * k]]}/${pictures[2 * k + 1]}?s=96`, import.meta.url).href;
    }
    const image = this.images.get(k);
    return image?.complete && image.naturalWidth ? image : null;
  }

  // ---- drawing ----

  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  area() {
    const { clientWidth: width, clientHeight: height } = this.parts.canvas;
    return { x: MARGIN.left, y: MARGIN.top, width: Math.max(1, width - MARGIN.left - MARGIN.right), height: Math.max(1, height - MARGIN.top - MARGIN.bottom) };
  }

  place(k, { x, y, width, height } = this.area()) {
    const [across, down] = seen(this.view, this.points[k]);
    return [x + across * width, y + down * height];
  }

  get side() {
    return Math.min(MOST_SIDE, (this.area().width < 500 ? 0.75 : 1) * SIDE * Math.sqrt(this.view.zoom));
  }

  draw() {
    const { canvas } = this.parts;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !this.data) return;
    const dense = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
    }
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(this.root);
    const [ink, accent] = [style.color, style.getPropertyValue("--st-primary-color")];
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${style.fontFamily}`;
    pen.fillStyle = pen.strokeStyle = ink;
    const area = this.area();
    this.drawAxes(pen, area);
    pen.save();
    pen.beginPath();
    pen.rect(area.x, area.y, area.width, area.height);
    pen.clip();
    const { side } = this;
    this.shown = this.named();
    const last = [];
    let shown = 0;
    this.points.forEach((_, k) => {
      const [x, y] = this.place(k, area);
      if (x < area.x - side || x > area.x + area.width + side || y < area.y - side || y > area.y + area.height + side) return;
      shown++;
      if (k === this.hovered || this.name(k) === this.shown) last.push(k);
      else this.drawPicture(pen, k, x, y, side, this.chosen.size && !this.chosen.has(k) ? 0.25 : 1, this.chosen.has(k) ? accent : null);
    });
    for (const k of last) this.drawPicture(pen, k, ...this.place(k), side * 1.15, 1, this.name(k) === this.shown ? accent : ink);
    if (this.outline?.length > 1) {
      pen.strokeStyle = accent;
      pen.lineWidth = 1.5;
      pen.setLineDash([4, 3]);
      pen.beginPath();
      this.outline.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](x, y));
      pen.stroke();
    }
    pen.restore();
    this.root.dataset.drawn = `${shown} ${[...this.images.values()].filter((i) => i.complete).length}`;
  }

  drawPicture(pen, k, x, y, side, alpha, rim) {
    const image = this.image(k);
    pen.globalAlpha = alpha;
    if (image) pen.drawImage(image, x - side / 2, y - side / 2, side, side);
    else {
      pen.globalAlpha = 0.15 * alpha;
      pen.fillRect(x - side / 2, y - side / 2, side, side);
    }
    pen.globalAlpha = 1;
    if (!rim) return;
    pen.lineWidth = 2;
    pen.strokeStyle = rim;
    pen.strokeRect(x - side / 2 - 1, y - side / 2 - 1, side + 2, side + 2);
  }

  drawAxes(pen, { x, y, width, height }) {
    const { ends, axes, corners, stamp } = this.data;
    pen.globalAlpha = 0.5;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    pen.globalAlpha = 0.85;
    pen.textAlign = "center";
    axes.forEach(([title, says], axis) => {
      const [low, span] = [ends[2 * axis], ends[2 * axis + 1] - ends[2 * axis]];
      const from = axis ? 1 - this.view.top - 1 / this.view.zoom : this.view.left;
      const [first, last] = [low + from * span, low + (from + 1 / this.view.zoom) * span];
      for (const [value, words] of says ? ticks(first, last, axis ? 5 : 7) : []) {
        const share = (value - first) / (last - first);
        if (axis) {
          pen.textAlign = "right";
          pen.fillText(words, x - 6, y + (1 - share) * height + 4);
        } else {
          pen.textAlign = "center";
          pen.fillText(words, x + share * width, y + height + 15);
        }
      }
      pen.textAlign = "center";
      pen.save();
      if (axis) {
        pen.translate(12, y + height / 2);
        pen.rotate(-Math.PI / 2);
      } else pen.translate(x + width / 2, y + height + 33);
      pen.fillText(title, 0, 0);
      pen.restore();
    });
    pen.textAlign = "right";
    pen.fillText(stamp, x + width, 14);
    pen.font = pen.font.replace("11px", "600 12px");
    corners.forEach((words, k) => {
      pen.textAlign = k % 2 ? "right" : "left";
      pen.fillText(words, k % 2 ? x + width - 6 : x + 6, k < 2 ? y + 16 : y + height - 8);
    });
    pen.globalAlpha = 1;
  }

  // ---- pointing ----

  listen(signal) {
    const { canvas, here } = this.parts;
    const on = (target, name, act, more) => target.addEventListener(name, act, { signal, ...more });
    for (const target of [canvas, here]) {
      on(target, "pointermove", (event) => this.move(event));
      on(target, "pointerdown", (event) => this.down(event));
      on(target, "pointerup", (event) => this.up(event));
      on(target, "pointercancel", () => this.drop());
      on(target, "wheel", (event) => this.wheel(event), { passive: false });
    }
    on(this.root, "pointerleave", () => this.drag || this.hover(-1));
    on(here, "dragstart", (event) => event.preventDefault());
    on(here, "click", (event) => this.click(event));
    on(canvas, "keydown", (event) => this.walk(event));
    on(this.root.querySelector(".tools"), "click", (event) => this.act(event.target.closest("button")?.dataset.act));
  }

  at(event) {
    const { left, top } = this.parts.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  nearest([x, y]) {
    let [best, least] = [-1, this.side * 0.72];
    const area = this.area();
    this.points.forEach((_, k) => {
      const [px, py] = this.place(k, area);
      const far = Math.hypot(px - x, py - y);
      if (far < least) [best, least] = [k, far];
    });
    return best;
  }

  hover(k) {
    const { here, tip } = this.parts;
    this.hovered = k;
    here.hidden = tip.hidden = k < 0;
    if (k < 0) return this.soon();
    const { link, axes, ends, captions } = this.data;
    const [x, y] = this.place(k);
    const { side } = this;
    here.className = `here ${link[0]}`;
    delete here.dataset.given; // it is another link now
    here.setAttribute("href", link[1].replace("{name}", this.name(k)));
    here.setAttribute("aria-label", this.name(k));
    Object.assign(here.style, { left: `${x - side / 2}px`, top: `${y - side / 2}px`, width: `${side}px`, height: `${side}px` });
    const [across, down] = this.points[k];
    const values = [across, 1 - down].map((share, axis) => ends[2 * axis] + share * (ends[2 * axis + 1] - ends[2 * axis]));
    const said = axes.map(([, says], axis) => says && `${says} ${values[axis].toFixed(2).replace("-", "−")}`);
    tip.textContent = [this.name(k), captions[k], ...said].filter(Boolean).join("\n");
    const { clientWidth: width, clientHeight: height } = this.root;
    tip.style.left = `${Math.max(0, x + side / 2 + 8 + tip.offsetWidth > width ? x - side / 2 - 8 - tip.offsetWidth : x + side / 2 + 8)}px`;
    tip.style.top = `${Math.min(Math.max(0, y - tip.offsetHeight / 2), height - tip.offsetHeight)}px`;
    this.soon();
  }

  down(event) {
    if (event.button) return;
    const from = this.at(event);
    const lassoes = event.shiftKey || this.encircles;
    this.drag = { from, view: this.view, moved: false };
    if (lassoes) this.outline = [from];
  }

  move(event) {
    const to = this.at(event);
    const { drag } = this;
    if (!drag) return this.hover(this.nearest(to));
    if (!drag.moved && Math.hypot(to[0] - drag.from[0], to[1] - drag.from[1]) < 4) return;
    if (!drag.moved) {
      drag.moved = true;
      this.hover(-1);
      this.parts.canvas.setPointerCapture(event.pointerId);
    }
    if (this.outline) this.outline.push(to);
    else {
      const { width, height } = this.area();
      this.view = moved(drag.view, (to[0] - drag.from[0]) / width, (to[1] - drag.from[1]) / height);
    }
    this.soon();
  }

  up(event) {
    const { outline, drag } = this;
    this.drop();
    if (drag && !drag.moved) this.hover(this.nearest(this.at(event)));
    if (!outline || outline.length < 3) return;
    const indices = this.points.map((_, k) => k).filter((k) => isInside(this.place(k), outline));
    if (indices.length) this.lasso({ indices, turn: Date.now() });
  }

  drop() {
    this.drag = this.outline = null;
    this.soon();
  }

  /** A plain click is answered at once; one for a new tab is the browser's. */
  click(event) {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (this.encircles) return;
    this.pick({ index: this.hovered, turn: Date.now() });
  }

  wheel(event) {
    if (this.view.zoom === 1 && event.deltaY > 0) return; // as small as it gets: the page scrolls
    event.preventDefault();
    const { x, y, width, height } = this.area();
    const [px, py] = this.at(event);
    this.view = zoomed(this.view, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), (px - x) / width, (py - y) / height);
    this.hover(-1);
  }

  act(name) {
    if (name === "lasso") {
      this.encircles = !this.encircles;
      this.root.querySelector('[data-act="lasso"]').setAttribute("aria-pressed", this.encircles);
      this.root.classList.toggle("encircles", this.encircles);
    } else if (name) {
      this.view = name === "whole" ? WHOLE : zoomed(this.view, name === "in" ? 1.6 : 1 / 1.6, 0.5, 0.5);
      this.hover(-1);
    }
  }

  walk(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && this.hovered >= 0) this.pick({ index: this.hovered, turn: Date.now() });
    else if (event.key === "Escape") this.hover(-1);
    else if (event.key === "+" || event.key === "-") this.act(event.key === "+" ? "in" : "out");
    else if (ARROWS[event.key]) {
      const start = Math.max(0, this.points.findIndex((_, k) => this.name(k) === this.shown));
      const to = this.hovered < 0 ? start : nextPoint(this.points, this.hovered, ARROWS[event.key]);
      if (to >= 0) this.reveal(to);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Mark a picture, and move the plane so that it is seen. */
  reveal(k) {
    const [x, y] = seen(this.view, this.points[k]);
    if (x < 0 || x > 1 || y < 0 || y > 1) {
      const [left, top] = unseen(this.view, [x - 0.5, y - 0.5]);
      this.view = held({ ...this.view, left, top });
    }
    this.hover(k);
  }
}
