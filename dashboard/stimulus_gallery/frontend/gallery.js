// One gallery on the page: the large picture, the line under it, and a page of thumbnails.

import { isFree } from "./keyboard.js";
import { Order } from "./order.js";
import { Sender } from "./sender.js";

const PAGE = 12;
const ROLES = { f: "used to fit this model", v: "validation", h: "held out", "-": "not used for this model" };
const LEGEND = { f: "fit", v: "validation", h: "held out" };

const FRAME = `
  <figure class="large"><img class="rough" alt="" aria-hidden="true"><img class="sharp" alt="" decoding="async">
    <span class="missing" hidden>This picture could not be read.</span><span class="stamp"></span></figure>
  <div class="side">
    <div class="line">
      <button type="button" class="previous" aria-label="Previous picture" title="Previous picture (left arrow key)">‹</button>
      <span class="place"><input class="position" inputmode="numeric" aria-label="Position of the picture" autocomplete="off"><span class="total"></span></span>
      <button type="button" class="next" aria-label="Next picture" title="Next picture (right arrow key)">›</button>
      <button type="button" class="random" title="Go to a random picture"><span aria-hidden="true">⤨</span> random</button>
    </div>
    <p class="caption"></p>
    <p class="role"><span class="mark"></span><span class="words"></span></p>
    <div class="thumbs" role="group" aria-label="Neighbouring pictures"></div>
    <div class="legend"></div>
  </div>`;

// The bundle lies in a folder beside that of the pictures.
const address = (base, { split, number }, size) =>
  new URL(`../${base}/${split}/${number}?s=${size}`, import.meta.url).href;

export class Gallery {
  constructor(root) {
    this.root = root;
    root.innerHTML = FRAME;
    const names = ["large", "rough", "sharp", "missing", "stamp", "previous", "next", "position", "total", "random", "caption", "role", "thumbs", "legend"];
    this.parts = Object.fromEntries(names.map((name) => [name, root.querySelector(`.${name}`)]));
    this.shown = -1; // position on the screen; the app may lag behind
    this.sender = new Sender(
      (picture) => this.send(picture),
      () => this.adopt(),
    );
    this.leaving = new AbortController();
    this.makeThumbs();
    this.listen(this.leaving.signal);
  }

  destroy() {
    this.leaving.abort();
    this.sender.stop();
    clearTimeout(this.preloading);
  }

  update(data, send) {
    this.send = send;
    const shape = JSON.stringify([data.base, data.splits, data.runs]);
    const another = shape !== this.shape;
    if (another) {
      // Another set or filter: what was under way speaks of the old one.
      this.shape = shape;
      this.sender.stop();
    }
    this.data = data;
    this.order = new Order(data.splits, data.runs, data.roles);
    const [split, number] = data.current;
    const follow = this.sender.answer({ split, number });
    if (follow || another) this.adopt();
    else {
      // Positions may mean other pictures now, but the person's choice stays on the screen.
      this.shown = this.order.find(this.picture.split, this.picture.number);
      this.fill();
    }
    this.root.dataset.state = "ready";
  }

  /** Show what the app says is current. */
  adopt() {
    const [split, number] = this.data.current;
    this.picture = { split, number };
    this.show(this.order.find(split, number), true);
  }

  /** Go to a position: on the screen now, in the app as soon as it listens. */
  go(position) {
    if (!this.order.length) return;
    const next = Math.min(this.order.length - 1, Math.max(0, position));
    if (next === this.shown) return;
    this.picture = this.order.at(next);
    this.show(next, false);
    this.sender.go(this.picture);
  }

  step(by) {
    // From a picture outside the filter, any step leads to the first one inside.
    this.go(this.shown < 0 ? 0 : this.shown + by);
  }

  show(position, told) {
    this.shown = position;
    this.told = told;
    const { data, parts } = this;
    const url = address(data.base, this.picture, 320);
    if (parts.sharp.dataset.url !== url) {
      parts.sharp.dataset.url = url;
      parts.large.dataset.state = "loading";
      parts.missing.hidden = true;
      // The thumbnail is there already, most often; the sharp picture fades nothing, it replaces.
      parts.rough.src = address(data.base, this.picture, 96);
      parts.sharp.src = url;
    }
    this.fill();
    clearTimeout(this.preloading);
    this.preloading = setTimeout(() => this.preload(), 80);
  }

  fill() {
    const { data, order, parts, shown, told } = this;
    parts.large.dataset.known = told ? "yes" : "no";
    parts.sharp.alt = told ? data.caption : `picture ${this.picture.number + 1} of ${this.picture.split}`;
    parts.caption.textContent = data.caption || "\u00a0";
    parts.caption.title = data.caption;
    parts.caption.classList.toggle("waiting", !told);
    parts.stamp.textContent = data.stamp;
    parts.stamp.hidden = !data.stamp;
    const letter = shown < 0 ? "-" : order.role(shown);
    parts.role.querySelector(".mark").dataset.role = letter;
    parts.role.querySelector(".words").textContent = told ? data.role : ROLES[letter];
    const inside = this.root.getRootNode().activeElement === parts.position;
    if (!inside) parts.position.value = shown < 0 ? "–" : String(shown + 1);
    parts.position.style.width = `${String(order.length).length + 0.6}ch`;
    parts.total.textContent = ` / ${order.length}`;
    parts.previous.disabled = shown === 0 || !order.length;
    parts.next.disabled = shown === order.length - 1 || !order.length;
    parts.random.disabled = order.length < 2;
    this.root.dataset.picture = `${this.picture.split} ${this.picture.number}`;
    this.root.dataset.told = told ? "yes" : "no";
    this.fillThumbs();
    this.fillLegend();
  }

  makeThumbs() {
    this.thumbs = Array.from({ length: PAGE }, (_, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "thumb";
      const image = document.createElement("img");
      image.alt = "";
      image.decoding = "async";
      const mark = document.createElement("span");
      mark.className = "mark";
      button.append(image, mark);
      button.addEventListener("click", () => this.go(this.first + i));
      return button;
    });
    this.parts.thumbs.append(...this.thumbs);
  }

  fillThumbs() {
    const { order, shown, data } = this;
    this.first = Math.floor(Math.max(0, shown) / PAGE) * PAGE;
    this.thumbs.forEach((button, i) => {
      const position = this.first + i;
      const there = position < order.length;
      button.style.visibility = there ? "visible" : "hidden";
      if (!there) return;
      const picture = order.at(position);
      const url = address(data.base, picture, 96);
      const [image, mark] = button.children;
      if (image.dataset.url !== url) {
        image.dataset.url = url;
        image.src = url;
      }
      const letter = order.role(position);
      mark.dataset.role = letter;
      button.title = `${picture.split} ${picture.number + 1}: ${ROLES[letter]}`;
      button.setAttribute("aria-label", `Picture ${position + 1}, ${ROLES[letter]}`);
      if (position === shown) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  fillLegend() {
    const used = new Set(this.order.roles.map(([, letter]) => letter));
    const items = Object.keys(LEGEND).filter((letter) => used.has(letter));
    const signature = items.join("");
    if (this.legend === signature) return;
    this.legend = signature;
    this.parts.legend.replaceChildren(
      ...items.map((letter) => {
        const item = document.createElement("span");
        item.title = ROLES[letter];
        const mark = document.createElement("span");
        mark.className = "mark";
        mark.dataset.role = letter;
        item.append(mark, LEGEND[letter]);
        return item;
      }),
    );
  }

  /** The neighbours, and the next page's thumbnails, before anybody asks. */
  preload() {
    const { order, shown, data } = this;
    if (shown < 0) return;
    const ask = (position, size) => {
      if (position < 0 || position >= order.length) return;
      new Image().src = address(data.base, order.at(position), size);
    };
    [1, -1, 2].forEach((by) => ask(shown + by, 320));
    if (shown - this.first >= PAGE - 3) for (let i = 0; i < PAGE; i++) ask(this.first + PAGE + i, 96);
    if (shown - this.first <= 2) for (let i = 1; i <= PAGE; i++) ask(this.first - i, 96);
  }

  listen(signal) {
    const { parts } = this;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(parts.sharp, "load", () => (parts.large.dataset.state = "ready"));
    on(parts.sharp, "error", () => {
      parts.large.dataset.state = "missing";
      parts.missing.hidden = false;
    });
    on(parts.previous, "click", () => this.step(-1));
    on(parts.next, "click", () => this.step(1));
    on(parts.random, "click", () => this.goRandom());
    on(parts.position, "focus", () => parts.position.select());
    on(parts.position, "blur", () => this.fill());
    on(parts.position, "keydown", (event) => {
      if (event.key === "Escape") parts.position.blur();
      if (event.key !== "Enter") return;
      const wanted = Number.parseInt(parts.position.value, 10);
      parts.position.blur();
      if (Number.isFinite(wanted)) this.go(wanted - 1);
    });
    on(window, "keydown", (event) => {
      if (!this.data || !isFree(event)) return;
      if (event.key === "ArrowLeft") this.step(-1);
      else if (event.key === "ArrowRight") this.step(1);
      // Home and End scroll the page, unless one is working in the gallery.
      else if (event.key === "Home" && this.holdsFocus()) this.go(0);
      else if (event.key === "End" && this.holdsFocus()) this.go(this.order.length - 1);
      else return;
      event.preventDefault();
    });
  }

  holdsFocus() {
    return this.root.contains(this.root.getRootNode().activeElement);
  }

  goRandom() {
    const n = this.order.length;
    if (n < 2) return;
    const other = Math.floor(Math.random() * (n - (this.shown < 0 ? 0 : 1)));
    this.go(this.shown >= 0 && other >= this.shown ? other + 1 : other);
  }
}
