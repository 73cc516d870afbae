// The palette on the page: its button, its list, the keys that open it and go through it.

import { allEntries, NOTHING, search } from "./entries.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const KEYS = IS_MAC ? "⌘ K" : "Ctrl K";
const FRAME = `
  <button type="button" class="open" aria-haspopup="dialog" aria-label="Go to a page, ROI, layer, picture or model (${KEYS})">
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><circle cx="6.5" cy="6.5" r="4.5"/><path d="m10 10 4.5 4.5"/></svg>
    <kbd>${KEYS}</kbd>
  </button>
  <dialog aria-label="Go to">
    <input type="text" role="combobox" aria-expanded="true" aria-controls="found" aria-autocomplete="list"
      aria-label="Go to" placeholder="page, ROI, layer, picture, model …" autocomplete="off" spellcheck="false">
    <div id="found" role="listbox" aria-label="Found"></div>
    <p class="none" role="status" hidden></p>
  </dialog>`;

export class Palette {
  constructor(root) {
    this.root = root;
    root.innerHTML = FRAME;
    this.parts = Object.fromEntries(
      [["open", ".open"], ["dialog", "dialog"], ["input", "input"], ["list", "#found"], ["none", ".none"]].map(([name, at]) => [name, root.querySelector(at)]),
    );
    this.found = NOTHING;
    this.leaving = new AbortController();
    const { open, dialog, input, list } = this.parts;
    const on = (target, name, act, more) => target.addEventListener(name, act, { signal: this.leaving.signal, ...more });
    on(window, "keydown", (event) => this.shortcut(event), { capture: true });
    on(open, "click", () => this.open());
    on(input, "input", () => this.fill());
    on(dialog, "keydown", (event) => this.walk(event));
    // The app's own keys (R, C) are not meant while somebody types here.
    for (const name of ["keypress", "keyup"]) on(dialog, name, (event) => event.stopPropagation());
    on(dialog, "click", (event) => event.target === dialog && dialog.close());
    on(list, "click", (event) => this.leave(event));
    on(list, "pointermove", (event) => this.mark([...list.children].indexOf(event.target.closest("a"))));
  }

  destroy() {
    this.parts.dialog.close();
    this.leaving.abort();
  }

  update(data) {
    if (data.source !== this.data?.source) this.found = NOTHING;
    this.data = data;
    if (this.parts.dialog.open) this.fetch();
  }

  shortcut(event) {
    if (event.key?.toLowerCase() !== "k" || event.altKey || event.shiftKey || !(IS_MAC ? event.metaKey : event.ctrlKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.parts.dialog.open) this.parts.dialog.close();
    else this.open();
  }

  open() {
    const { dialog, input } = this.parts;
    input.value = "";
    dialog.showModal();
    input.focus();
    this.renew();
    this.fetch();
  }

  /** Ask what there is; what was known before stands meanwhile. */
  async fetch() {
    const { source } = this.data;
    if (!source) return;
    try {
      const answer = await fetch(new URL(source, document.baseURI));
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (source !== this.data.source) return; // another subject by now
      this.found = found;
      this.failed = false;
    } catch {
      this.failed = true;
    }
    this.renew();
  }

  renew() {
    this.entries = allEntries(this.data, this.found, new URLSearchParams(location.search).get("run"));
    this.fill();
  }

  fill() {
    const { list, none, input } = this.parts;
    const shown = search(this.entries, this.found, input.value);
    list.replaceChildren(...shown.map((one, k) => this.option(one, k)));
    list.scrollTop = 0;
    none.hidden = shown.length > 0 && !this.failed;
    none.textContent = this.failed
      ? "What there is could not be asked for: only pages are listed. Close this and try again."
      : "Nothing is called like this.";
    this.mark(0);
  }

  option({ kind, title, href, picture }, k) {
    const link = document.createElement("a");
    Object.assign(link, { className: this.data.link, id: `found-${k}`, tabIndex: -1, title });
    link.setAttribute("role", "option");
    link.setAttribute("href", href);
    if (picture) {
      const image = new Image(28, 28);
      Object.assign(image, { alt: "", loading: "lazy", src: picture });
      link.append(image);
    }
    const words = document.createElement("span");
    words.textContent = title;
    const said = document.createElement("small");
    said.textContent = kind;
    link.append(words, said);
    return link;
  }

  mark(k) {
    const { list, input } = this.parts;
    const links = [...list.children];
    if (k < 0 && links.length) return;
    this.marked = links[k];
    links.forEach((link, i) => link.setAttribute("aria-selected", i === k));
    if (this.marked) input.setAttribute("aria-activedescendant", this.marked.id);
    else input.removeAttribute("aria-activedescendant");
  }

  walk(event) {
    event.stopPropagation();
    const links = [...this.parts.list.children];
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (event.key === "Enter" && this.marked && !event.isComposing) {
      event.preventDefault();
      // As a click by hand is: the address is completed when the link is reached.
      this.marked.focus();
      this.marked.click();
    } else if (by && links.length) {
      event.preventDefault();
      const at = links.indexOf(this.marked) + by;
      const to = Math.abs(by) === 1 ? (at + links.length) % links.length : Math.min(Math.max(at, 0), links.length - 1);
      this.mark(to);
      links[to].scrollIntoView({ block: "nearest" });
    }
  }

  leave(event) {
    if (!event.target.closest("a") || event.metaKey || event.ctrlKey || event.shiftKey) return;
    // After the page has followed the link.
    setTimeout(() => this.parts.dialog.close(), 0);
  }
}
