// Keeps the view in the page's address while one looks: the browser writes, nothing is sent.

import { writeView } from "./pure/address.js";
import { State } from "./pure/state.js";

const AFTER_MS = 300;
const LOOK_MS = 700; // where the browser does not tell that the address changed

export class AddressBar {
  constructor(viewer) {
    this.viewer = viewer;
    this.name = null; // of the parameter
    this.written = new Set();
    this.path = location.pathname;
    // Streamlit writes addresses of its own, without what was changed here.
    this.onChange = () => this.#put();
    if (window.navigation) window.navigation.addEventListener("currententrychange", this.onChange);
    else this.looking = setInterval(this.onChange, LOOK_MS);
  }

  /** A message names the parameter, or none. */
  accept(name) {
    this.name = (!this.viewer.offline && name) || null;
  }

  /** Whether a view that Python gives is one that was written here: an echo, no order. */
  isEcho(view) {
    return this.written.has(this.#write(view));
  }

  /** Write the view soon; a later call replaces an earlier one. */
  soon() {
    clearTimeout(this.timer);
    if (!this.name) return;
    this.timer = setTimeout(() => {
      this.text = this.#write(this.viewer.currentView());
      this.written.add(this.text);
      this.#put();
    }, AFTER_MS);
  }

  #write(view) {
    const { groups } = this.viewer.model;
    const usual = new State();
    usual.shownGroups = new Set(groups.initial);
    return writeView(view, usual.toView(groups));
  }

  #put() {
    // Another page's address is its own.
    if (!this.name || this.text === undefined || location.pathname !== this.path) return;
    const others = location.search.slice(1).split("&").filter((part) => part && part.split("=")[0] !== this.name);
    if (this.text) others.push(`${this.name}=${this.text}`);
    const search = others.length ? `?${others.join("&")}` : "";
    if (search === location.search) return;
    try {
      history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
    } catch {
      this.name = null; // a sandboxed frame has no address to write
    }
  }

  destroy() {
    clearTimeout(this.timer);
    clearInterval(this.looking);
    window.navigation?.removeEventListener("currententrychange", this.onChange);
  }
}
