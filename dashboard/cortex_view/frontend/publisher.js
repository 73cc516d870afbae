// Tells Python of the view after an interaction, and knows its own words when they come back.

import { canonical } from "./pure/state.js";

const AFTER_MS = 350;
const KEPT = 50;

export class Publisher {
  constructor() {
    this.published = [];
    this.given = null; // the view that Python last gave, as text
  }

  /** The view in a message if it is an order: neither given before nor an echo. */
  order(view) {
    if (!view) return null;
    const text = canonical(view);
    if (text === this.given) return null;
    this.given = text;
    return this.published.includes(text) ? null : view;
  }

  get givenView() {
    return this.given ? JSON.parse(this.given) : null;
  }

  /** Publish soon; a later call replaces an earlier one. */
  soon(currentView, setStateValue) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const view = currentView();
      const text = canonical(view);
      if (this.published.at(-1) === text) return;
      this.published.push(text);
      if (this.published.length > KEPT) this.published.shift();
      setStateValue("view", view);
    }, AFTER_MS);
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
